#pragma once

#include <optional>
#include <regex>
#include <string>

#include "almagest/config_value.hpp"
#include "instrument/header_rule.hpp"

/// Reading the parts of `[header]` and `[[fix]]`; what is wrong goes to the problems, in its place.
namespace almagest {

/// A property's rule: a table, or a bare value, which is a constant.
/// \param name  how messages call it
HeaderRule read_header_rule(ConfigValue const& value, std::string const& name, Problems& problems);

/// One entry of `[[fix]]`, with all the files that it might mean.
HeaderFix read_header_fix(ConfigValue const& value, Problems& problems);

std::optional<std::regex> read_regex(ConfigValue const& value, Problems& problems,
                                     bool any_case = false);

/// An expression that begins `skip` characters behind the opening quote.
std::optional<Expression> read_expression(ConfigValue const& value, std::size_t skip,
                                          Problems& problems);

/// One bool, number or text.
std::optional<Value> read_value(ConfigValue const& value, Problems& problems);

/// Whether a value is a text "=…": an expression where a constant might stand.
bool is_formula(ConfigValue const& value);

}  // namespace almagest
