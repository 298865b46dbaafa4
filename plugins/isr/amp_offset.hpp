#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "almagest/exposure.hpp"
#include "almagest/task.hpp"

#include "interfaces.hpp"

namespace isr {

/// Makes the sky of neighbouring amplifiers meet.
class AmpOffset final : public almagest::Task {
 public:
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  template <class T>
  using Param = almagest::Param<T>;
  almagest::Image<float> bare_sky(almagest::Exposure const& exposure) const;
  std::vector<InterfaceStep> steps(almagest::Exposure const& exposure,
                                   almagest::Context& context) const;

  Param<int> width =
      Param<int>{*this, "width", 64, "Width of the strips compared [pixel]"}.within(1, 10000);
  Param<int> inset =
      Param<int>{*this, "inset", 5, "Pixels left out between a strip and the interface [pixel]"}
          .within(0, 10000);
  Param<double> window =
      Param<double>{*this, "window", 0.123,
                    "Window of the smoothing along an interface, fraction of its length"}
          .within(0.0, 1.0);
  Param<double> min_good =
      Param<double>{*this, "min_good", 0.5,
                    "Fraction of an interface's lines that must have half of their pixels"}
          .within(0.0, 1.0);
  Param<double> max_step =
      Param<double>{*this, "max_step", 5.0,
                    "Interfaces with a larger step are left out: something else is there [unit of "
                    "the image]"}
          .within(0.0, 1e9);
  Param<double> threshold =
      Param<double>{*this, "threshold", 5.0,
                    "Pixels this far from the sky are sources, in sigmas of the sky"}
          .within(1.0, 1e9);
  Param<int> bin_size =
      Param<int>{*this, "bin_size", 128, "Cells of the sky that is removed first [pixel]"}.within(
          8, 65536);
  Param<int> order =
      Param<int>{*this, "order", 6, "Highest order of its Chebyshev series"}.within(0, 20);
  Param<std::vector<std::string>> ignore{
      *this,
      "ignore",
      {"BAD", "SAT", "SUSPECT", "INTRP", "CR", "EDGE", "DETECTED", "NO_DATA", "UNMASKEDNAN"},
      "Mask planes whose pixels are no sky"};

  almagest::In<almagest::Exposure> input{*this, "exposure"};
  almagest::Out<almagest::Exposure> output{*this, "exposure", "The same without steps"};

  almagest::Metric<double> largest{*this, "largest_pedestal", "adu",
                                   "Of what was subtracted from an amplifier, in size"};
  almagest::Metric<std::int64_t> used{*this, "interfaces_used", "", "Interfaces with a valid step"};
};

}  // namespace isr
