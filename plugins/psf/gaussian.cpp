#include "gaussian.hpp"

#include <cmath>
#include <string>

#include "almagest/error.hpp"

namespace psf {
using namespace almagest;

std::shared_ptr<Psf const> gaussian(double sigma, int kernel_size) {
  constexpr double sigmas = 5.0;
  int const size =
      kernel_size > 0 ? kernel_size : 2 * static_cast<int>(std::ceil(sigmas * sigma)) + 1;
  return std::make_shared<GaussianPsf>(sigma, size);
}

void check_kernel_size(int kernel_size) {
  if (kernel_size % 2 == 0 && kernel_size != 0)
    throw ConfigError("parameter 'kernel_size' must be odd, or 0 for one that fits, got " +
                      std::to_string(kernel_size));
}

}  // namespace psf
