#pragma once

#include <map>
#include <string>
#include <vector>

#include "almagest/data_id.hpp"
#include "repository/registry.hpp"

namespace almagest {

/// The dataset type of these files; an `[outputs]` entry of this name takes their place.
inline constexpr char const* metadata_type = "metadata";

/// What the steps of a unit measured of themselves, by step, as TOML. No times and no machines: the
/// same bytes for the same data.
std::string metadata_text(DataId const& id,
                          std::map<std::string, std::vector<MetricRow>> const& metrics);

}  // namespace almagest
