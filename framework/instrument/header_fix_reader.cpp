#include <set>

#include "engine/toml_reader.hpp"
#include "instrument/header_rule_reader.hpp"
#include "instrument/table_reader.hpp"

namespace almagest {
namespace {

namespace fs = std::filesystem;

std::vector<HeaderFix::Assignment> read_assignments(ConfigValue const& table, Problems& problems) {
  std::vector<HeaderFix::Assignment> result;
  if (!table.is_table()) {
    problems.add(table.where, std::string("'set' wants a table, got ") + table.type_name());
    return result;
  }
  for (auto const& [name, value] : table.table()) {
    if (is_formula(value)) {
      if (auto expression = read_expression(value, 1, problems))
        result.push_back({name, *std::move(expression)});
    } else if (auto constant = read_value(value, problems)) {
      result.push_back({name, *std::move(constant)});
    }
  }
  return result;
}

/// All files that a `file` might mean: those whose names begin and end as its text does.
void read_fix_files(ConfigValue const& file, HeaderFix& fix, Problems& problems) {
  fix.file = TextTemplate::parse(file, problems);
  if (!file.is_string()) return;
  std::string const& text = file.string();
  auto const brace = text.find('{');
  auto const slash = text.rfind('/');
  if (brace != std::string::npos && slash != std::string::npos && slash > brace) {
    problems.add(file.where, "'file': only the file's name may have {NAME}, not its directory");
    return;
  }
  std::string const folder = slash == std::string::npos ? "" : text.substr(0, slash + 1);
  fs::path const directory = fs::path(file.where.file).parent_path() / folder;
  std::string const start = text.substr(folder.size(), brace - folder.size());
  auto const last = text.rfind('}');
  std::string const end = last == std::string::npos ? "" : text.substr(last + 1);
  std::error_code error;
  std::set<std::string> names;
  for (fs::directory_iterator entry(directory, error), none; !error && entry != none;
       entry.increment(error))
    names.insert(entry->path().filename().string());
  for (std::string const& name : names) {
    bool const meant =
        brace == std::string::npos ? name == start : name.starts_with(start) && name.ends_with(end);
    if (!meant) continue;
    try {
      fix.files[folder + name] = read_assignments(read_toml(directory / name), problems);
    } catch (Error const& e) {
      problems.add({}, e.what());
    }
  }
}

}  // namespace

HeaderFix read_header_fix(ConfigValue const& value, Problems& problems) {
  HeaderFix fix;
  fix.where = value.where;
  TableReader table(value, "a [[fix]]", problems);
  if (ConfigValue const* gate = table.value("where"))
    fix.gate = read_expression(*gate, 0, problems);
  ConfigValue const* const set = table.value("set");
  ConfigValue const* const file = table.value("file");
  if (set) fix.assignments = read_assignments(*set, problems);
  if (file) read_fix_files(*file, fix, problems);
  if (!set == !file) problems.add(value.where, "a [[fix]] wants either 'set' or 'file'");
  table.finish();
  return fix;
}

}  // namespace almagest
