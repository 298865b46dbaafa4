#pragma once

#include <string>
#include <tuple>
#include <utility>

#include "almagest/exposure.hpp"
#include "almagest/task.hpp"

#include "pixel_pass.hpp"
#include "run_rows.hpp"

namespace isr {

/// How the dark of a frame follows from that of a calibration: the ratio of the times in which dark
/// current was collected. A dark frame that does not tell its own is one of 1 s.
/// \throws DataError when the frame's is not known
double dark_scale(almagest::Exposure const& frame, almagest::Exposure const& dark);

/// Subtracts a bias frame.
struct BiasStep {
  explicit BiasStep(almagest::Task& owner) : bias(owner, "bias") {}
  void add_to(PixelPass& pass, almagest::Exposure const& exposure,
              almagest::Context& context) const;
  almagest::In<almagest::Exposure> bias;
};

/// Subtracts a dark frame, scaled to the time in which the frame collected dark current.
struct DarkStep {
  explicit DarkStep(almagest::Task& owner) : dark(owner, "dark") {}
  void add_to(PixelPass& pass, almagest::Exposure const& exposure,
              almagest::Context& context) const;
  almagest::In<almagest::Exposure> dark;
};

/// Divides by a flat field.
struct FlatStep {
  explicit FlatStep(almagest::Task& owner) : flat(owner, "flat") {}
  void add_to(PixelPass& pass, almagest::Exposure const& exposure,
              almagest::Context& context) const;
  almagest::In<almagest::Exposure> flat;
};

/// Sets the variance from counts, gain and read noise.
struct VarianceStep {
  explicit VarianceStep(almagest::Task& owner)
      : mode(almagest::Param<std::string>{
            owner, "mode", "replace",
            "Whether the noise of the counts and of reading is the variance (\"replace\"), or "
            "comes on top of what the steps before found (\"add\")"}
                 .one_of({"replace", "add"})) {}
  void add_to(PixelPass& pass, almagest::Exposure const& exposure,
              almagest::Context& context) const;
  almagest::Param<std::string> mode;
};

/// A pipeline's step that does some of these, in their order, in one pass over the frame's memory.
/// The results are those of one step after the other, to the last bit.
template <class... Steps>
class PixelArithmetic final : public almagest::Task {
 public:
  almagest::Outcome run(almagest::Context& context) const override {
    almagest::Exposure exposure = context.take(input);
    PixelPass pass(exposure.masked_image(), exposure.detector);
    std::apply([&](auto const&... step) { (step.add_to(pass, exposure, context), ...); }, steps);
    run_rows(context, exposure.bbox().height, [&](int first, int end) { pass.run(first, end); });
    context.put(output, std::move(exposure));
    return almagest::done;
  }

 private:
  /// The task, once for each step that makes its ports and parameters on it.
  template <class Step>
  almagest::Task& owner_of() {
    return *this;
  }

  almagest::In<almagest::Exposure> input{*this, "exposure"};
  std::tuple<Steps...> steps{owner_of<Steps>()...};
  almagest::Out<almagest::Exposure> output{*this, "exposure"};
};

using Bias = PixelArithmetic<BiasStep>;
using Dark = PixelArithmetic<DarkStep>;
using Flat = PixelArithmetic<FlatStep>;
using Variance = PixelArithmetic<VarianceStep>;
using BiasAndVariance = PixelArithmetic<BiasStep, VarianceStep>;
using DarkAndFlat = PixelArithmetic<DarkStep, FlatStep>;
using VarianceAndFlat = PixelArithmetic<VarianceStep, FlatStep>;
using AllArithmetic = PixelArithmetic<BiasStep, VarianceStep, DarkStep, FlatStep>;

}  // namespace isr
