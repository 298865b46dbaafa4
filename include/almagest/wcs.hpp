#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "almagest/geometry.hpp"
#include "almagest/header.hpp"
#include "almagest/product.hpp"

namespace almagest {

/// A polynomial in two variables, Σ c(i,j) u^i v^j with i + j ≤ order: one SIP matrix.
class SipPolynomial {
 public:
  SipPolynomial() = default;
  explicit SipPolynomial(int order);
  int order() const noexcept { return order_; }
  bool empty() const noexcept { return coefficients_.empty(); }
  double& at(int i, int j) { return coefficients_[index(i, j)]; }
  double at(int i, int j) const { return coefficients_[index(i, j)]; }
  double operator()(double u, double v) const noexcept;
  bool operator==(SipPolynomial const&) const = default;

 private:
  std::size_t index(int i, int j) const noexcept {
    return static_cast<std::size_t>(i) * static_cast<std::size_t>(order_ + 1) +
           static_cast<std::size_t>(j);
  }
  int order_ = 0;
  std::vector<double> coefficients_;
};

/// World coordinates: a gnomonic projection (TAN) with optional SIP distortion, ICRS.
///
/// Pixel → sky: (u, v) = pixel − crpix; (u, v) += (A(u,v), B(u,v)); intermediate = CD · (u, v);
/// deproject (Calabretta & Greisen 2002; Shupe et al. 2005). Sky → pixel starts from AP, BP, or
/// from the linear solution where there is none, and is made exact by Newton steps. Pure functions
/// of the state: safe from many threads.
class Wcs {
 public:
  /// CD in degrees per pixel: {cd11, cd12, cd21, cd22}; crpix 0-based.
  Wcs(Point crpix, SkyPoint crval, std::array<double, 4> cd);

  /// A TAN-SIP distortion; `reverse_*` may be empty.
  void set_sip(SipPolynomial a, SipPolynomial b, SipPolynomial reverse_a, SipPolynomial reverse_b);

  SkyPoint pixel_to_sky(Point pixel) const noexcept;
  /// \throws DataError when the position is on the other hemisphere or the distortion cannot be
  /// inverted there
  Point sky_to_pixel(SkyPoint sky) const;

  Point crpix() const noexcept { return crpix_; }
  SkyPoint crval() const noexcept { return crval_; }
  std::array<double, 4> const& cd() const noexcept { return cd_; }
  bool has_sip() const noexcept { return !a_.empty(); }
  SipPolynomial const& sip_a() const noexcept { return a_; }
  SipPolynomial const& sip_b() const noexcept { return b_; }
  SipPolynomial const& sip_reverse_a() const noexcept { return ap_; }
  SipPolynomial const& sip_reverse_b() const noexcept { return bp_; }

  /// d(sky, tangent-plane radians)/d(pixel) at a position: {dxi/dx, dxi/dy, deta/dx, deta/dy}.
  std::array<double, 4> jacobian(Point pixel) const noexcept;
  /// Pixel area's square root at a position [rad].
  double pixel_scale(Point pixel) const noexcept;
  /// The same sky seen by an image whose pixel (0, 0) is the present one's `offset`.
  Wcs shifted(Pixel offset) const;

  bool operator==(Wcs const&) const = default;

 private:
  Point crpix_;
  SkyPoint crval_;
  std::array<double, 4> cd_;
  SipPolynomial a_, b_, ap_, bp_;
};

template <>
struct ProductTraits<Wcs> {
  static constexpr std::string_view id = "almagest.Wcs/1";
};

/// The cards of a WCS (CTYPE, CRVAL, CRPIX 1-based, CD, A_i_j …, RADESYS = ICRS).
Header wcs_cards(Wcs const& wcs);

/// The WCS that a header describes, TAN or TAN-SIP, with CD, PC + CDELT or CROTA (parsed by
/// wcslib). \throws DataError for a missing, unsupported or singular WCS, naming the header's
/// origin
Wcs wcs_from_header(Header const& header);

/// One pair of a WCS fit.
struct WcsControlPoint {
  Point pixel;
  SkyPoint sky;
  double weight = 1.0;
};

struct WcsFit {
  Wcs wcs;
  double rms_arcsec = 0.0;  ///< of the control points' residuals, weighted
  double maximum_arcsec = 0.0;
};

/// Fits a TAN-SIP WCS to control points by linear least squares.
///
/// \param box        pixels over which the reverse polynomials are fitted
/// \param sip_order  0 or 1 for plain TAN
/// \throws DataError with fewer points than coefficients, or a degenerate configuration
WcsFit fit_wcs(std::span<WcsControlPoint const> points, Box const& box, int sip_order);

}  // namespace almagest
