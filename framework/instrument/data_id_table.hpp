#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "almagest/instrument.hpp"
#include "engine/expression.hpp"

namespace almagest {

/// What `[data_id]` of camera.toml says: how frames are named.
struct DataIdTable {
  std::vector<DataIdKey> keys;
  std::vector<std::pair<std::string, std::string>> roles;  ///< role, key or registry column
  std::optional<Expression> exposure_id;
  int exposure_id_bits = 0;
  /// For the number of an exposure where camera.toml says nothing of it.
  int largest_detector = 0;

  /// The key or column that plays a role, or "".
  std::string role(std::string_view name) const;
  /// The role's key, or the name itself where it is no role.
  std::string key_of(std::string_view name) const;
};

/// \param value  the table `[data_id]`
DataIdTable read_data_id_table(ConfigValue const& value, Problems& problems);

/// The unique number of a data ID: by 'exposure_id', or else the exposure's number, followed by as
/// many digits for the detector as its largest number has.
/// \throws DataError when a key is absent, or the number does not fit into its bits
ExposureId evaluate_exposure_id(DataIdTable const& table, DataId const& id);

/// Letters, digits and '_', no digit first: what keys, columns and tables may be called.
bool is_identifier(std::string_view text) noexcept;

}  // namespace almagest
