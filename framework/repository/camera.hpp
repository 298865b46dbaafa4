#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "almagest/instrument.hpp"
#include "engine/expression.hpp"

namespace almagest {

/// What camera.toml says.
struct CameraFile {
  std::string name;
  std::string title;
  std::string plugin;  ///< the obs package's C++, or ""
  std::vector<std::string> gen2_mappers;
  std::string gen2_raw_table = "raw";
  std::vector<DataIdKey> keys;
  std::vector<std::pair<std::string, std::string>> roles;  ///< role, key or registry column
  std::optional<Expression> exposure_id;
  int exposure_id_bits = 0;
  std::string single_frame_pipeline;
  std::vector<Detector> detectors;
  ConfigValue constants;
};

/// Reads a camera.toml that has been parsed; what is wrong with it goes to `problems`.
CameraFile read_camera(ConfigValue const& document, Problems& problems);

/// The declarative instrument: every member comes from camera.toml.
std::shared_ptr<Instrument const> declared_instrument(CameraFile camera,
                                                      std::filesystem::path directory);

}  // namespace almagest
