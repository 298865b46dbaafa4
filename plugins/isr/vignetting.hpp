#pragma once

#include <string>
#include <vector>

#include "almagest/exposure.hpp"
#include "almagest/task.hpp"

namespace isr {

/// A circle in the focal plane [mm].
struct FocalCircle {
  almagest::Point centre;
  double radius = 0.0;
};

/// Sets bits in the pixels of a detector whose centre is outside the circle.
/// \returns how many. \throws DataError when the detector's pixel size is not known
std::int64_t flag_outside(almagest::Mask& mask, almagest::Detector const& detector,
                          FocalCircle const& circle, almagest::MaskPixel bits);

/// Flags pixels that the telescope's optics do not light fully.
class Vignetting final : public almagest::Task {
 public:
  void prepare(almagest::Setup& setup) override;
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  almagest::Param<std::vector<double>> centre{
      *this, "centre", {0.0, 0.0}, "Centre of the lit circle in the focal plane, x and y [mm]"};
  almagest::Param<double> radius =
      almagest::Param<double>{*this, "radius", "Its radius [mm]"}.within(0.0, 1e6);
  almagest::Param<std::vector<std::string>> planes{
      *this, "planes", {"NO_DATA"}, "Mask planes that are set outside; new ones are made"};
  almagest::In<almagest::Exposure> input{*this, "exposure"};
  almagest::Out<almagest::Exposure> output{*this, "exposure"};

  almagest::Metric<std::int64_t> vignetted{*this, "vignetted", "pixel", "Pixels outside"};
};

}  // namespace isr
