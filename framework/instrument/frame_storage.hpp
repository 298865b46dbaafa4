#pragma once

#include <string>
#include <utility>
#include <vector>

#include "almagest/config_value.hpp"
#include "instrument/data_id_table.hpp"

namespace almagest {

/// A column of the registry's table of raw frames.
struct FrameColumn {
  enum class Type { integer, number, text };
  std::string name;
  Type type = Type::text;
  std::string property;  ///< of the translated headers; nearly always the name itself
};

/// Where raw frames go and what the registry keeps of each: `[registry]` and `[paths]` of
/// camera.toml.
///
///     [registry]
///     raw   = [{ name = "field", type = "text" }, { name = "expTime", type = "float",
///                property = "exposure_time" }]     # columns of table raw, in their order
///     visit = ["visit", "filter"]                  # columns of table raw_visit, one row per visit
///     [paths]
///     raw   = "raw/{begin:%Y-%m-%d}/{visit:08d}_{ccd:02d}.fits"
struct FrameStorage {
  std::vector<FrameColumn> raw;    ///< by default the data ID's keys and what the roles name
  std::vector<std::string> visit;  ///< columns of `raw`, the visit's own first; may be empty
  std::vector<std::pair<std::string, ConfigValue>> paths;  ///< template by dataset type

  FrameColumn const* find(std::string_view name) const noexcept;
};

/// \param document  the whole camera.toml; what is wrong with the two tables goes to `problems`
FrameStorage read_frame_storage(ConfigValue const& document, DataIdTable const& ids,
                                Problems& problems);

}  // namespace almagest
