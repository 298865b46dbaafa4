#include "repository/camera.hpp"

#include <algorithm>
#include <charconv>

#include "repository/table_reader.hpp"

namespace almagest {
namespace {

bool is_identifier(std::string_view text) noexcept {
  return !text.empty() && !(text[0] >= '0' && text[0] <= '9') &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_';
         });
}

DataIdKey read_key(ConfigValue const& value, Problems& problems) {
  TableReader table(value, "an entry of 'keys'", problems);
  DataIdKey key;
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

void read_data_id(ConfigValue const& value, CameraFile& camera, Problems& problems) {
  TableReader table(value, "[data_id]", problems);
  if (ConfigValue const* keys = table.array("keys"))
    for (ConfigValue const& key : keys->array()) camera.keys.push_back(read_key(key, problems));
  if (camera.keys.empty()) problems.add(value.where, "[data_id] needs 'keys'");

  if (ConfigValue const* roles = table.table("roles")) {
    TableReader reader(*roles, "'roles'", problems);
    for (char const* role : {"exposure", "visit", "detector", "band"})
      if (auto const target = reader.text(role)) camera.roles.emplace_back(role, *target);
    reader.finish();
  }

  if (ConfigValue const* id = table.table("exposure_id")) {
    TableReader reader(*id, "'exposure_id'", problems);
    std::string const text = reader.required_text("value");
    camera.exposure_id_bits = static_cast<int>(reader.integer("bits").value_or(0));
    if (!id->find("bits") || camera.exposure_id_bits < 1 || camera.exposure_id_bits > 62)
      problems.add(id->where, "'exposure_id' needs 'bits' in 1..62");
    try {
      if (!text.empty()) camera.exposure_id = Expression::parse(text, id->find("value")->where);
    } catch (ConfigError const& e) {
      problems.add({}, e.what());
    }
    reader.finish();
  }
  table.finish();
}

Detector read_detector(std::string const& name, ConfigValue const& value, Detector detector,
                       Problems& problems) {
  TableReader table(value, "[detector." + name + "]", problems);
  int number = 0;
  auto const [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error == std::errc() && end == name.data() + name.size()) detector.id = number;
  detector.id = static_cast<int>(table.integer("id").value_or(detector.id));
  detector.name = table.text("name").value_or(name);
  if (ConfigValue const* size = table.array("size")) {
    auto const pixels = [](ConfigValue const& v) {
      auto const* n = std::get_if<std::int64_t>(&v.data);
      return n && *n > 0 && *n <= 1'000'000 ? static_cast<int>(*n) : 0;
    };
    auto const& array = size->array();
    int const width = array.size() == 2 ? pixels(array[0]) : 0;
    int const height = array.size() == 2 ? pixels(array[1]) : 0;
    if (width > 0 && height > 0)
      detector.box = Box{0, 0, width, height};
    else
      problems.add(size->where, "'size' wants [width, height] in pixels");
  }
  table.number("pixel_um");  // for the raw-frame instruments, with the amplifiers
  table.not_implemented("amp");
  table.finish();
  return detector;
}

void read_detectors(ConfigValue const& value, CameraFile& camera, Problems& problems) {
  Detector common;
  if (ConfigValue const* table = value.find("default"))
    common = read_detector("default", *table, common, problems);
  for (auto const& [name, table] : value.table())
    if (name != "default") camera.detectors.push_back(read_detector(name, table, common, problems));
  if (camera.detectors.empty() && value.find("default")) camera.detectors.push_back(common);
  std::ranges::sort(camera.detectors, {},
                    [](Detector const& d) { return std::pair(d.id, d.name); });
}

/// What an expression or a role may name is a key or, for roles, any registry column.
void check_exposure_id(CameraFile const& camera, ConfigValue const& document, Problems& problems) {
  if (!camera.exposure_id) return;
  std::vector<std::string> known;
  for (DataIdKey const& key : camera.keys) known.push_back(key.name);
  for (auto const& [role, key] : camera.roles) known.push_back(role);
  for (std::string const& name : camera.exposure_id->names())
    if (std::ranges::find(known, name) == known.end())
      problems.add(
          document.find("data_id")->find("exposure_id")->find("value")->where,
          "'exposure_id' names '" + name + "', which is no key" + nearest_name_hint(name, known));
}

class DeclaredInstrument final : public Instrument {
 public:
  DeclaredInstrument(CameraFile camera, std::filesystem::path directory)
      : camera_(std::move(camera)), directory_(std::move(directory)) {}

  std::string const& name() const override { return camera_.name; }
  std::vector<DataIdKey> const& keys() const override { return camera_.keys; }
  std::string role(std::string_view role) const override {
    auto const found =
        std::ranges::find(camera_.roles, role, &std::pair<std::string, std::string>::first);
    return found == camera_.roles.end() ? std::string() : found->second;
  }
  ExposureId exposure_id(DataId const& id) const override;
  std::vector<Detector> const& detectors() const override { return camera_.detectors; }
  std::filesystem::path const& directory() const override { return directory_; }
  ConfigValue const& constants() const override { return camera_.constants; }

 private:
  std::string key_of(std::string_view name) const {
    std::string key = role(name);
    return key.empty() ? std::string(name) : key;
  }

  CameraFile camera_;
  std::filesystem::path directory_;
};

ExposureId DeclaredInstrument::exposure_id(DataId const& id) const {
  if (!camera_.exposure_id)
    throw DataError("instrument '" + camera_.name + "' declares no 'exposure_id' in camera.toml");
  Scope scope;
  scope.lookup = [&](std::string_view name) -> std::optional<Value> {
    if (Value const* value = id.find(name)) return *value;
    return id.at(key_of(name));
  };
  scope.index = [&](std::string_view name, Value const& value) -> std::optional<std::int64_t> {
    auto const key = std::ranges::find(camera_.keys, key_of(name), &DataIdKey::name);
    auto const* text = std::get_if<std::string>(&value);
    if (key == camera_.keys.end() || !text) return std::nullopt;
    auto const place = std::ranges::find(key->values, *text);
    if (place == key->values.end()) return std::nullopt;
    return place - key->values.begin();
  };
  Value const value = camera_.exposure_id->evaluate(scope);
  auto const* number = std::get_if<std::int64_t>(&value);
  if (!number || *number < 0 || *number >> camera_.exposure_id_bits != 0)
    throw DataError("the exposure id of '" + id.str() + "' is " + to_string(value) +
                    ", which is no integer of " + std::to_string(camera_.exposure_id_bits) +
                    " bits");
  return {*number, camera_.exposure_id_bits};
}

}  // namespace

CameraFile read_camera(ConfigValue const& document, Problems& problems) {
  TableReader file(document, "camera.toml", problems);
  CameraFile camera;
  if (ConfigValue const* value = file.table("camera")) {
    TableReader table(*value, "[camera]", problems);
    camera.name = table.required_text("name");
    camera.title = table.text("title").value_or("");
    camera.plugin = table.text("plugin").value_or("");
    camera.gen2_mappers = table.texts("gen2_mappers");
    for (char const* later : {"match", "inherit", "plate_scale"}) table.not_implemented(later);
    table.finish();
  } else if (!document.find("camera")) {
    problems.add(document.where, "camera.toml needs [camera] with 'name'");
  }
  if (ConfigValue const* value = file.table("data_id"))
    read_data_id(*value, camera, problems);
  else if (!document.find("data_id"))
    problems.add(document.where, "camera.toml needs [data_id] with 'keys'");
  if (ConfigValue const* value = file.table("gen2")) {
    TableReader table(*value, "[gen2]", problems);
    camera.gen2_raw_table = table.text("table").value_or("raw");
    if (!is_identifier(camera.gen2_raw_table))
      problems.add(value->where, "[gen2] 'table' is no name of a table");
    table.finish();
  }
  if (ConfigValue const* value = file.table("pipelines")) {
    TableReader table(*value, "[pipelines]", problems);
    camera.single_frame_pipeline = table.text("single_frame").value_or("");
    table.finish();
    // A plain name: looked for among the instrument's pipelines, then the installed ones.
    if (camera.single_frame_pipeline.ends_with(".toml"))
      camera.single_frame_pipeline.erase(camera.single_frame_pipeline.size() - 5);
  }
  if (ConfigValue const* value = file.table("detector")) read_detectors(*value, camera, problems);
  if (ConfigValue const* value = file.table("constants")) camera.constants = *value;
  for (char const* later : {"header", "paths", "fix"}) file.not_implemented(later);
  file.finish();
  check_exposure_id(camera, document, problems);
  return camera;
}

std::shared_ptr<Instrument const> declared_instrument(CameraFile camera,
                                                      std::filesystem::path directory) {
  return std::make_shared<DeclaredInstrument>(std::move(camera), std::move(directory));
}

}  // namespace almagest
