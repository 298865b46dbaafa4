#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "almagest/data_id.hpp"
#include "almagest/instrument.hpp"

namespace obs_sdss {

/// Dark variances of CCDs whose electronics were changed, for the runs after that: the camera's
/// table `[constants.dark_variance]`. Empty where the camera has none.
///
///     after_run = 1500
///     z4 = 12.6025        # filter and column [adu^2]
class DarkVariances {
 public:
  DarkVariances() = default;
  /// \throws ConfigError, with their places, for a missing or meaningless `after_run`, for names
  /// that are no CCD of the camera, and for variances that are negative or no numbers
  explicit DarkVariances(almagest::Instrument const& camera);

  /// The variance of a frame [adu²], or `otherwise` where its CCD was not changed before it.
  double of(almagest::DataId const& frame, double otherwise) const;

 private:
  std::int64_t after_run_ = 0;
  std::map<std::string, double> by_ccd_;
};

}  // namespace obs_sdss
