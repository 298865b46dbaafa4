#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "almagest/value.hpp"

namespace almagest {

/// `a..b` or `a..b:step`, inclusive.
struct IntegerRange {
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::int64_t step = 1;
  bool contains(std::int64_t v) const noexcept {
    return v >= first && v <= last && (v - first) % step == 0;
  }
};

/// What `--id` selects: any of its groups; within a group every key must have one of its values.
/// A group without keys (a bare `--id`) selects everything.
struct IdSelection {
  struct KeyValues {
    std::string key;  ///< a data-ID key, role or registry column
    std::vector<std::variant<std::string, IntegerRange>>
        any;  ///< as written; text is compared by the key's type
  };
  using Group = std::vector<KeyValues>;
  std::vector<Group> groups;

  /// Parses the words of one `--id`: `run=4192`, `filter=u^g^r`, `ccd=0..8:2`.
  /// \throws ConfigError for a word without `=`, an empty value or a bad range, quoting the word
  static Group parse_group(std::vector<std::string> const& words);
};

}  // namespace almagest
