#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "repository/dataset_finder.hpp"
#include "repository/input_checksums.hpp"
#include "repository/registry.hpp"

namespace almagest {

/// Whether stored datasets are still what the rerun would make (architecture, section 7).
///
/// A dataset is stale when its file is missing, its row has another configuration, or something
/// that it was made from has changed: an input file by its checksum, a dataset of the same rerun by
/// its provenance or because it is stale itself.
class Staleness {
 public:
  Staleness(Registry const& registry, std::int64_t rerun, std::string configuration,
            DatasetFinder const& finder, InputChecksums& checksums)
      : registry_(registry),
        rerun_(rerun),
        configuration_(std::move(configuration)),
        finder_(finder),
        checksums_(checksums) {}

  /// \param members  hash of a group's members, or ""
  bool is_stale(std::string const& type, std::string const& data_id, std::string const& members);

 private:
  bool look(std::string const& type, std::string const& data_id, std::string const* members,
            bool may_be_removed);
  bool has_changed(InputRow const& input);

  Registry const& registry_;
  std::int64_t rerun_;
  std::string configuration_;
  DatasetFinder const& finder_;
  InputChecksums& checksums_;

  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, bool> inputs_changed_;  // of datasets looked at
};

}  // namespace almagest
