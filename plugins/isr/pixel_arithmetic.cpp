#include "pixel_arithmetic.hpp"

#include <cmath>

#include "almagest/error.hpp"

namespace isr {
namespace {
using namespace almagest;

double dark_time(VisitInfo const& visit) noexcept {
  return std::isfinite(visit.dark_time_s) ? visit.dark_time_s : visit.exposure_time_s;
}

}  // namespace

double dark_scale(Exposure const& frame, Exposure const& dark) {
  double const time = dark_time(frame.visit_info);
  if (!std::isfinite(time) || time < 0.0)
    throw DataError(
        "neither dark time nor exposure time of the exposure are known, by which the "
        "dark is to be scaled");
  double const own = dark_time(dark.visit_info);
  if (!std::isfinite(own)) return time;
  if (!(own > 0.0)) throw DataError("the dark frame's dark time is " + std::to_string(own) + " s");
  return time / own;
}

void BiasStep::add_to(PixelPass& pass, Exposure const&, Context& context) const {
  pass.subtract(context.get(bias).masked_image(), 1.0, "bias");
}

void DarkStep::add_to(PixelPass& pass, Exposure const& exposure, Context& context) const {
  Exposure const& frame = context.get(dark);
  pass.subtract(frame.masked_image(), dark_scale(exposure, frame), "dark");
}

void FlatStep::add_to(PixelPass& pass, Exposure const&, Context& context) const {
  pass.divide(context.get(flat).masked_image());
}

void VarianceStep::add_to(PixelPass& pass, Exposure const&, Context&) const {
  pass.set_variance(*mode == "add" ? VarianceMode::add : VarianceMode::replace);
}

}  // namespace isr
