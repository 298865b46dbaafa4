#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "almagest/config_value.hpp"

namespace almagest {

/// A TOML file as a ConfigValue table in which every value and key knows its place.
/// \throws NotFoundError when the file does not exist, ConfigError for a syntax error
/// (file:line:column)
ConfigValue read_toml(std::filesystem::path const& path);

/// TOML text; `name` stands in messages for the file.
ConfigValue parse_toml(std::string_view text, std::string const& name);

/// The value of a NAME=VALUE on the command line: TOML where the text is that, else the text
/// itself, so that `statistic=mean_clip` needs no quotes, which the shell would eat.
///
/// \throws ConfigError at `where` for a broken list, table or quoted string
ConfigValue parse_given_value(std::string const& text, Where const& where);

}  // namespace almagest
