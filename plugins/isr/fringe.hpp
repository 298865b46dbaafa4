#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "almagest/exposure.hpp"
#include "almagest/task.hpp"

#include "fringe_amplitude.hpp"

namespace isr {

/// Scales a fringe frame to a science frame and subtracts it.
class Fringe final : public almagest::Task {
 public:
  void prepare(almagest::Setup& setup) override;
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  template <class T>
  using Param = almagest::Param<T>;
  /// What a fit over all places needs.
  struct Places;
  std::vector<std::optional<float>> amplitudes(Mixture const& mixture, Places const& places,
                                               almagest::Context& context) const;
  std::optional<FringeScale> scale_of(almagest::Exposure const& science,
                                      almagest::Exposure const& fringe, Places const& places,
                                      almagest::Context& context) const;

  Param<int> positions =
      Param<int>{*this, "positions", 30000, "Places at which the fringes are compared"}.within(
          100, 10'000'000);
  Param<int> small_box =
      Param<int>{*this, "small_box", 6, "Side of the box whose median is the fringe [pixel]"}
          .within(1, 1000);
  Param<int> large_box = Param<int>{*this, "large_box", 60,
                                    "Side of the box around it whose median is the sky [pixel]"}
                             .within(2, 10000);
  Param<double> sigmas =
      Param<double>{*this, "sigmas", 3.0,
                    "Places further than this from the fit are left out, in sigmas (0.7413 of the "
                    "residuals' interquartile range)"}
          .within(0.5, 1000.0);
  Param<int> max_iterations =
      Param<int>{*this, "max_iterations", 20, "Rounds of leaving out, at most"}.within(0, 1000);
  Param<int> min_positions = Param<int>{*this, "min_positions", 100,
                                        "With fewer usable places the fringes stay, with a warning"}
                                 .within(3, 10'000'000);
  Param<std::vector<std::string>> ignore{
      *this,
      "ignore",
      {"BAD", "SAT", "SUSPECT", "NO_DATA", "DETECTED", "CR", "UNMASKEDNAN"},
      "Mask planes, of either frame, whose pixels do not count"};

  almagest::In<almagest::Exposure> input{*this, "exposure"};
  almagest::In<almagest::Exposure> fringe{*this, "fringe", "Fringes, without the sky"};
  almagest::Out<almagest::Exposure> output{*this, "exposure", "The same without fringes"};

  almagest::Metric<double> fringe_scale{*this, "fringe_scale", "",
                                        "What the fringe frame was multiplied by"};
  almagest::Metric<double> fringe_scale_error{*this, "fringe_scale_error", "", "Its error"};
  almagest::Metric<double> scatter{*this, "fringe_scatter", "adu",
                                   "Scatter of the frame's amplitudes about the scaled ones"};
  almagest::Metric<std::int64_t> used{*this, "positions_used", "", "Places kept"};
};

}  // namespace isr
