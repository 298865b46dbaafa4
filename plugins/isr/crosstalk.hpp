#pragma once

#include <string>
#include <vector>

#include "almagest/amplifier_view.hpp"
#include "almagest/calibrations.hpp"
#include "almagest/task.hpp"

#include "frame_port.hpp"

namespace isr {

/// Removes the ghosts that amplifiers leave in each other.
///
/// \tparam Frame  almagest::RawExposure (data pixels only) or almagest::Exposure
template <class Frame>
class CrosstalkCorrection final : public almagest::Task {
 public:
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  template <class T>
  using Param = almagest::Param<T>;
  std::vector<float> backgrounds(std::vector<almagest::AmplifierView> const& views,
                                 std::vector<almagest::MaskPixel> const& ignored) const;

  Param<std::string> background =
      Param<std::string>{*this, "background", "detector",
                         "Level from which a source's signal counts: \"detector\" is the median of "
                         "the detector's usable pixels, \"amplifier\" that of each amplifier, "
                         "\"none\" is 0"}
          .one_of({"detector", "amplifier", "none"});
  Param<std::vector<std::string>> ignore{
      *this, "ignore", {"BAD"}, "Mask planes whose pixels do not count for the background"};
  Param<double> min_pixel =
      Param<double>{*this, "min_pixel", 45000.0,
                    "CROSSTALK is set where a source is this much above the background; 0: never "
                    "[unit of the image]"}
          .within(0.0, 1e9);
  Param<double> min_correction =
      Param<double>{*this, "min_correction", 0.0,
                    "CROSSTALK is set where the correction is larger than this; 0: never [unit of "
                    "the image]"}
          .within(0.0, 1e9);

  almagest::In<Frame> input{*this, frame_port<Frame>};
  almagest::In<almagest::Crosstalk> crosstalk{*this, "crosstalk",
                                              "In the unit of the image (quadratic term)"};
  almagest::Out<Frame> output{*this, frame_port<Frame>, "The same without ghosts"};

  almagest::Metric<double> level{*this, "background", "adu",
                                 "Level from which signals count, mean over the amplifiers"};
};

extern template class CrosstalkCorrection<almagest::Exposure>;
extern template class CrosstalkCorrection<almagest::RawExposure>;

}  // namespace isr
