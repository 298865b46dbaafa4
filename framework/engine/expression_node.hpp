#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <regex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/expression.hpp"

namespace almagest {

/// One node of a parsed expression.
struct Expression::Node {
  enum class Kind {
    literal,      ///< value
    name,         ///< text
    negate,       ///< one child
    logical_not,  ///< one child
    logical_and,  ///< two children
    logical_or,   ///< two children
    compare,      ///< two children; text is the operator
    arithmetic,   ///< two children; text is the operator
    in,           ///< the first child in any of the others
    not_in,       ///< likewise
    range,        ///< two children; stands below `in` only
    matches,      ///< one child, and a pattern
    call,         ///< text is the function's name
  };
  Kind kind = Kind::literal;
  Value value;
  std::string text;
  std::regex pattern;
  std::vector<std::unique_ptr<Node>> children;
};

/// The value as messages show it: strings in quotes.
std::string quoted(Value const& value);

/// A function of the expression language that works on values alone.
struct ExpressionFunction {
  std::string_view name;
  std::size_t least;  ///< number of arguments
  std::size_t most;
  /// \throws DataError saying what is wrong, without the expression
  Value (*call)(std::span<Value const> arguments);
};

/// int num floor min max abs len ordinal seconds blake2b. `present`, `first` and `index` look at
/// names and belong to the evaluator: they are listed without a `call`.
std::span<ExpressionFunction const> expression_functions();
ExpressionFunction const* find_expression_function(std::string_view name);

}  // namespace almagest
