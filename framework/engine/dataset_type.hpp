#pragma once

#include <map>
#include <string>
#include <vector>

#include "almagest/error.hpp"

namespace almagest {

/// How a dataset is found from a data ID (architecture, section 7).
enum class Lookup { exact, validity, sky, instrument };

/// A name for what can be stored.
struct DatasetType {
  std::string name;
  std::string product_id;  ///< "almagest.Exposure/1"; empty: taken from the port
  std::vector<std::string>
      keys;  ///< data-ID keys that name one dataset of it; empty: the reader's or writer's own
  std::string path;  ///< template below the repository, or empty for the default
  Lookup lookup = Lookup::exact;
  std::string doc;
  Where where;
};

using DatasetTypes = std::map<std::string, DatasetType>;

}  // namespace almagest
