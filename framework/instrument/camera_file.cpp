#include "instrument/camera_file.hpp"

#include "instrument/table_reader.hpp"

namespace almagest {
namespace {

void read_camera_table(ConfigValue const& value, CameraFile& camera, Problems& problems) {
  TableReader table(value, "[camera]", problems);
  camera.name = table.required_text("name");
  camera.title = table.text("title").value_or("");
  camera.plugin = table.text("plugin").value_or("");
  camera.gen2_mappers = table.texts("gen2_mappers");
  if (ConfigValue const* hdus = value.find("header_hdus"); hdus && hdus->is_array()) {
    camera.metadata_hdus.clear();
    for (ConfigValue const& hdu : hdus->array())
      if (auto const* number = std::get_if<std::int64_t>(&hdu.data))
        camera.metadata_hdus.push_back(static_cast<int>(*number));
  }
  if (auto const checksums = table.text("checksums")) {
    if (*checksums == "ignore")
      camera.checksums = fits::Checksums::ignore;
    else if (*checksums != "verify")
      table.problem(*value.find("checksums"), "'checksums' wants \"verify\" or \"ignore\"");
  }
  // Read by HeaderRules, read_package_toml() and read_optics().
  for (char const* elsewhere : {"match", "header_hdus", "inherit", "plate_scale"})
    table.value(elsewhere);
  table.finish();
}

void read_gen2(ConfigValue const& value, CameraFile& camera, Problems& problems) {
  TableReader table(value, "[gen2]", problems);
  camera.gen2_raw_table = table.text("table").value_or("raw");
  if (!is_identifier(camera.gen2_raw_table))
    problems.add(value.where, "[gen2] 'table' is no name of a table");
  table.finish();
}

void read_pipelines(ConfigValue const& value, CameraFile& camera, Problems& problems) {
  TableReader table(value, "[pipelines]", problems);
  camera.single_frame_pipeline = table.text("single_frame").value_or("");
  camera.pipelines_directory = table.text("directory").value_or(camera.pipelines_directory);
  table.finish();
  // A plain name: looked for among the instrument's pipelines, then the installed ones.
  if (camera.single_frame_pipeline.ends_with(".toml"))
    camera.single_frame_pipeline.erase(camera.single_frame_pipeline.size() - 5);
}

/// Side of the first detector's pixels, for plate scales in arcsec/pixel; 0 = not known.
double pixel_mm(CameraDetectors const& camera) {
  return camera.detectors.empty() ? 0.0 : camera.detectors.front().pixel_mm;
}

}  // namespace

CameraFile read_camera(ConfigValue const& document, Problems& problems) {
  TableReader file(document, "camera.toml", problems);
  CameraFile camera;
  if (ConfigValue const* value = file.table("camera"))
    read_camera_table(*value, camera, problems);
  else if (!document.find("camera"))
    problems.add(document.where, "camera.toml needs [camera] with 'name'");
  if (ConfigValue const* value = file.table("data_id"))
    camera.data_id = read_data_id_table(*value, problems);
  else if (!document.find("data_id"))
    problems.add(document.where, "camera.toml needs [data_id] with 'keys'");
  if (ConfigValue const* value = file.table("gen2")) read_gen2(*value, camera, problems);
  if (ConfigValue const* value = file.table("pipelines")) read_pipelines(*value, camera, problems);
  if (ConfigValue const* value = file.table("constants")) camera.constants = *value;
  for (char const* table :
       {"detector", "detector_kind", "detectors", "optics", "header", "paths", "registry"})
    file.table(table);
  file.array("fix");
  file.finish();

  camera.headers = HeaderRules::read(document, camera.data_id.keys, problems);
  camera.storage = read_frame_storage(document, camera.data_id, problems);
  camera.camera = read_detectors(document, problems);
  camera.optics = read_optics(document, pixel_mm(camera.camera), problems);
  camera.data_id.largest_detector =
      camera.camera.detectors.empty() ? 0 : camera.camera.detectors.back().id;
  return camera;
}

}  // namespace almagest
