#include "engine/toml_reader.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <utility>

#include <toml++/toml.h>

namespace almagest {
namespace {

constexpr std::uintmax_t max_file_size = 16U << 20;  // bytes; a configuration is never that long

// toml++ limits nested brackets, but builds and destroys a dotted key recursively: 20 000 segments
// overflow the stack. No key of ours has more than a handful.
constexpr int max_dots_in_key = 32;
constexpr int max_depth = 64;

Where place(toml::source_region const& region, std::string const& name) {
  return {name, region.begin.line, region.begin.column};
}

/// The place of the first key with too many dots. Dots in strings and comments count too, unless
/// they stand side by side, as in an ellipsis or a ruler: keys never have those.
std::optional<Where> overlong_key(std::string_view text, std::string const& name) {
  unsigned line = 1;
  unsigned column = 0;
  int dots = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char const c = text[i];
    ++column;
    if (c == '\n') {
      ++line;
      column = 0;
    }
    if (std::string_view("\n={}[],").find(c) != std::string_view::npos) dots = 0;
    bool const alone =
        (i == 0 || text[i - 1] != '.') && (i + 1 == text.size() || text[i + 1] != '.');
    if (c == '.' && alone && ++dots > max_dots_in_key) return Where{name, line, column};
  }
  return std::nullopt;
}

class Converter {
 public:
  explicit Converter(std::string const& name) : name_(name) {}

  ConfigValue convert(toml::node const& node, int depth) const {
    Where const where = place(node.source(), name_);
    if (depth > max_depth)
      throw ConfigError(where, "tables and arrays are nested deeper than " +
                                   std::to_string(max_depth) + " levels");
    ConfigValue value = convert_data(node, depth);
    value.where = where;
    return value;
  }

 private:
  ConfigValue convert_data(toml::node const& node, int depth) const {
    // By the node's own type: value<bool>() would accept an integer.
    if (auto const* table = node.as_table()) return convert_table(*table, depth);
    if (auto const* array = node.as_array()) {
      ConfigValue::Array items;
      for (toml::node const& item : *array) items.push_back(convert(item, depth + 1));
      return items;
    }
    if (auto const* text = node.as_string()) return text->get();
    if (auto const* number = node.as_integer()) return ConfigValue(number->get());
    if (auto const* number = node.as_floating_point()) return number->get();
    if (auto const* flag = node.as_boolean()) return flag->get();
    return date_text(node);
  }

  ConfigValue convert_table(toml::table const& table, int depth) const {
    ConfigValue::Table entries;
    for (auto const& [key, node] : table) {
      ConfigValue value = convert(node, depth + 1);
      value.key_where = place(key.source(), name_);
      entries.push_back({std::string(key.str()), std::move(value)});
    }
    std::ranges::sort(entries, {}, &ConfigValue::Entry::key);
    return entries;
  }

  /// Dates and times are text to us, in ISO 8601.
  static ConfigValue date_text(toml::node const& node) {
    std::ostringstream text;
    if (auto const* date = node.as_date())
      text << date->get();
    else if (auto const* time = node.as_time())
      text << time->get();
    else if (auto const* both = node.as_date_time())
      text << both->get();
    return text.str();
  }

  std::string const& name_;
};

}  // namespace

ConfigValue read_toml(std::filesystem::path const& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error) || std::filesystem::is_directory(path, error))
    throw NotFoundError("there is no file '" + path.string() + "'");
  if (auto const size = std::filesystem::file_size(path, error); !error && size > max_file_size)
    throw ConfigError({path.string(), 0, 0}, "the file is too long to be a configuration");

  std::ifstream file(path, std::ios::binary);
  std::string const text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file) throw ConfigError({path.string(), 0, 0}, "the file cannot be read");
  return parse_toml(text, path.string());
}

ConfigValue parse_toml(std::string_view text, std::string const& name) {
  if (auto const where = overlong_key(text, name))
    throw ConfigError(*where, "a key has more than " + std::to_string(max_dots_in_key) + " dots");
  try {
    toml::table const table = toml::parse(text, std::string_view(name));
    return Converter(name).convert(table, 0);
  } catch (toml::parse_error const& error) {
    throw ConfigError(place(error.source(), name), std::string(error.description()));
  }
}

ConfigValue parse_given_value(std::string const& text, Where const& where) {
  if (text == "True") return true;  // as the tutorials spell it
  if (text == "False") return false;
  try {
    ConfigValue const parsed = parse_toml("value = " + text, "-c");
    if (parsed.table().size() == 1) return *parsed.find("value");
  } catch (ConfigError const&) {
    if (!text.empty() && std::string_view("[{\"'").find(text[0]) != std::string_view::npos)
      throw ConfigError(where, "'" + text + "' is no TOML value");
  }
  return text;
}

}  // namespace almagest
