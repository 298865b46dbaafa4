#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "almagest/config_value.hpp"
#include "almagest/data_id.hpp"
#include "almagest/detector.hpp"
#include "almagest/header.hpp"
#include "almagest/observation_info.hpp"
#include "almagest/wcs.hpp"

namespace almagest {

class RawExposure;

/// One key of an instrument's data IDs.
struct DataIdKey {
  std::string name;
  enum class Type { integer, text } type = Type::integer;
  std::vector<std::string>
      values;  ///< for text: the known values in the instrument's order (filters); may be empty
  std::string doc;
};

/// A unique number for a data ID, and how many bits such numbers take at most.
struct ExposureId {
  std::int64_t value = 0;
  int bits = 0;
};

/// What an obs package provides: how frames are named, stored and described.
///
/// The framework's declarative instrument implements every member from camera.toml and
/// datasets.toml; an obs package's C++ may wrap it and override single members.
class Instrument {
 public:
  virtual ~Instrument();

  virtual std::string const& name() const = 0;
  /// The keys of a full data ID, in their order.
  virtual std::vector<DataIdKey> const& keys() const = 0;
  /// The key or registry column that plays a role (`exposure`, `visit`, `detector`, `band`), or "".
  virtual std::string role(std::string_view role) const = 0;
  /// \throws DataError when the data ID lacks a key
  virtual ExposureId exposure_id(DataId const& id) const = 0;
  /// The detectors of the camera.
  virtual std::vector<Detector> const& detectors() const = 0;
  /// The obs package's directory: `pipelines/`, `datasets.toml`, `camera.toml`.
  virtual std::filesystem::path const& directory() const = 0;
  /// The instrument's own numbers (table `[constants]` of camera.toml), for its own tasks.
  virtual ConfigValue const& constants() const = 0;

  /// What the headers of a raw file say.
  ///
  /// \param headers  of all HDUs, the primary one first
  /// \throws DataError naming card, value and file when a card cannot be understood, or the file is
  ///         not of this camera
  virtual ObservationInfo translate(std::span<Header const> headers) const;
  /// Whether these are headers of this camera's raws (`match` of camera.toml).
  virtual bool recognises(std::span<Header const> headers) const;
  /// Reads a raw frame: the channels, the detector with the sections that the file has, visit info,
  /// initial WCS. \param id  the frame's data ID; kept in the result
  /// \throws NotFoundError, DataError naming the file
  virtual RawExposure read_raw(std::filesystem::path const& path, DataId const& id) const;
  /// Field angle [rad] of a place in the focal plane [mm], and back: the optics' distortion.
  /// \throws DataError where it cannot be inverted
  virtual Point field_angle(Point focal_plane_mm) const;
  virtual Point focal_plane(Point field_angle) const;
  /// The WCS of an assembled frame, from boresight and rotation; none when they are not known.
  virtual std::optional<Wcs> initial_wcs(ObservationInfo const& observation,
                                         Detector const& detector) const;
  /// \throws DataError that lists the detectors, for an unknown one
  Detector const& detector(int id) const;

  /// Orders two values of a key: text keys by the instrument's order, everything else by value.
  bool value_less(std::string_view key, Value const& a, Value const& b) const;
  bool id_less(DataId const& a, DataId const& b) const;
};

/// The number of the first source of an exposure, and how many bits are left for counting sources.
///
/// The exposure id is shifted by 63 − bits, at most 26; numbering starts at 1.
/// \throws DataError when fewer than 20 bits would be left
std::int64_t first_source_id(ExposureId const& exposure);

}  // namespace almagest
