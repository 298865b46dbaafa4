#include "instrument/data_id_table.hpp"

#include <algorithm>

#include "instrument/table_reader.hpp"

namespace almagest {
namespace {

constexpr char const* known_roles[] = {"exposure", "visit", "detector", "band", "date"};

DataIdKey read_key(ConfigValue const& value, Problems& problems) {
  DataIdKey key;
  if (value.is_string()) {  // short for an integer key without more to say
    key.name = value.string();
    if (!is_identifier(key.name))
      problems.add(value.where, "'" + key.name +
                                    "' is no name for a key: want letters, "
                                    "digits and '_'");
    return key;
  }
  TableReader table(value, "an entry of 'keys'", problems);
  key.name = table.required_text("name");
  if (!key.name.empty() && !is_identifier(key.name))
    table.problem(*value.find("name"), "'" + key.name +
                                           "' is no name for a key: want letters, "
                                           "digits and '_'");
  std::string const type = table.required_text("type");
  if (type == "str" || type == "text")
    key.type = DataIdKey::Type::text;
  else if (type != "int" && !type.empty())
    table.problem(*value.find("type"), "'type' must be 'int' or 'str', got '" + type + "'");
  key.values = table.texts("values");
  key.doc = table.text("doc").value_or("");
  table.finish();
  return key;
}

void read_roles(ConfigValue const& value, DataIdTable& result, Problems& problems) {
  TableReader reader(value, "'roles'", problems);
  for (char const* role : known_roles)
    if (auto const target = reader.text(role)) result.roles.emplace_back(role, *target);
  reader.finish();
}

/// What an expression may name is a key or a role.
void check_names(DataIdTable const& table, Where const& where, Problems& problems) {
  std::vector<std::string> known;
  for (DataIdKey const& key : table.keys) known.push_back(key.name);
  for (auto const& [role, key] : table.roles) known.push_back(role);
  for (std::string const& name : table.exposure_id->names())
    if (std::ranges::find(known, name) == known.end())
      problems.add(where, "'exposure_id' names '" + name + "', which is no key" +
                              nearest_name_hint(name, known));
}

void read_exposure_id(ConfigValue const& value, DataIdTable& result, Problems& problems) {
  TableReader reader(value, "'exposure_id'", problems);
  std::string const text = reader.required_text("value");
  result.exposure_id_bits = static_cast<int>(reader.integer("bits").value_or(0));
  if (!value.find("bits") || result.exposure_id_bits < 1 || result.exposure_id_bits > 62)
    problems.add(value.where, "'exposure_id' needs 'bits' in 1..62");
  reader.finish();
  if (text.empty()) return;
  try {
    Where const& where = value.find("value")->where;
    result.exposure_id = Expression::parse(text, where);
    check_names(result, where, problems);
  } catch (ConfigError const& e) {
    problems.add({}, e.what());
  }
}

/// Exposure and detector, one behind the other; room for 26 bits of source numbers stays.
ExposureId plain_exposure_id(DataIdTable const& table, DataId const& id) {
  constexpr int bits = 37;
  std::int64_t stride = 10;
  while (stride <= table.largest_detector) stride *= 10;
  std::string const exposure = table.role("exposure"), detector = table.role("detector");
  if (exposure.empty() || detector.empty())
    throw DataError("camera.toml gives no 'exposure_id', and no roles 'exposure' and 'detector'");
  std::int64_t const number = id.integer(exposure), ccd = id.integer(detector);
  if (number < 0 || ccd < 0 || ccd >= stride || number >= (std::int64_t{1} << bits) / stride)
    throw DataError("the exposure id of '" + id.str() + "' does not fit " + std::to_string(bits) +
                    " bits; camera.toml should say 'exposure_id' in [data_id]");
  return {number * stride + ccd, bits};
}

}  // namespace

bool is_identifier(std::string_view text) noexcept {
  return !text.empty() && !(text[0] >= '0' && text[0] <= '9') &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_';
         });
}

std::string DataIdTable::role(std::string_view name) const {
  auto const found = std::ranges::find(roles, name, &std::pair<std::string, std::string>::first);
  return found == roles.end() ? std::string() : found->second;
}

std::string DataIdTable::key_of(std::string_view name) const {
  std::string key = role(name);
  return key.empty() ? std::string(name) : key;
}

DataIdTable read_data_id_table(ConfigValue const& value, Problems& problems) {
  TableReader table(value, "[data_id]", problems);
  DataIdTable result;
  if (ConfigValue const* keys = table.array("keys"))
    for (ConfigValue const& key : keys->array()) result.keys.push_back(read_key(key, problems));
  if (result.keys.empty()) problems.add(value.where, "[data_id] needs 'keys'");
  if (ConfigValue const* roles = table.table("roles")) read_roles(*roles, result, problems);
  if (ConfigValue const* id = table.table("exposure_id")) read_exposure_id(*id, result, problems);
  table.finish();
  return result;
}

ExposureId evaluate_exposure_id(DataIdTable const& table, DataId const& id) {
  if (!table.exposure_id) return plain_exposure_id(table, id);
  Scope scope;
  scope.lookup = [&](std::string_view name) -> std::optional<Value> {
    if (Value const* value = id.find(name)) return *value;
    return id.at(table.key_of(name));
  };
  scope.index = [&](std::string_view name, Value const& value) -> std::optional<std::int64_t> {
    auto const key = std::ranges::find(table.keys, table.key_of(name), &DataIdKey::name);
    auto const* text = std::get_if<std::string>(&value);
    if (key == table.keys.end() || !text) return std::nullopt;
    auto const place = std::ranges::find(key->values, *text);
    if (place == key->values.end()) return std::nullopt;
    return place - key->values.begin();
  };
  Value const value = table.exposure_id->evaluate(scope);
  auto const* number = std::get_if<std::int64_t>(&value);
  if (!number || *number < 0 || *number >> table.exposure_id_bits != 0)
    throw DataError("the exposure id of '" + id.str() + "' is " + to_string(value) +
                    ", which is no integer of " + std::to_string(table.exposure_id_bits) + " bits");
  return {*number, table.exposure_id_bits};
}

}  // namespace almagest
