#pragma once

#include <string>

#include "almagest/exposure.hpp"
#include "almagest/task.hpp"

namespace psf {

/// Gives an exposure a Gaussian PSF of a width that is known beforehand: what cosmic rays and the
/// detection of the first stars need.
class Initial final : public almagest::Task {
 public:
  void prepare(almagest::Setup& setup) override;
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  almagest::Param<double> fwhm =
      almagest::Param<double>{*this, "fwhm", 3.53,
                              "Full width at half maximum, in the given unit; the default is a "
                              "sigma of 1.5 pixels"}
          .within(0.1, 100.0);
  almagest::Param<std::string> unit =
      almagest::Param<std::string>{*this, "unit", "pixel",
                                   "Unit of fwhm; \"arcsec\" takes the scale of the WCS in the "
                                   "middle of the frame"}
          .one_of({"pixel", "arcsec"});
  almagest::Param<int> kernel_size =
      almagest::Param<int>{*this, "kernel_size", 0,
                           "Side of the kernel, odd; 0 for one that holds 5 sigma [pixel]"}
          .within(0, 1001);

  almagest::In<almagest::Exposure> input{*this, "exposure"};
  almagest::Out<almagest::Exposure> output{*this, "exposure", "With its PSF"};
};

}  // namespace psf
