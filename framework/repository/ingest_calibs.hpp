#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "repository/ingest.hpp"

namespace almagest {

struct CalibrationIngestRequest {
  std::filesystem::path repository = {};
  std::vector<std::filesystem::path> files = {};  ///< as IngestRequest's; also .csv and .ecsv
  IngestMode mode = IngestMode::copy;
  // What stands above what a file says; empty: the file says it.
  std::string type = {};                         ///< dataset type
  std::map<std::string, std::string> keys = {};  ///< "all" as a value: of all of them
  std::string calib_date = {}, valid_from = {}, valid_to = {};
  std::optional<int> validity_days = {};  ///< holds so many days before and after its date
  std::stop_token stop = {};
};

/// Puts calibrations into CALIB below a repository and enters them in the table `calib` of its
/// registry, each for what it is of and for the days on which it holds.
///
/// The type is the request's, or that which the file has in a rerun, or its card OBSTYPE, or the
/// name of a directory above it. Defects and other tables that only tell the day from which they
/// hold last until the next one begins. A calibration that overlaps another one of the same type
/// and keys is refused.
/// \throws as ingest_raws(); ConfigError for a type that is no calibration, or a date that is none
IngestSummary ingest_calibrations(CalibrationIngestRequest const& request,
                                  PluginRegistry const& plugins, Log& log);

}  // namespace almagest
