#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "almagest/config_value.hpp"
#include "engine/pipeline_document.hpp"

namespace almagest {

/// One `[task.NAME]` with what `like` copies filled in. Types are checked; names are not yet.
struct TaskTable {
  std::string name;
  Where where;         ///< of the table's header, or of the key of the short form
  ConfigValue use;     ///< a string
  ConfigValue params;  ///< tables, merged with those of the task named by `like`
  ConfigValue in;      ///< port name -> label
  ConfigValue out;
  std::vector<std::string> per;
  std::optional<ConfigValue> per_value;   ///< as written
  std::optional<ConfigValue> when;        ///< a string
  std::optional<ConfigValue> on_failure;  ///< "block" or "continue"
};

/// Reads the `task` table: checks its keys and types and carries out `like`. Tasks that have a
/// problem are left out.
std::map<std::string, TaskTable> read_tasks(PipelineDocument const& document, Problems& problems);

/// Where a table or `key = value` begins: at its `[header]`, or at its key.
Where statement_place(ConfigValue const& value);

/// "task 'detect' (detection/threshold)", as messages name it.
std::string title_of(std::string const& step, std::string const& use);

/// Reports the keys of a table that are not among the known ones.
/// \param owner  "task 'detect'", "output 'calexp'", "[run]"
void check_keys(ConfigValue const& table, std::string const& owner,
                std::vector<std::string> const& known, Problems& problems);

/// A list of strings, or a single one; nothing, and a problem, when it is anything else.
std::optional<std::vector<std::string>> read_names(ConfigValue const& value,
                                                   std::string const& what, bool single_allowed,
                                                   Problems& problems);

}  // namespace almagest
