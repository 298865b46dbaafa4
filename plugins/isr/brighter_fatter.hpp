#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "almagest/calibrations.hpp"
#include "almagest/exposure.hpp"
#include "almagest/task.hpp"

#include "deflection.hpp"

namespace isr {

/// Undoes the deflection of charge by charge that makes bright stars wider than faint ones.
class BrighterFatter final : public almagest::Task {
 public:
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  template <class T>
  using Param = almagest::Param<T>;
  almagest::Image<float> charge_of(almagest::Exposure const& exposure) const;
  Deflection::Rimmed corrected(Deflection const& deflection, almagest::Image<float> const& charge,
                               almagest::Context& context) const;
  void flag(almagest::Mask& mask, int margin) const;

  Param<std::string> method =
      Param<std::string>{*this, "method", "faces",
                         "\"faces\": ½·I·ΔF moves across each face of a pixel, I at the face to "
                         "fourth order; \"conserving_flux\": the same with I of the pixel that "
                         "gives; \"gradient\": I + ½(∇I·∇F + I∇²F) with central differences"}
          .one_of({"faces", "conserving_flux", "gradient"});
  Param<int> max_iterations =
      Param<int>{*this, "max_iterations", 10, "Iterations at most"}.within(1, 1000);
  Param<double> threshold =
      Param<double>{*this, "threshold", 1000.0,
                    "Done when an iteration changes the frame by less than this, sum of absolute "
                    "values [electron]"}
          .within(0.0, 1e12);
  Param<std::vector<std::string>> masks{
      *this,
      "masks",
      {"SAT", "BAD", "NO_DATA", "UNMASKEDNAN"},
      "Mask planes whose pixels tell nothing of the charge: it is interpolated there"};
  Param<int> grow =
      Param<int>{*this, "grow", 1, "These planes grow by so much [pixel]"}.within(0, 100);

  almagest::In<almagest::Exposure> input{*this, "exposure"};
  almagest::In<almagest::BrighterFatterKernel> bf_kernel{*this, "bf_kernel"};
  almagest::Out<almagest::Exposure> output{*this, "exposure", "The same, with charge in its place"};

  almagest::Metric<std::int64_t> iterations{*this, "iterations", "", "Iterations done"};
  almagest::Metric<double> last_change{*this, "last_change", "electron",
                                       "Sum of absolute changes in the last iteration"};
};

}  // namespace isr
