#pragma once

#include <filesystem>
#include <string>

#include "almagest/config_value.hpp"

namespace almagest {

/// Reads a TOML file of an obs package with all that it inherits.
///
/// `inherit = "FILE"` or a list of files, at the top or in [camera], names files relative to the
/// one that says it. They are merged below it, table by table: its own keys win, and in a list the
/// earlier file wins over the later. Two places differ: a property of [header] is replaced as a
/// whole, and the [[fix]] entries of all files are put one behind the other, the most general
/// file's first; a file that is named twice counts once. `inherit` itself is gone from the result;
/// every value knows the file that it is from.
///
/// \throws NotFoundError when `path` itself does not exist; ConfigError for a syntax error, and at
///         `file:line` of the `inherit` for a missing file or a circle
ConfigValue read_package_toml(std::filesystem::path const& path);

/// A file that a value of an obs package's TOML names: relative to the TOML file in which the value
/// stands, which for an inherited value is the inherited file.
std::filesystem::path package_file(ConfigValue const& value);

/// What the hash of an obs package is made of: the document (comments and spaces do not count), and
/// the contents of every file and directory that it names.
/// \throws DataError for a named file that cannot be read
std::string package_text(ConfigValue const& document);

}  // namespace almagest
