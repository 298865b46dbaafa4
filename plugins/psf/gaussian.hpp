#pragma once

#include <memory>

#include "almagest/psf.hpp"

namespace psf {

/// Full width at half maximum of a Gaussian, over its sigma: 2√(2 ln 2).
inline constexpr double fwhm_per_sigma = 2.354820045030949;

/// A round Gaussian PSF.
///
/// \param kernel_size  side of the kernel [pixel], odd; 0 chooses 2⌈5σ⌉ + 1, outside of which is
/// less than 10⁻⁵ of the light
std::shared_ptr<almagest::Psf const> gaussian(double sigma, int kernel_size);

/// \throws ConfigError for a kernel size that is neither 0 nor odd
void check_kernel_size(int kernel_size);

}  // namespace psf
