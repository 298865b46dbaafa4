#pragma once

#include <string>
#include <vector>

#include "almagest/data_id.hpp"
#include "repository/registry.hpp"

namespace almagest {

/// A hash of a group's members, in their order; "" of none.
std::string members_hash(std::vector<DataId> const& members);

/// A hash of all that decides a dataset's content: configuration, name, members and inputs.
std::string provenance_of(DatasetRow const& row);

}  // namespace almagest
