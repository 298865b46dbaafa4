#pragma once

#include <string>
#include <vector>

#include "almagest/config_value.hpp"
#include "almagest/fits.hpp"
#include "instrument/data_id_table.hpp"
#include "instrument/detector_rules.hpp"
#include "instrument/frame_storage.hpp"
#include "instrument/header_rules.hpp"
#include "instrument/optics.hpp"

namespace almagest {

/// What camera.toml says.
struct CameraFile {
  std::string name;
  std::string title;
  std::string plugin;  ///< the obs package's C++, or ""
  std::vector<std::string> gen2_mappers;
  std::string gen2_raw_table = "raw";
  DataIdTable data_id;
  HeaderRules headers;
  /// The HDUs, counted from 0, whose cards a raw frame keeps as its metadata.
  std::vector<int> metadata_hdus = {0};
  /// `checksums = "ignore"`: this camera's files carry stale ones.
  fits::Checksums checksums = fits::Checksums::verify;
  CameraDetectors camera;
  Optics optics;
  FrameStorage storage;
  std::string single_frame_pipeline;
  std::string pipelines_directory = "pipelines";  ///< relative to the package's directory
  ConfigValue constants;
};

/// Reads a camera.toml that has been parsed, with all that it inherits (read_package_toml()); what
/// is wrong with it goes to `problems`. Tables (CSV) that it names are read, too.
CameraFile read_camera(ConfigValue const& document, Problems& problems);

}  // namespace almagest
