#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "repository/registry.hpp"

namespace almagest {

/// Binds the arguments in their order.
template <class... Arguments>
void bind_all(SQLite::Statement& statement, Arguments const&... arguments) {
  int index = 0;
  (statement.bind(++index, arguments), ...);
}

/// The same, and runs the statement to its end.
template <class... Arguments>
void execute(SQLite::Statement& statement, Arguments const&... arguments) {
  statement.reset();
  bind_all(statement, arguments...);
  statement.exec();
}

/// What stands between blanks: how a list is kept in one column.
std::vector<std::string> words(std::string_view text);

/// A rerun's number and the hash of its configuration.
std::optional<std::pair<std::int64_t, std::string>> find_rerun(SQLite::Database& database,
                                                               std::string const& name);
/// The dataset types that a rerun stores.
std::vector<StoredTypeRow> types_of(SQLite::Database& database, std::int64_t rerun);

}  // namespace almagest
