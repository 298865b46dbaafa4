#pragma once

#include <cstdint>

#include "almagest/calibrations.hpp"
#include "almagest/exposure.hpp"
#include "almagest/task.hpp"

namespace isr {

/// Flags the detector's known bad pixels, and those that are no number.
class FlagDefects final : public almagest::Task {
 public:
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  almagest::In<almagest::Exposure> input{*this, "exposure"};
  almagest::In<almagest::Defects> defects{*this, "defects"};
  almagest::Out<almagest::Exposure> output{*this, "exposure", "With BAD and UNMASKEDNAN"};

  almagest::Metric<std::int64_t> not_finite{*this, "not_finite", "pixel",
                                            "Pixels that are NaN or infinite"};
};

/// Flags pixels that are no number.
class FlagNotFinite final : public almagest::Task {
 public:
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  almagest::In<almagest::Exposure> input{*this, "exposure"};
  almagest::Out<almagest::Exposure> output{*this, "exposure", "With UNMASKEDNAN"};

  almagest::Metric<std::int64_t> not_finite{*this, "not_finite", "pixel",
                                            "Pixels that are NaN or infinite"};
};

}  // namespace isr
