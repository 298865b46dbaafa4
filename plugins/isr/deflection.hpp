#pragma once

#include <vector>

#include "almagest/image.hpp"

namespace isr {

/// The brighter-fatter effect of a chip: the charge that pixels hold already pushes away what
/// arrives (ISR document 4.1, step 10).
///
/// The kernel K [1/electron] gives the potential F = K ⊗ I of an image I [electron]; its gradient
/// moves half of what it would if all charge were there from the beginning.
class Deflection {
 public:
  /// \param kernel  square, odd, 3 × 3 at least, finite; \throws DataError
  explicit Deflection(almagest::Image<double> const& kernel);

  /// Half of the kernel's side: so many pixels at an image's edge cannot be corrected.
  int margin() const noexcept { return half_; }

  /// How the gradients are taken of pixels. The latter two move −½·I·ΔF across each face of a pixel
  /// and so conserve charge; they differ in what I is at a face.
  enum class Method {
    gradient,         ///< I + ½(∇I·∇F + I∇²F), with central differences
    faces,            ///< I of the four pixels across the face, to fourth order
    conserving_flux,  ///< I of the pixel that gives
  };

  /// An image with a rim of one pixel, which repeats its edge.
  class Rimmed {
   public:
    explicit Rimmed(almagest::Image<float> const& image);
    /// \param y  −1 … height; pixels −1 … width of the row are there
    float const* row(int y) const noexcept { return pixels_.data() + offset(y); }
    float* row(int y) noexcept { return pixels_.data() + offset(y); }
    int width() const noexcept { return width_; }
    int height() const noexcept { return height_; }

   private:
    std::size_t offset(int y) const noexcept {
      return static_cast<std::size_t>(y + 1) * stride_ + 1;
    }
    int width_, height_;
    std::size_t stride_;
    std::vector<float> pixels_;
  };

  /// What was observed, with the deflection undone that an estimate of the truth causes: rows
  /// begin … end − 1, which must be margin() away from the edge, and columns that are. The rest of
  /// `result` is left alone.
  ///
  /// \param observed, estimate, result  [electron], of one size
  /// \returns the sum of |result − estimate| [electron]
  double undo(Method method, almagest::Image<float> const& observed, Rimmed const& estimate,
              Rimmed& result, int begin, int end) const;

 private:
  void potential(Rimmed const& charge, int y, float* to) const;
  void potential_of_symmetric(Rimmed const& charge, int y, float* to) const;

  int half_ = 0;
  int side_ = 0;
  bool symmetric_ = false;     ///< against mirroring, in x and in y: a quarter is enough
  std::vector<float> kernel_;  ///< row by row; of a symmetric one its middle and what follows
};

}  // namespace isr
