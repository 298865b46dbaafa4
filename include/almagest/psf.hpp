#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "almagest/geometry.hpp"
#include "almagest/image.hpp"
#include "almagest/moments.hpp"
#include "almagest/product.hpp"

namespace almagest {

/// What a PSF is made of: named arrays, which a file keeps even when no plugin knows the type.
struct PsfState {
  struct Array {
    std::vector<int> shape;  ///< the last dimension varies fastest
    std::vector<double> values;
    bool operator==(Array const&) const = default;
  };
  std::string type;  ///< "almagest.KernelPsf/1"
  std::map<std::string, Array> arrays;
  bool operator==(PsfState const&) const = default;
};

/// The point-spread function of an exposure, varying over it. Safe to use from many threads.
class Psf {
 public:
  virtual ~Psf();

  /// The PSF at a position, centred on a pixel: bbox() is symmetric about (0, 0), the sum is 1.
  virtual Image<double> kernel(Point position) const = 0;
  virtual PsfState state() const = 0;
  /// Side of the kernel's box [pixel], odd.
  virtual int kernel_size() const = 0;

  /// The kernel moved to a source's sub-pixel position (Lanczos-5; science document section 1), in
  /// the parent frame: the box is centred on nearest_pixel(position). Not renormalised after the
  /// shift.
  Image<double> stamp(Point position) const;

  /// Adaptive moments of the kernel at a position. \throws MeasurementError
  Quadrupole shape(Point position) const;
};

template <>
struct ProductTraits<std::shared_ptr<Psf const>> {
  static constexpr std::string_view id = "almagest.Psf/1";
};

/// Basis images times polynomials of the position: SDSS KL, principal components, PSFEx.
///
/// kernel(x, y) = Σ_k w_k E_k, w_k = Σ_{i,j} c_k(i,j) (s·x)^i (s·y)^j, normalised to sum 1
/// afterwards.
class KernelPsf final : public Psf {
 public:
  struct Basis {
    Image<double> image;               ///< all of the same odd size
    std::vector<double> coefficients;  ///< (order_x + 1) × (order_y + 1), y fastest
  };
  /// \param scale  multiplies positions before they enter the polynomial (SDSS: 0.001)
  /// \throws DataError for an empty basis, unequal or even sizes
  KernelPsf(std::vector<Basis> basis, int order_x, int order_y, double scale);
  static constexpr std::string_view type = "almagest.KernelPsf/1";
  static std::shared_ptr<Psf const> from_state(PsfState const& state);

  /// \throws MeasurementError when the sum at this position is not positive
  Image<double> kernel(Point position) const override;
  PsfState state() const override;
  int kernel_size() const override;

 private:
  std::vector<Basis> basis_;
  int order_x_, order_y_;
  double scale_;
};

/// A round Gaussian, the same everywhere.
class GaussianPsf final : public Psf {
 public:
  /// \param sigma  [pixel]; \param size  side of the kernel [pixel], odd
  GaussianPsf(double sigma, int size);
  static constexpr std::string_view type = "almagest.GaussianPsf/1";
  static std::shared_ptr<Psf const> from_state(PsfState const& state);
  double sigma() const noexcept { return sigma_; }
  Image<double> kernel(Point position) const override;
  PsfState state() const override;
  int kernel_size() const override { return size_; }

 private:
  double sigma_;
  int size_;
};

/// A PSF whose type no plugin knows: its state is kept and rewritten unchanged, using it throws.
class UnknownPsf final : public Psf {
 public:
  explicit UnknownPsf(PsfState state) : state_(std::move(state)) {}
  /// \throws NotFoundError that names the type and its plugin
  Image<double> kernel(Point position) const override;
  PsfState state() const override { return state_; }
  int kernel_size() const override;

 private:
  PsfState state_;
};

/// Where a PSF is looked at: the value {x, y} of a parameter `psf_position`, or the box's centre
/// when that is empty.
/// \throws ConfigError for any other number of values
Point position_or_centre(std::vector<double> const& xy, Box const& box);

/// How an image moves by a fraction of a pixel: separable Lanczos-5 with each axis' taps divided by
/// their sum.
///
/// \param dx, dy  shift in pixels, |d| < 1; a positive one moves light towards larger coordinates
/// \returns the image of the same box; light beyond its border is lost
Image<double> lanczos_shift(Image<double> const& image, double dx, double dy);

}  // namespace almagest
