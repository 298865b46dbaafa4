#pragma once

#include <algorithm>
#include <cmath>
#include <compare>
#include <cstdint>
#include <numbers>

namespace almagest {

/// A position in pixels, (0, 0) at the centre of the first pixel, rows going up; or any pair of
/// coordinates.
struct Point {
  double x = 0.0;
  double y = 0.0;
  bool operator==(Point const&) const = default;
};

/// Integer pixel indices in the parent frame.
struct Pixel {
  int x = 0;
  int y = 0;
  bool operator==(Pixel const&) const = default;
};

/// The pixel that holds a position: floor(v + 0.5) on each axis.
inline Pixel nearest_pixel(Point p) noexcept {
  return {static_cast<int>(std::floor(p.x + 0.5)), static_cast<int>(std::floor(p.y + 0.5))};
}

/// A rectangle of whole pixels in the parent frame: columns x0 … x0 + width − 1. Empty when a side
/// is ≤ 0.
struct Box {
  int x0 = 0;
  int y0 = 0;
  int width = 0;
  int height = 0;

  int x1() const noexcept { return x0 + width - 1; }   ///< last column
  int y1() const noexcept { return y0 + height - 1; }  ///< last row
  bool empty() const noexcept { return width <= 0 || height <= 0; }
  std::int64_t area() const noexcept { return empty() ? 0 : std::int64_t{width} * height; }
  bool contains(int x, int y) const noexcept {
    return x >= x0 && y >= y0 && x <= x1() && y <= y1();
  }
  bool contains(Pixel p) const noexcept { return contains(p.x, p.y); }
  bool contains(Box const& b) const noexcept {
    return b.empty() || (b.x0 >= x0 && b.y0 >= y0 && b.x1() <= x1() && b.y1() <= y1());
  }
  Box grown(int n) const noexcept { return {x0 - n, y0 - n, width + 2 * n, height + 2 * n}; }
  /// From inclusive corners.
  static Box from_corners(int xa, int ya, int xb, int yb) noexcept {
    return {xa, ya, xb - xa + 1, yb - ya + 1};
  }
  bool operator==(Box const&) const = default;
};

/// The common part; an empty box (width 0) when there is none.
inline Box intersection(Box const& a, Box const& b) noexcept {
  Box const c = Box::from_corners(std::max(a.x0, b.x0), std::max(a.y0, b.y0),
                                  std::min(a.x1(), b.x1()), std::min(a.y1(), b.y1()));
  return c.empty() ? Box{c.x0, c.y0, 0, 0} : c;
}

/// The middle of a box's pixels.
inline Point centre_of(Box const& box) noexcept {
  return {box.x0 + 0.5 * (box.width - 1), box.y0 + 0.5 * (box.height - 1)};
}

/// A direction on the sky (ICRS), radians.
struct SkyPoint {
  double ra = 0.0;
  double dec = 0.0;
  bool operator==(SkyPoint const&) const = default;
};

/// All directions within a radius of a centre.
struct SkyCircle {
  SkyPoint centre;
  double radius = 0.0;  ///< [rad]
};

inline constexpr double radians_per_degree = std::numbers::pi / 180.0;
inline constexpr double radians_per_arcsec = radians_per_degree / 3600.0;

/// Great-circle distance [rad], accurate for small ones (haversine).
double separation(SkyPoint const& a, SkyPoint const& b) noexcept;

}  // namespace almagest
