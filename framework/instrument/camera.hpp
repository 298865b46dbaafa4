#pragma once

#include <filesystem>
#include <memory>

#include "almagest/instrument.hpp"
#include "instrument/camera_file.hpp"

namespace almagest {

/// The declarative instrument: every member comes from camera.toml.
std::shared_ptr<Instrument const> declared_instrument(CameraFile camera,
                                                      std::filesystem::path directory);

}  // namespace almagest
