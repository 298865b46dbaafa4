#pragma once

#include <string>
#include <string_view>

#include "almagest/data_id.hpp"

namespace almagest {

/// A JSON string with its quotes.
std::string json_quoted(std::string_view text);

/// `{"run":4192,"camcol":4,"field":300,"filter":"r"}`: how the registry spells a data ID.
std::string json_text(DataId const& id);
/// The data ID that json_text() has spelt. \throws DataError for anything else
DataId data_id_of_json(std::string_view text);

}  // namespace almagest
