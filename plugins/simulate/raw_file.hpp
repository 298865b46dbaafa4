#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "almagest/fits.hpp"
#include "almagest/header.hpp"
#include "almagest/image.hpp"
#include "almagest/instrument.hpp"
#include "camera_traits.hpp"
#include "exposure_plan.hpp"
#include "raw_layout.hpp"

namespace simulate {

/// An HDU of a raw file: which channels' images stand where in its image.
struct RawHdu {
  struct Place {
    std::size_t channel = 0;
    almagest::Pixel first;
  };
  std::string extname;
  almagest::Header header;
  int width = 0;  ///< 0 = no image
  int height = 0;
  std::vector<Place> places;
};

/// A raw file as a camera writes it.
struct RawFile {
  std::string name;  ///< "HSCA90330000.fits"
  std::vector<RawHdu> hdus;
  bool sixteen_bits = true;  ///< unsigned, else 32 bits signed
};

/// How a camera names and lays out its raw files, and what their headers say.
class RawFormat {
 public:
  virtual ~RawFormat() = default;
  /// The number of an exposure as the camera counts. \param begin_mjd  of the header's time scale
  virtual std::int64_t number(int sequence, double begin_mjd) const = 0;
  /// The filters that it knows of, for a camera of which nothing else is known.
  virtual std::vector<std::string> filters() const { return {}; }
  /// The channels of a detector with the sizes that its files have.
  virtual std::vector<Channel> channels(almagest::Detector const& detector) const {
    return channels_of(detector);
  }
  virtual RawFile describe(PlannedExposure const& exposure, almagest::Detector const& detector,
                           std::span<Channel const> channels) const = 0;
};

std::unique_ptr<RawFormat const> hsc_format(CameraTraits const& traits);
std::unique_ptr<RawFormat const> rubin_format(std::string const& camera,
                                              CameraTraits const& traits);
/// For a camera that is nothing but its camera.toml: the rules of its [header] are turned about, as
/// far as they are simple (`key = "CARD"`, maps, units, times).
std::unique_ptr<RawFormat const> declared_format(almagest::Instrument const& instrument,
                                                 CameraTraits const& traits);

/// The file's headers as a reader sees them.
std::vector<almagest::Header> headers_of(RawFile const& file);

/// Further cards of the primary header, texts or whole numbers; {exposure}, {sequence}, {detector},
/// {filter} and {type} in them stand for the exposure's.
void add_cards(RawFile& file, std::map<std::string, std::string> const& cards,
               PlannedExposure const& exposure, almagest::Detector const& detector);

/// \throws ConfigError naming card and property when the camera's own translation of the headers
/// differs from what was asked for
void check_translation(almagest::Instrument const& instrument, RawFile const& file,
                       PlannedExposure const& exposure, almagest::Detector const& detector);

void write_raw(std::filesystem::path const& path, RawFile const& file,
               std::span<almagest::Image<std::int32_t> const> channels,
               almagest::fits::Compression compression);

}  // namespace simulate
