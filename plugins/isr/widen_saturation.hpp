#pragma once

#include <string>
#include <vector>

#include "almagest/exposure.hpp"
#include "almagest/task.hpp"

#include "mask_shapes.hpp"

namespace isr {

/// Widens runs of flagged pixels along rows: beside long ones charge has spilt.
class WidenSaturation final : public almagest::Task {
 public:
  void prepare(almagest::Setup& setup) override;
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  almagest::Param<std::string> plane{*this, "plane", "SAT", "The mask plane"};
  almagest::Param<std::vector<int>> lengths =
      almagest::Param<std::vector<int>>{
          *this, "lengths", {6, 8, 10}, "Runs of at least so many pixels, ascending [pixel]"}
          .within(1, 100000);
  almagest::Param<std::vector<int>> widths =
      almagest::Param<std::vector<int>>{
          *this, "widths", {1, 3, 4}, "become so much longer at either end [pixel]"}
          .within(0, 100000);
  almagest::In<almagest::Exposure> input{*this, "exposure"};
  almagest::Out<almagest::Exposure> output{*this, "exposure"};

  std::vector<Widening> rules_;
};

}  // namespace isr
