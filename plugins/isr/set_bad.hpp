#pragma once

#include <string>
#include <vector>

#include "almagest/exposure.hpp"
#include "almagest/task.hpp"

namespace isr {

/// Gives bad pixels that are not interpolated the median of the good ones.
class SetBad final : public almagest::Task {
 public:
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  almagest::Param<std::vector<std::string>> planes{
      *this, "planes", {"BAD"}, "Pixels in one of these mask planes and not INTRP are set"};
  almagest::Param<std::vector<std::string>> ignore{
      *this,
      "ignore",
      {"BAD", "SAT", "NO_DATA", "UNMASKEDNAN"},
      "Pixels in one of these, as far as the mask has them, do not take part in the median"};
  almagest::In<almagest::Exposure> input{*this, "exposure"};
  almagest::Out<almagest::Exposure> output{*this, "exposure"};

  almagest::Metric<std::int64_t> replaced{*this, "replaced", "pixel", "Pixels that were set"};
};

}  // namespace isr
