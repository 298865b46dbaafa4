#include "flat_levels.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "almagest/error.hpp"
#include "almagest/instrument.hpp"
#include "almagest/text.hpp"

#include "frame_level.hpp"
#include "level_fit.hpp"
#include "members.hpp"

namespace calibs {
namespace {
using namespace almagest;

/// Numbers things in the order in which they are first met.
class Numbering {
 public:
  std::size_t of(std::string const& name) {
    return numbers_.try_emplace(name, numbers_.size()).first->second;
  }

 private:
  std::map<std::string, std::size_t> numbers_;
};

/// A data ID as the values of its detector, and of all other keys.
std::pair<std::string, std::string> detector_and_exposure(DataId const& id,
                                                          Instrument const& instrument) {
  std::string const key = instrument.role("detector");
  DataId detector, exposure;
  for (auto const& [name, value] : id.items()) (name == key ? detector : exposure).set(name, value);
  return {detector.str(), exposure.str()};
}

}  // namespace

Outcome FlatLevels::run(Context& context) const {
  Numbering detectors, exposures;
  std::vector<LevelSample> samples;
  FlatLevelTable levels;
  for (auto const& member : members_that_are_there(context.get(frames), context.log())) {
    double const level = level_of(read_header(member), member.id());
    auto const [detector, exposure] = detector_and_exposure(member.id(), context.instrument());
    samples.push_back({detectors.of(detector), exposures.of(exposure), level});
    levels.rows.push_back({member.id().str(), level, 0.0, 0.0});
  }
  LevelFit const fit = fit_levels(samples, *iterations);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    levels.rows[i].exposure = fit.exposures[samples[i].exposure];
    levels.rows[i].detector = fit.detectors[samples[i].detector];
  }
  context.record(detector_count, static_cast<std::int64_t>(fit.detectors.size()));
  context.record(exposure_count, static_cast<std::int64_t>(fit.exposures.size()));
  context.record(scatter, fit.scatter);
  context.log().info("levels of " + counted(samples.size(), "flat") + " as " +
                     counted(fit.detectors.size(), "detector") + " times " +
                     counted(fit.exposures.size(), "exposure") + ", scatter " +
                     fixed(100.0 * fit.scatter, 3) + " %");
  context.put(table, std::move(levels));
  return done;
}

}  // namespace calibs
