#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "almagest/data_id.hpp"
#include "almagest/instrument.hpp"
#include "almagest/raw_exposure.hpp"

namespace almagest {

/// An amplifier with the sections that a file has, and what its pixels are like.
struct CheckedAmplifier {
  Amplifier amplifier;
  int width = 0;  ///< of the channel
  int height = 0;
  double data_level = 0.0;      ///< median [adu]
  double overscan_level = 0.0;  ///< median of the serial overscan [adu]; NaN without one
  double overscan_noise = 0.0;  ///< its scatter, clipped [adu]; NaN without one
};

/// What a camera makes of a raw file.
struct CheckedFile {
  std::filesystem::path path;
  std::vector<std::string> recognised_by;  ///< cameras whose `match` fits
  std::optional<ObservationInfo> observation;
  DataId id;
  std::string detector;
  std::vector<CheckedAmplifier> amplifiers;
  std::vector<std::string> problems;  ///< why it cannot be used
  std::vector<std::string> remarks;   ///< what is worth a look
};

/// The headers of all HDUs. \throws DataError, NotFoundError naming the file
std::vector<Header> all_headers(std::filesystem::path const& path);

/// Does with a file what ingest and the first steps of a pipeline would. What is wrong with it
/// stands in the result.
///
/// \param others  further cameras that might recognise the file
/// \param look    is shown the frame, when it could be read
CheckedFile check_file(std::filesystem::path const& path, Instrument const& camera,
                       std::span<Instrument const* const> others,
                       std::function<void(RawExposure const&)> const& look);

/// What is wrong with the sections of a frame: boxes outside of their channel or of the detector,
/// that overlap, that are of another size than where they go; pixels of the detector that no
/// amplifier fills.
std::vector<std::string> section_problems(RawExposure const& raw);

}  // namespace almagest
