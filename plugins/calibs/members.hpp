#pragma once

#include <vector>

#include "almagest/exposure.hpp"
#include "almagest/log.hpp"
#include "almagest/task.hpp"

namespace calibs {

/// The members of a group whose frame is there, in the order of their data IDs; those that are not
/// are told in a warning.
///
/// \throws DataError when none is there, with the first reason
std::vector<almagest::Gathered<almagest::Exposure>> members_that_are_there(
    std::vector<almagest::Gathered<almagest::Exposure>> const& members, almagest::Log& log);

/// A member with a single pixel, and all that its header says.
almagest::Exposure read_header(almagest::Gathered<almagest::Exposure> const& member);

/// The level that `calibs/measure_level` has found. \throws DataError naming the member
double level_of(almagest::Exposure const& frame, almagest::DataId const& id);

}  // namespace calibs
