#pragma once

#include "almagest/exposure.hpp"
#include "almagest/raw_exposure.hpp"
#include "almagest/task.hpp"

namespace isr {

/// Makes an exposure of a raw frame's amplifiers.
class Assemble final : public almagest::Task {
 public:
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  almagest::In<almagest::RawExposure> input{*this, "raw"};
  almagest::Out<almagest::Exposure> output{*this, "exposure", "Data pixels only, variance 0"};
};

}  // namespace isr
