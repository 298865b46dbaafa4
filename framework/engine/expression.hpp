#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "almagest/error.hpp"
#include "almagest/value.hpp"

namespace almagest {

/// What the names in an expression stand for.
struct Scope {
  /// The value of a key, role, registry column or header card; none when it is absent.
  std::function<std::optional<Value>(std::string_view name)> lookup;
  /// The position of a text key's value in the instrument's order (`index(filter)`); may be empty.
  std::function<std::optional<std::int64_t>(std::string_view key, Value const& value)> index;
};

/// A name in an expression has no value: for who would rather go on without the result.
class AbsentNameError : public DataError {
 public:
  using DataError::DataError;
};

/// The one expression language: `when`, `select`, `--where`, a camera's `fix` and computed
/// properties.
///
///     == != < <= > >= in not and or ( )  a..b  'text'  numbers  names  + - * / div %  ~ 'regex'
///     present first int num floor min max abs index len ordinal seconds blake2b
///
/// A name may contain `-` and `.`, so a minus needs spaces around it. `x in 1..5`, `x in (1, 2,
/// 3)`.
class Expression {
 public:
  /// \param where  of the text's first character, for messages
  /// \throws ConfigError at the column of the mistake
  static Expression parse(std::string_view text, Where const& where);

  /// \throws AbsentNameError for an absent name, DataError for a type that does not fit; the message
  /// quotes the expression
  Value evaluate(Scope const& scope) const;
  /// A condition. \throws DataError when the result is not a bool
  bool test(Scope const& scope) const;

  std::string const& text() const noexcept { return text_; }
  /// The names it uses, sorted, without functions.
  std::vector<std::string> const& names() const noexcept { return names_; }

  struct Node;

 private:
  std::string text_;
  Where where_;
  std::vector<std::string> names_;
  std::shared_ptr<Node const> root_;
};

}  // namespace almagest
