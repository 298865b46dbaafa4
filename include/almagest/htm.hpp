#pragma once

#include <cstdint>
#include <vector>

#include "almagest/geometry.hpp"

namespace almagest {

/// The Hierarchical Triangular Mesh (Kunszt, Szalay & Thakar 2001): the sphere in eight triangles,
/// each divided into four at every level. Ids of level L run from 8·4^L to 16·4^L − 1.
inline constexpr int max_htm_level = 24;

/// The triangle that holds a direction (ISR document, section 5).
/// \param level  0 … max_htm_level
std::int64_t htm_id(SkyPoint const& direction, int level);

/// The triangles that a circle may touch, rising. None that it touches is missing; one just outside
/// may be among them.
std::vector<std::int64_t> htm_cover(SkyCircle const& circle, int level);

}  // namespace almagest
