#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/executor.hpp"
#include "repository/frame_table.hpp"
#include "repository/id_selection.hpp"

namespace almagest {

/// An IdSelection whose texts have been read as the keys' types.
class IdMatcher {
 public:
  /// \param type_of  type and true name of a key, role or registry column; none when there is none
  /// \throws ConfigError for an unknown key (with the known ones) or a value of the wrong type
  IdMatcher(IdSelection const& ids,
            std::function<std::optional<FrameTable::Type>(std::string const&)> const& type_of,
            std::vector<std::string> const& known);

  bool matches(UnitCandidate const& candidate) const;

 private:
  struct Key {
    std::string name;
    std::vector<Value> values;  ///< of the key's type
    std::vector<IntegerRange> ranges;
    bool matches(Value const& value) const;
  };
  static Key read(IdSelection::KeyValues const& entry, FrameTable::Type type);

  std::vector<std::vector<Key>> groups_;
};

}  // namespace almagest
