#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace isr {

/// A smooth curve through points that one outlier bends only near itself (Akima 1970, J. ACM 17,
/// 589): a cubic between neighbours, with slopes weighted by how little they change.
class AkimaSpline {
 public:
  /// One piece: c[0] + c[1]·d + c[2]·d² + c[3]·d³, d = x − start.
  struct Piece {
    double start;
    double c[4];
  };

  /// \param x  finite and increasing, two at least; \param y  as many, finite
  /// \throws DataError saying which point is wrong
  AkimaSpline(std::span<double const> x, std::span<double const> y);

  /// Beyond the ends the curve goes on as a parabola, with the end's first and second derivative.
  double operator()(double x) const noexcept;

  std::vector<Piece> const& pieces() const noexcept { return pieces_; }
  double first() const noexcept { return pieces_.front().start; }
  double last() const noexcept { return last_; }

 private:
  std::vector<Piece> pieces_;
  double last_ = 0.0;
};

}  // namespace isr
