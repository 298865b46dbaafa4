#include "almagest/htm.hpp"

#include <array>
#include <string>
#include <utility>

#include "almagest/error.hpp"

namespace almagest {
namespace {

struct Vector {
  double x = 0.0;
  double y = 0.0;
  double z = 0.0;
};

double dot(Vector const& a, Vector const& b) noexcept {
  return a.x * b.x + a.y * b.y + a.z * b.z;
}
Vector cross(Vector const& a, Vector const& b) noexcept {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
Vector unit(Vector const& v) noexcept {
  double const length = std::sqrt(dot(v, v));
  return {v.x / length, v.y / length, v.z / length};
}
Vector middle(Vector const& a, Vector const& b) noexcept {
  return unit({a.x + b.x, a.y + b.y, a.z + b.z});
}
double distance(Vector const& a, Vector const& b) noexcept {
  Vector const d{a.x - b.x, a.y - b.y, a.z - b.z};
  return std::sqrt(dot(d, d));
}

Vector direction_of(SkyPoint const& point) {
  if (!std::isfinite(point.ra) || !std::isfinite(point.dec))
    throw DataError("a direction on the sky must be finite");
  return {std::cos(point.dec) * std::cos(point.ra), std::cos(point.dec) * std::sin(point.ra),
          std::sin(point.dec)};
}

/// Corners, counter-clockwise as seen from outside.
///
///            v2
///            /\           child 0: v0 w2 w1
///        w1 /__\ w0             1: v1 w0 w2
///          /\  /\               2: v2 w1 w0
///         /__\/__\              3: w0 w1 w2
///       v0   w2   v1
struct Triangle {
  std::array<Vector, 3> v;

  /// The middles of the sides; w[i] is opposite of v[i].
  std::array<Vector, 3> middles() const noexcept {
    return {middle(v[1], v[2]), middle(v[2], v[0]), middle(v[0], v[1])};
  }
  Triangle child(int number, std::array<Vector, 3> const& w) const noexcept {
    switch (number) {
      case 0:
        return {{v[0], w[2], w[1]}};
      case 1:
        return {{v[1], w[0], w[2]}};
      case 2:
        return {{v[2], w[1], w[0]}};
      default:
        return {w};
    }
  }
};

constexpr int children = 4;
constexpr int first_root = 8;
constexpr Vector x_axis{1, 0, 0}, minus_x{-1, 0, 0};
constexpr Vector y_axis{0, 1, 0}, minus_y{0, -1, 0};
constexpr Vector z_axis{0, 0, 1}, minus_z{0, 0, -1};
constexpr std::array<Triangle, 8> roots{{{{x_axis, minus_z, y_axis}},
                                         {{y_axis, minus_z, minus_x}},
                                         {{minus_x, minus_z, minus_y}},
                                         {{minus_y, minus_z, x_axis}},
                                         {{x_axis, z_axis, minus_y}},
                                         {{minus_y, z_axis, minus_x}},
                                         {{minus_x, z_axis, y_axis}},
                                         {{y_axis, z_axis, x_axis}}}};

void check_level(int level) {
  if (level < 0 || level > max_htm_level)
    throw DataError("an HTM level is 0 to " + std::to_string(max_htm_level) + ", not " +
                    std::to_string(level));
}

/// Collects the triangles of one level that a circle may touch, going down from the roots.
class Cover {
 public:
  Cover(SkyCircle const& circle, int level)
      : centre_(direction_of(circle.centre)), radius_(circle.radius), level_(level) {
    for (std::size_t r = 0; r < roots.size(); ++r)
      visit(first_root + static_cast<std::int64_t>(r), roots[r], 0);
  }
  std::vector<std::int64_t> take() && { return std::move(ids_); }

 private:
  /// A few hundred MB of ids: more is a mistake.
  static constexpr std::size_t most_ids = std::size_t{1} << 25;
  /// Far above rounding, far below any triangle: lets the tests err towards touching.
  static constexpr double slack = 1e-13;

  void visit(std::int64_t id, Triangle const& triangle, int level) {
    if (is_apart(triangle)) return;
    if (level == level_ || is_inside(triangle)) return add_all(id, level_ - level);
    auto const w = triangle.middles();
    for (int c = 0; c < children; ++c) visit(children * id + c, triangle.child(c, w), level + 1);
  }

  /// Whether triangle and circle surely have no common point.
  bool is_apart(Triangle const& t) const noexcept {
    // The circle lies behind one of the sides …
    if (radius_ < 0.5 * std::numbers::pi) {
      double const deepest = -std::sin(radius_) - slack;
      for (std::size_t i = 0; i < 3; ++i)
        if (dot(unit(cross(t.v[i], t.v[(i + 1) % 3])), centre_) < deepest) return true;
    }
    // … or away from the circle about the triangle: all its corners are as far from its middle.
    Vector const hub = unit(cross({t.v[1].x - t.v[0].x, t.v[1].y - t.v[0].y, t.v[1].z - t.v[0].z},
                                  {t.v[2].x - t.v[0].x, t.v[2].y - t.v[0].y, t.v[2].z - t.v[0].z}));
    double const reach = 2 * std::asin(0.5 * distance(hub, t.v[0]));
    return radius_ + reach < std::numbers::pi &&
           distance(hub, centre_) > 2 * std::sin(0.5 * (radius_ + reach)) + slack;
  }

  /// Whether the circle surely holds the whole triangle.
  bool is_inside(Triangle const& t) const noexcept {
    if (radius_ >= std::numbers::pi) return true;
    if (radius_ > 0.5 * std::numbers::pi) return false;  // a circle that large is not convex
    double const reach = 2 * std::sin(0.5 * radius_) - slack;
    return distance(t.v[0], centre_) < reach && distance(t.v[1], centre_) < reach &&
           distance(t.v[2], centre_) < reach;
  }

  void add_all(std::int64_t id, int levels_below) {
    std::int64_t const count = std::int64_t{1} << (2 * levels_below);
    if (ids_.size() + static_cast<std::size_t>(count) > most_ids)
      throw DataError("a circle of " + std::to_string(radius_ / radians_per_degree) +
                      " deg has too many HTM triangles of level " + std::to_string(level_));
    for (std::int64_t i = 0; i < count; ++i) ids_.push_back(id * count + i);
  }

  Vector centre_;
  double radius_;
  int level_;
  std::vector<std::int64_t> ids_;
};

}  // namespace

std::int64_t htm_id(SkyPoint const& direction, int level) {
  check_level(level);
  Vector const p = direction_of(direction);
  // A root's corners are axes: a direction is in it when it is on the positive side of each.
  std::size_t root = 0;
  while (root + 1 < roots.size() &&
         !(dot(roots[root].v[0], p) >= 0 && dot(roots[root].v[1], p) >= 0 &&
           dot(roots[root].v[2], p) >= 0))
    ++root;
  std::int64_t id = first_root + static_cast<std::int64_t>(root);
  Triangle triangle = roots[root];
  for (int l = 0; l < level; ++l) {
    auto const w = triangle.middles();
    int const c = dot(cross(w[2], w[1]), p) >= 0   ? 0
                  : dot(cross(w[0], w[2]), p) >= 0 ? 1
                  : dot(cross(w[1], w[0]), p) >= 0 ? 2
                                                   : 3;
    triangle = triangle.child(c, w);
    id = children * id + c;
  }
  return id;
}

std::vector<std::int64_t> htm_cover(SkyCircle const& circle, int level) {
  check_level(level);
  if (!std::isfinite(circle.radius)) throw DataError("a circle's radius must be finite");
  if (circle.radius < 0) return {};
  return Cover(circle, level).take();
}

}  // namespace almagest
