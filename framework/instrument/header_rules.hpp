#pragma once

#include <memory>
#include <span>

#include "almagest/config_value.hpp"
#include "almagest/header.hpp"
#include "almagest/instrument.hpp"
#include "almagest/observation_info.hpp"

namespace almagest {

/// How a camera's headers are understood: `match` and `header_hdus` of [camera], `[header]` and
/// `[[fix]]` of camera.toml.
///
/// Everything is parsed once (regular expressions, expressions, tables, files of corrections);
/// translating changes nothing here, and may be done by many threads at once.
class HeaderRules {
 public:
  HeaderRules();
  /// \param document  camera.toml with what it inherits
  /// \param keys      of the data IDs: each must be a property, and each file must give it
  /// \param problems  all that is wrong with the rules, in its places
  static HeaderRules read(ConfigValue const& document, std::span<DataIdKey const> keys,
                          Problems& problems);

  /// Without any rule no file can be translated.
  bool empty() const noexcept;
  /// Whether one of the patterns of `match` fits; without `match` every file might.
  bool recognises(std::span<Header const> headers) const;
  /// \throws DataError naming file, card and value when a card cannot be understood, a key of the
  ///         data ID has no value, or the file is not of this camera
  ObservationInfo translate(std::span<Header const> headers) const;

  struct Data;

 private:
  std::shared_ptr<Data const> data_;
};

}  // namespace almagest
