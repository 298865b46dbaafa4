#pragma once

#include <map>
#include <string>
#include <vector>

#include "almagest/exposure.hpp"
#include "almagest/task.hpp"

#include "kriging.hpp"

namespace isr {

/// Gives flagged pixels values that their row's good ones let expect.
class Interpolate final : public almagest::Task {
 public:
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  almagest::Param<std::vector<std::string>> planes{
      *this,
      "planes",
      {"SAT", "BAD", "UNMASKEDNAN"},
      "Mask planes whose pixels are interpolated, as far as the mask has them"};
  almagest::Param<std::map<std::string, int>> grow =
      almagest::Param<std::map<std::string, int>>{
          *this,
          "grow",
          {{"SAT", 1}},
          "Mask planes that first grow by so many steps along rows and columns [pixel]"}
          .within(0, 1000);
  almagest::In<almagest::Exposure> input{*this, "exposure"};
  almagest::Out<almagest::Exposure> output{*this, "exposure", "With INTRP"};

  almagest::Metric<std::int64_t> interpolated{*this, "interpolated", "pixel",
                                              "Pixels that got a value"};

  KrigingTable weights_;
};

}  // namespace isr
