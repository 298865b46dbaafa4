#pragma once

#include <cstdint>
#include <string>
#include <variant>

namespace almagest {

/// One value of a data-ID key, a registry column or an expression.
using Value = std::variant<bool, std::int64_t, double, std::string>;

/// The value as text: `true`, `300`, `0.5`, `HSC-I` (no quotes; the shortest digits that
/// round-trip).
std::string to_string(Value const& value);

/// The type's name as messages print it: "bool", "integer", "float", "string".
char const* type_name(Value const& value);

}  // namespace almagest
