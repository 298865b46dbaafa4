#pragma once

#include <span>
#include <vector>

#include "almagest/geometry.hpp"
#include "almagest/image.hpp"

namespace almagest {

/// A smooth function over a box: Σ c(i,j) T_i(X) T_j(Y), with X and Y running from −1 to 1 over the
/// box's pixel edges: X = (2(x − x0) + 1)/width − 1 (science document, section 2.1).
class Chebyshev2 {
 public:
  Chebyshev2() = default;
  /// \param coefficients  (order_x + 1) × (order_y + 1), row i holds T_i(X), y fastest
  Chebyshev2(Box box, int order_x, int order_y, std::vector<double> coefficients);
  static Chebyshev2 constant(Box box, double value);

  Box const& box() const noexcept { return box_; }
  int order_x() const noexcept { return order_x_; }
  int order_y() const noexcept { return order_y_; }
  std::vector<double> const& coefficients() const noexcept { return coefficients_; }

  double operator()(Point p) const noexcept;
  /// image −= this, pixel by pixel over the image's own box; the model is rounded to float before
  /// it is subtracted.
  void subtract_from(Image<float>& image) const;
  Image<float> image() const;
  bool operator==(Chebyshev2 const&) const = default;

  struct Sample {
    Point position;
    double value;
    double weight;
  };
  /// Weighted least squares over terms with i + j ≤ order. \throws DataError with fewer samples
  /// than terms
  static Chebyshev2 fit(Box box, int order, std::span<Sample const> samples);

 private:
  Box box_;
  int order_x_ = 0;
  int order_y_ = 0;
  std::vector<double> coefficients_;
};

}  // namespace almagest
