#pragma once

#include <algorithm>
#include <cmath>
#include <optional>

#include "almagest/geometry.hpp"
#include "almagest/image.hpp"
#include "almagest/moments.hpp"

namespace measurement {

/// The pixels x with (x − centre)ᵀ Q⁻¹ (x − centre) ≤ reach²: an ellipse of `reach` σ.
///
/// Never wider or higher than `max_radius` on each side of the centre, so that nonsensical moments
/// cost no more than sensible ones.
class Ellipse {
 public:
  /// \returns nothing when Q is no ellipse: not positive definite, or not finite
  static std::optional<Ellipse> make(almagest::Point centre, almagest::Quadrupole const& q,
                                     double reach, double max_radius) {
    double const d = q.determinant();
    if (!(q.xx > 0.0) || !(q.yy > 0.0) || !(d > 0.0) || !std::isfinite(q.xx * q.yy) ||
        !std::isfinite(centre.x) || !std::isfinite(centre.y))
      return std::nullopt;
    Ellipse ellipse;
    ellipse.centre_ = centre;
    ellipse.inverse_ = {q.yy / d, q.xx / d, -q.xy / d};
    ellipse.limit_ = reach * reach;
    ellipse.half_width_ = std::min(reach * std::sqrt(q.xx), max_radius);
    ellipse.half_height_ = std::min(reach * std::sqrt(q.yy), max_radius);
    return ellipse;
  }

  /// The pixels of `frame` whose centres may lie inside. Compared before they become integers: an
  /// ellipse may be of any size, anywhere.
  almagest::Box bbox(almagest::Box const& frame) const noexcept {
    auto const first = [](double side, int least, int most) {
      return static_cast<int>(std::clamp(std::ceil(side), double(least), most + 1.0));
    };
    auto const last = [](double side, int least, int most) {
      return static_cast<int>(std::clamp(std::floor(side), least - 1.0, double(most)));
    };
    return almagest::Box::from_corners(first(centre_.x - half_width_, frame.x0, frame.x1()),
                                       first(centre_.y - half_height_, frame.y0, frame.y1()),
                                       last(centre_.x + half_width_, frame.x0, frame.x1()),
                                       last(centre_.y + half_height_, frame.y0, frame.y1()));
  }
  /// No pixel whose centre lies inside is outside `frame`.
  bool within(almagest::Box const& frame) const noexcept {
    return std::ceil(centre_.x - half_width_) >= frame.x0 &&
           std::ceil(centre_.y - half_height_) >= frame.y0 &&
           std::floor(centre_.x + half_width_) <= frame.x1() &&
           std::floor(centre_.y + half_height_) <= frame.y1();
  }
  /// (x − centre)ᵀ Q⁻¹ (x − centre)
  double distance2(double x, double y) const noexcept {
    double const u = x - centre_.x, v = y - centre_.y;
    return inverse_.xx * u * u + inverse_.yy * v * v + 2.0 * inverse_.xy * u * v;
  }
  bool contains(double x, double y) const noexcept { return distance2(x, y) <= limit_; }

  /// Calls visit(x, y, distance2) for each pixel inside, row by row, within `frame`.
  template <class Visit>
  void for_each(almagest::Box const& frame, Visit const& visit) const {
    almagest::Box const box = bbox(frame);
    for (int y = box.y0; y <= box.y1(); ++y)
      for (int x = box.x0; x <= box.x1(); ++x)
        if (double const e = distance2(x, y); e <= limit_) visit(x, y, e);
  }

 private:
  Ellipse() = default;
  almagest::Point centre_;
  almagest::Quadrupole inverse_;
  double limit_ = 0.0, half_width_ = 0.0, half_height_ = 0.0;
};

}  // namespace measurement
