#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "almagest/config_value.hpp"
#include "almagest/data_id.hpp"
#include "almagest/detector.hpp"
#include "almagest/header.hpp"

namespace almagest {

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
