#include "repository/staleness.hpp"

#include <algorithm>

#include "repository/json.hpp"

namespace almagest {

bool Staleness::is_stale(std::string const& type, std::string const& data_id,
                         std::string const& members) {
  std::scoped_lock const lock(mutex_);
  return look(type, data_id, &members, false);
}

bool Staleness::look(std::string const& type, std::string const& data_id,
                     std::string const* members, bool may_be_removed) {
  auto const row = registry_.find_dataset(rerun_, type, data_id);
  if (!row || row->configuration != configuration_) return true;
  if (members && row->members != *members) return true;
  if (row->removed) {
    if (!may_be_removed) return true;
  } else {
    std::error_code error;
    auto const size = std::filesystem::file_size(finder_.directory(0) / row->path, error);
    if (error || static_cast<std::int64_t>(size) != row->size) return true;
  }
  auto const [known, fresh] = inputs_changed_.try_emplace({type, data_id}, false);
  if (fresh)
    known->second =
        std::ranges::any_of(row->inputs, [&](InputRow const& input) { return has_changed(input); });
  return known->second;
}

bool Staleness::has_changed(InputRow const& input) {
  if (input.level >= finder_.level_count()) return true;
  if (input.level == 0)
    if (auto const row = registry_.find_dataset(rerun_, input.type, input.data_id))
      return row->provenance != input.checksum || look(input.type, input.data_id, nullptr, true);
  // Another calibration may hold now.
  if (finder_.is_dated(input.type)) {
    auto const now = finder_.find(input.type, {}, data_id_of_json(input.data_id));
    if (now ? now->level != input.level || now->path != input.path : !input.path.empty())
      return true;
    if (!now) return !input.checksum.empty();
  }
  return checksums_.of(finder_.directory(input.level) / input.path) != input.checksum;
}

}  // namespace almagest
