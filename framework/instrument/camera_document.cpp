#include "instrument/camera_document.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

#include "engine/toml_reader.hpp"

namespace almagest {
namespace {

namespace fs = std::filesystem;

/// Puts `base` below `value`: what `value` says stays.
void merge_below(ConfigValue& value, ConfigValue const& base, bool whole_entries) {
  for (auto const& [key, inherited] : base.table()) {
    ConfigValue* const own = value.find(key);
    if (!own)
      value.set(key, inherited);
    else if (own->is_table() && inherited.is_table() && !whole_entries)
      merge_below(*own, inherited, false);
  }
}

void merge_document(ConfigValue& document, ConfigValue base) {
  ConfigValue* const own_fixes = document.find("fix");
  ConfigValue* const fixes = base.find("fix");
  if (own_fixes && fixes && own_fixes->is_array() && fixes->is_array()) {
    ConfigValue all = *own_fixes;
    all.data = fixes->array();
    auto& list = std::get<ConfigValue::Array>(all.data);
    list.insert(list.end(), own_fixes->array().begin(), own_fixes->array().end());
    *own_fixes = std::move(all);
  }
  for (auto const& [key, inherited] : base.table()) {
    ConfigValue* const own = document.find(key);
    if (!own)
      document.set(key, inherited);
    else if (own->is_table() && inherited.is_table())
      merge_below(*own, inherited, key == "header");
  }
}

/// The entries of `inherit`, taken out of the table.
std::vector<ConfigValue> take_inherit(ConfigValue* table) {
  ConfigValue const* const entry = table ? table->find("inherit") : nullptr;
  if (!entry) return {};
  std::vector<ConfigValue> files;
  if (entry->is_array())
    files = entry->array();
  else
    files.push_back(*entry);
  for (ConfigValue const& file : files)
    if (!file.is_string())
      throw ConfigError(file.where, std::string("'inherit' wants a file or a list of files, got ") +
                                        file.type_name());
  table->erase("inherit");
  return files;
}

/// The files that are being read, each inside the one before, and all that have been merged.
struct Inherited {
  std::vector<fs::path> open;
  std::vector<fs::path> merged;
};

bool contains(std::vector<fs::path> const& files, fs::path const& file) {
  return std::ranges::find(files, file) != files.end();
}

ConfigValue read(fs::path const& path, Inherited& inherited) {
  ConfigValue document = read_toml(path);
  std::vector<ConfigValue> bases = take_inherit(&document);
  std::ranges::move(take_inherit(document.find("camera")), std::back_inserter(bases));
  for (ConfigValue const& base : bases) {
    fs::path const file = package_file(base);
    if (contains(inherited.open, file))
      throw ConfigError(base.where, "'" + base.string() + "' inherits itself, in a circle");
    if (contains(inherited.merged, file)) continue;  // its keys are there, its fixes too
    inherited.open.push_back(file);
    try {
      merge_document(document, read(file, inherited));
    } catch (NotFoundError const& e) {
      throw ConfigError(base.where, std::string("'inherit': ") + e.what());
    }
    inherited.open.pop_back();
    inherited.merged.push_back(file);
  }
  return document;
}

std::string contents(fs::path const& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file) throw DataError(path.string() + ": the file cannot be read");
  return text;
}

/// The directory in front of the first placeholder: all of it may be used.
fs::path fixed_part(std::string const& text) {
  auto const brace = text.find('{');
  return brace == std::string::npos ? fs::path(text)
                                    : fs::path(text.substr(0, brace)).parent_path();
}

void collect_files(ConfigValue const& value, std::vector<fs::path>& files) {
  if (value.is_table())
    for (auto const& entry : value.table()) collect_files(entry.value, files);
  if (value.is_array())
    for (ConfigValue const& element : value.array()) collect_files(element, files);
  if (!value.is_string() || !value.where.known()) return;

  // A text that happens to be a file's name only makes the hash a little too careful.
  fs::path const named = fixed_part(value.string());
  constexpr std::size_t longest_name = 255;
  if (named.empty() || named.is_absolute() || named.native().size() > longest_name) return;
  fs::path const path = (fs::path(value.where.file).parent_path() / named).lexically_normal();
  std::error_code error;
  if (fs::is_regular_file(path, error)) files.push_back(path);
  if (value.string().find('{') == std::string::npos || !fs::is_directory(path, error)) return;
  for (auto entry = fs::recursive_directory_iterator(path, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error))
    if (entry->is_regular_file(error)) files.push_back(entry->path().lexically_normal());
}

}  // namespace

ConfigValue read_package_toml(fs::path const& path) {
  Inherited inherited;
  inherited.open.push_back(path.lexically_normal());
  return read(inherited.open.front(), inherited);
}

fs::path package_file(ConfigValue const& value) {
  return (fs::path(value.where.file).parent_path() / value.string()).lexically_normal();
}

std::string package_text(ConfigValue const& document) {
  std::string text = to_toml(document);
  std::vector<fs::path> files;
  collect_files(document, files);
  std::ranges::sort(files);
  files.erase(std::ranges::unique(files).begin(), files.end());
  for (fs::path const& file : files) text += '\n' + contents(file);
  return text;
}

}  // namespace almagest
