#include "almagest/schema.hpp"

#include <algorithm>

#include "almagest/config_value.hpp"

namespace almagest {

char const* to_string(ColumnType type) noexcept {
  switch (type) {
    case ColumnType::flag:
      return "flag";
    case ColumnType::int32:
      return "int32";
    case ColumnType::int64:
      return "int64";
    case ColumnType::float32:
      return "float32";
    case ColumnType::float64:
      return "float64";
    case ColumnType::text:
      return "text";
  }
  return "?";
}

Schema Schema::minimal_source() {
  Schema schema;
  schema.add<std::int64_t>("id", "", "Unique number of the source");
  schema.add<double>("coord_ra", "rad", "Right ascension (ICRS)");
  schema.add<double>("coord_dec", "rad", "Declination (ICRS)");
  schema.add<std::int64_t>("parent", "", "Source this one was deblended from, 0 for none");
  return schema;
}

int Schema::count(ColumnType type) const noexcept {
  return static_cast<int>(std::ranges::count(columns_, type, &Column::type));
}

Column const* Schema::find(std::string_view name) const noexcept {
  auto const found = std::ranges::find(columns_, name, &Column::name);
  return found == columns_.end() ? nullptr : &*found;
}

int Schema::append(Column column) {
  if (column.name.empty()) throw ConfigError("a catalogue column needs a name");
  if (Column const* other = find(column.name))
    throw ConfigError("the catalogue has a column '" + column.name + "' (" +
                      to_string(other->type) + ") already");
  int const index = count(column.type);
  columns_.push_back(std::move(column));
  index_in_type_.push_back(index);
  return index;
}

int Schema::require(std::string_view name, ColumnType type) const {
  int const index = lookup(name, type);
  if (index >= 0) return index;
  std::string const wanted = "'" + std::string(name) + "'";
  if (Column const* other = find(name))
    throw ConfigError("column " + wanted + " of the catalogue is " + to_string(other->type) +
                      ", wanted " + to_string(type));
  std::vector<std::string> names;
  for (Column const& column : columns_) names.push_back(column.name);
  throw ConfigError("the catalogue has no column " + wanted + " (" + to_string(type) + ")" +
                    nearest_name_hint(name, names));
}

int Schema::lookup(std::string_view name, ColumnType type) const noexcept {
  for (std::size_t i = 0; i < columns_.size(); ++i)
    if (columns_[i].name == name) return columns_[i].type == type ? index_in_type_[i] : -1;
  return -1;
}

}  // namespace almagest
