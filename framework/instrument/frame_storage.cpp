#include "instrument/frame_storage.hpp"

#include <algorithm>
#include <optional>

#include "instrument/table_reader.hpp"

namespace almagest {
namespace {

std::optional<FrameColumn::Type> column_type(std::string const& name) {
  if (name == "int") return FrameColumn::Type::integer;
  if (name == "float") return FrameColumn::Type::number;
  if (name == "text" || name == "str") return FrameColumn::Type::text;
  return std::nullopt;
}

FrameColumn::Type type_of(DataIdKey const& key) {
  return key.type == DataIdKey::Type::integer ? FrameColumn::Type::integer
                                              : FrameColumn::Type::text;
}

FrameColumn read_column(ConfigValue const& value, FrameStorage const& storage, Problems& problems) {
  TableReader table(value, "an entry of 'raw' in [registry]", problems);
  FrameColumn column;
  column.name = table.required_text("name");
  column.property = table.text("property").value_or(column.name);
  std::string const type = table.required_text("type");
  if (auto const known = column_type(type))
    column.type = *known;
  else if (!type.empty())
    table.problem(*value.find("type"),
                  "'type' must be 'int', 'float' or 'text', got '" + type + "'");
  if (!column.name.empty() && (!is_identifier(column.name) || column.name == "id"))
    table.problem(*value.find("name"), "'" + column.name +
                                           "' is no name for a column: want letters, digits and "
                                           "'_', and not the row's number 'id'");
  if (storage.find(column.name))
    table.problem(*value.find("name"), "column '" + column.name + "' is there twice");
  table.finish();
  return column;
}

/// The keys and what the roles name.
std::vector<FrameColumn> default_columns(DataIdTable const& ids) {
  std::vector<FrameColumn> columns;
  for (DataIdKey const& key : ids.keys) columns.push_back({key.name, type_of(key), key.name});
  for (auto const& [role, column] : ids.roles)
    if (std::ranges::find(columns, column, &FrameColumn::name) == columns.end())
      columns.push_back(
          {column, role == "band" ? FrameColumn::Type::text : FrameColumn::Type::integer, column});
  return columns;
}

void require_keys(FrameStorage const& storage, DataIdTable const& ids, Where const& where,
                  Problems& problems) {
  for (DataIdKey const& key : ids.keys) {
    FrameColumn const* const column = storage.find(key.name);
    if (!column)
      problems.add(where, "[registry] 'raw' lacks the data ID's key '" + key.name + "'");
    else if (column->type != type_of(key))
      problems.add(where, "[registry] 'raw': column '" + key.name +
                              "' is of another type than the data ID's key");
  }
}

void read_registry(ConfigValue const& value, DataIdTable const& ids, FrameStorage& storage,
                   Problems& problems) {
  TableReader table(value, "[registry]", problems);
  if (ConfigValue const* columns = table.array("raw")) {
    storage.raw.clear();
    for (ConfigValue const& column : columns->array())
      storage.raw.push_back(read_column(column, storage, problems));
    require_keys(storage, ids, columns->where, problems);
  }
  if (ConfigValue const* columns = table.array("visit")) {
    storage.visit = table.texts("visit");
    for (std::string const& column : storage.visit)
      if (!storage.find(column))
        problems.add(columns->where, "[registry] 'visit': '" + column +
                                         "' is no column of the table of raw frames");
  }
  table.finish();
}

void read_paths(ConfigValue const& value, FrameStorage& storage, Problems& problems) {
  for (auto const& [dataset, path] : value.table())
    if (path.is_string())
      storage.paths.emplace_back(dataset, path);
    else
      problems.add(path.where, "[paths] '" + dataset + "' wants a path, got " + path.type_name());
}

}  // namespace

FrameColumn const* FrameStorage::find(std::string_view name) const noexcept {
  auto const found = std::ranges::find(raw, name, &FrameColumn::name);
  return found == raw.end() ? nullptr : &*found;
}

FrameStorage read_frame_storage(ConfigValue const& document, DataIdTable const& ids,
                                Problems& problems) {
  FrameStorage storage;
  storage.raw = default_columns(ids);
  ConfigValue const* const registry = document.find("registry");
  if (registry && registry->is_table()) read_registry(*registry, ids, storage, problems);
  if (!registry || !registry->find("visit")) {
    for (char const* role : {"visit", "band"})
      if (std::string const column = ids.role(role); storage.find(column))
        storage.visit.push_back(column);
    if (!storage.find(ids.role("visit"))) storage.visit.clear();
  }
  ConfigValue const* const paths = document.find("paths");
  if (paths && paths->is_table()) read_paths(*paths, storage, problems);
  return storage;
}

}  // namespace almagest
