#include "almagest/chebyshev.hpp"

#include <algorithm>
#include <cmath>

#include <Eigen/Dense>
#include <fmt/format.h>

#include "almagest/error.hpp"

namespace almagest {
namespace {

/// A pixel coordinate on the scale where the box's edges are −1 and 1.
double normalised(double value, int origin, int extent) noexcept {
  return (2.0 * (value - origin) + 1.0) / extent - 1.0;
}

/// Σ c_k T_k(t) by Clenshaw's recurrence; coefficient k is `first[k * stride]`.
double clenshaw(double const* first, int order, std::ptrdiff_t stride, double t) noexcept {
  double next = 0.0;
  double after_next = 0.0;
  for (int k = order; k > 0; --k) {
    double const current = first[k * stride] + 2.0 * t * next - after_next;
    after_next = next;
    next = current;
  }
  return first[0] + t * next - after_next;
}

/// T_0(t) … T_order(t).
Eigen::VectorXd chebyshev_values(double t, int order) {
  Eigen::VectorXd values(order + 1);
  values[0] = 1.0;
  if (order > 0) values[1] = t;
  for (int k = 2; k <= order; ++k) values[k] = 2.0 * t * values[k - 1] - values[k - 2];
  return values;
}

/// The function on the rows of a box: tabulates T_i(X) once, so that a row is a few
/// multiplications per pixel.
class RowEvaluator {
 public:
  RowEvaluator(Chebyshev2 const& function, Box const& box)
      : function_(function),
        origin_(box.y0),
        table_(box.width, function.order_x() + 1),
        in_x_(function.order_x() + 1),
        row_(box.width) {
    for (int x = 0; x < box.width; ++x) {
      double const t = normalised(box.x0 + x, function.box().x0, function.box().width);
      table_.row(x) = chebyshev_values(t, function.order_x()).transpose();
    }
  }

  /// Row `y` of the box, 0-based; valid until the next call.
  Eigen::VectorXd const& row(int y) {
    double const t = normalised(origin_ + y, function_.box().y0, function_.box().height);
    std::ptrdiff_t const columns = function_.order_y() + 1;
    for (int i = 0; i <= function_.order_x(); ++i) {
      in_x_[i] = clenshaw(function_.coefficients().data() + i * columns, function_.order_y(), 1, t);
    }
    row_.noalias() = table_ * in_x_;
    return row_;
  }

 private:
  Chebyshev2 const& function_;
  int origin_;
  Eigen::MatrixXd table_;  // column i holds T_i of every pixel column
  Eigen::VectorXd in_x_;   // the row as a series in X
  Eigen::VectorXd row_;
};

}  // namespace

Chebyshev2::Chebyshev2(Box box, int order_x, int order_y, std::vector<double> coefficients)
    : box_(box), order_x_(order_x), order_y_(order_y), coefficients_(std::move(coefficients)) {
  if (box.empty()) throw DataError("Chebyshev series: the box is empty");
  if (order_x < 0 || order_y < 0) {
    throw DataError(
        fmt::format("Chebyshev series: orders {} and {} must not be negative", order_x, order_y));
  }
  auto const expected =
      (static_cast<std::size_t>(order_x) + 1) * (static_cast<std::size_t>(order_y) + 1);
  if (coefficients_.size() != expected) {
    throw DataError(fmt::format("Chebyshev series: orders {} and {} need {} coefficients, got {}",
                                order_x, order_y, expected, coefficients_.size()));
  }
}

Chebyshev2 Chebyshev2::constant(Box box, double value) {
  return {box, 0, 0, {value}};
}

double Chebyshev2::operator()(Point p) const noexcept {
  if (coefficients_.empty()) return 0.0;
  double const tx = normalised(p.x, box_.x0, box_.width);
  double const ty = normalised(p.y, box_.y0, box_.height);
  std::ptrdiff_t const columns = order_y_ + 1;
  // Clenshaw in X over coefficients that are themselves series in Y.
  double next = 0.0;
  double after_next = 0.0;
  for (int i = order_x_; i > 0; --i) {
    double const c = clenshaw(coefficients_.data() + i * columns, order_y_, 1, ty);
    double const current = c + 2.0 * tx * next - after_next;
    after_next = next;
    next = current;
  }
  return clenshaw(coefficients_.data(), order_y_, 1, ty) + tx * next - after_next;
}

void Chebyshev2::subtract_from(Image<float>& image) const {
  if (coefficients_.empty() || image.empty()) return;
  RowEvaluator model(*this, image.bbox());
  for (int y = 0; y < image.height(); ++y) {
    double const* const values = model.row(y).data();
    auto const row = image.row(y);
    for (std::size_t x = 0; x < row.size(); ++x) row[x] -= static_cast<float>(values[x]);
  }
}

Image<float> Chebyshev2::image() const {
  auto image = Image<float>::uninitialised(box_);
  if (coefficients_.empty()) return image;
  RowEvaluator model(*this, box_);
  for (int y = 0; y < image.height(); ++y) {
    double const* const values = model.row(y).data();
    std::transform(values, values + image.width(), image.row(y).begin(),
                   [](double v) { return static_cast<float>(v); });
  }
  return image;
}

Chebyshev2 Chebyshev2::fit(Box box, int order, std::span<Sample const> samples) {
  if (order < 0) throw DataError(fmt::format("Chebyshev fit: order {} is negative", order));
  if (box.empty()) throw DataError("Chebyshev fit: the box is empty");
  Eigen::Index const side = order + 1;
  Eigen::Index const terms = side * (side + 1) / 2;
  for (Sample const& s : samples) {
    if (!std::isfinite(s.position.x) || !std::isfinite(s.position.y) || !std::isfinite(s.value) ||
        !std::isfinite(s.weight) || s.weight < 0.0) {
      throw DataError(fmt::format(
          "Chebyshev fit: a sample at ({}, {}) with value {} and weight {} is not finite",
          s.position.x, s.position.y, s.value, s.weight));
    }
  }
  auto const count =
      std::count_if(samples.begin(), samples.end(), [](Sample const& s) { return s.weight > 0.0; });
  if (count < terms) {
    throw DataError(fmt::format("Chebyshev fit: order {} has {} terms, but there are {} samples",
                                order, terms, count));
  }

  // Row k: √weight · T_i(X) T_j(Y) for i + j ≤ order.
  Eigen::MatrixXd design(static_cast<Eigen::Index>(samples.size()), terms);
  Eigen::VectorXd values(design.rows());
  for (Eigen::Index k = 0; k < design.rows(); ++k) {
    Sample const& s = samples[static_cast<std::size_t>(k)];
    double const root = std::sqrt(s.weight);
    auto const tx = chebyshev_values(normalised(s.position.x, box.x0, box.width), order);
    auto const ty = chebyshev_values(normalised(s.position.y, box.y0, box.height), order);
    Eigen::Index term = 0;
    for (Eigen::Index i = 0; i < side; ++i) {
      for (Eigen::Index j = 0; j < side - i; ++j) design(k, term++) = root * tx[i] * ty[j];
    }
    values[k] = root * s.value;
  }
  Eigen::ColPivHouseholderQR<Eigen::MatrixXd> const solver(design);
  if (solver.rank() < terms) {
    throw DataError(fmt::format(
        "Chebyshev fit: the positions of {} samples do not determine the {} terms of order {}",
        count, terms, order));
  }
  Eigen::VectorXd const solution = solver.solve(values);

  std::vector<double> coefficients(static_cast<std::size_t>(side * side));
  Eigen::Index term = 0;
  for (Eigen::Index i = 0; i < side; ++i) {
    for (Eigen::Index j = 0; j < side - i; ++j) {
      coefficients[static_cast<std::size_t>(i * side + j)] = solution[term++];
    }
  }
  return {box, order, order, std::move(coefficients)};
}

}  // namespace almagest
