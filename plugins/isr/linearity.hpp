#pragma once

#include "almagest/calibrations.hpp"
#include "almagest/task.hpp"

#include "frame_port.hpp"

namespace isr {

/// Makes each amplifier's answer proportional to the charge, by what camera.toml says of it or a
/// table of its own. Coefficients are of adu, also where the frame is in electrons already.
///
/// \tparam Frame  almagest::RawExposure (data pixels only) or almagest::Exposure
template <class Frame>
class LinearityCorrection final : public almagest::Task {
 public:
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  almagest::In<Frame> input{*this, frame_port<Frame>};
  almagest::MaybeIn<almagest::LinearityTable> table{
      *this, "linearity", "Measured for each amplifier; stands above the camera's"};
  almagest::Out<Frame> output{*this, frame_port<Frame>, "The same with a linear answer"};
};

extern template class LinearityCorrection<almagest::Exposure>;
extern template class LinearityCorrection<almagest::RawExposure>;

}  // namespace isr
