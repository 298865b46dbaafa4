#pragma once

#include "almagest/background.hpp"
#include "almagest/exposure.hpp"
#include "almagest/task.hpp"

namespace calibs {

/// Divides a frame whose sky was subtracted by the mean of that sky, so that fringes of frames with
/// more and less sky can be averaged.
class FringeScale final : public almagest::Task {
 public:
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  almagest::In<almagest::Exposure> input{*this, "exposure", "Without its sky"};
  almagest::In<almagest::Background> sky{*this, "background", "What was subtracted"};
  almagest::Out<almagest::Exposure> output{*this, "exposure", "In units of its sky"};

  almagest::Metric<double> sky_level{*this, "sky_level", "", "Mean of the sky [unit of the image]"};
};

}  // namespace calibs
