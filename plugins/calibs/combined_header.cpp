#include "combined_header.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

#include "almagest/text.hpp"

#include "date.hpp"

namespace calibs {
namespace {
using namespace almagest;

std::string numbered(std::string_view name, std::size_t i) {
  std::string const number = std::to_string(i + 1);
  return std::string(name) + std::string(number.size() < 3 ? 3 - number.size() : 0, '0') + number;
}

/// First and last time of the inputs that have one.
struct Times {
  double first, last;
};
std::optional<Times> times_of(std::vector<CombinedInput> const& inputs) {
  std::optional<Times> times;
  for (CombinedInput const& input : inputs) {
    double const time = input.visit.mid_exposure_mjd_tai;
    if (!std::isfinite(time)) continue;
    if (!times) times = Times{time, time};
    times->first = std::min(times->first, time);
    times->last = std::max(times->last, time);
  }
  return times;
}

/// The member's value where all inputs have the same; else what VisitInfo has for "not known".
template <class T>
T common(std::vector<CombinedInput> const& inputs, T VisitInfo::*member) {
  T const& first = inputs.front().visit.*member;
  bool const same = std::ranges::all_of(
      inputs, [&](CombinedInput const& input) { return input.visit.*member == first; });
  return same ? first : VisitInfo().*member;
}

void describe_inputs(Header& header, std::vector<CombinedInput> const& inputs) {
  header.set("NCOMBINE", static_cast<std::int64_t>(inputs.size()), "frames combined");
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    CombinedInput const& input = inputs[i];
    header.set(numbered("INPUT", i), input.id.str(), "frame");
    header.set(numbered("SCALE", i), input.scale, "it was divided by this");
    if (std::isfinite(input.visit.mid_exposure_mjd_tai))
      header.set(numbered("IDATE", i), utc_date(input.visit.mid_exposure_mjd_tai), "its day, UTC");
  }
}

}  // namespace

void describe_combination(Exposure& calib, std::vector<CombinedInput> const& inputs,
                          Validity const& validity, Log& log) {
  VisitInfo visit;
  visit.band = common(inputs, &VisitInfo::band);
  visit.physical_filter = common(inputs, &VisitInfo::physical_filter);
  visit.observation_type = common(inputs, &VisitInfo::observation_type);
  Header& header = calib.metadata;
  describe_inputs(header, inputs);
  if (auto const times = times_of(inputs)) {
    double const date = validity.from_first ? times->first : 0.5 * (times->first + times->last);
    visit.mid_exposure_mjd_tai = date;
    header.set("CALIBDAT", utc_date(date), "date of the calibration, UTC");
    header.set("VALIDBEG", utc_date(date - validity.days), "first day for which it is valid");
    header.set("VALIDEND", utc_date(date + validity.days), "last day for which it is valid");
    header.set("CALIB_ID", calib.id.str() + " calibDate=" + utc_date(date), "");
  } else {
    log.warning("no frame knows when it was taken: the calibration has no date and no validity");
  }
  calib.visit_info = visit;
}

}  // namespace calibs
