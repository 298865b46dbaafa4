#pragma once

#include <optional>

#include "almagest/config_value.hpp"
#include "engine/dataset_type.hpp"
#include "instrument/frame_storage.hpp"

namespace almagest {

/// The dataset types that every camera has, as the framework ships them.
DatasetTypes default_dataset_types();

/// Adds the types of a parsed datasets.toml; what a camera's file gives replaces what is there, key
/// by key. What is wrong goes to `problems`.
void read_dataset_types(ConfigValue const& document, DatasetTypes& types, Problems& problems);

/// Gives types the paths of `[paths]` in camera.toml; an unknown name becomes a type.
void set_paths(FrameStorage const& storage, DatasetTypes& types, Problems& problems);

}  // namespace almagest
