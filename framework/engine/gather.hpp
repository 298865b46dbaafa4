#pragma once

#include <compare>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "almagest/task.hpp"
#include "engine/layout.hpp"
#include "engine/store.hpp"
#include "engine/unit.hpp"

namespace almagest {

/// Who waits for whom between units and groups, and what a group finds when it starts.
///
/// No product is kept here: a member leaves its state, and its product is read from the store.
class Gatherer {
 public:
  Gatherer(Pipeline const& pipeline, Layout const& layout, RunPlan const& plan,
           ProductStore& products);
  ~Gatherer();

  /// The level of a group.
  int level_of(std::size_t group) const { return levels_[group]; }

  /// Notes the end of a unit or group; a failed one counts as seen.
  /// \param unit  nullptr when it was not started, because it is up to date
  /// \returns the groups whose members have all ended now
  std::vector<std::size_t> end(UnitRef member, Unit const* unit);

  /// The members of a running group at a gathered version, in data-ID order.
  std::vector<GatheredItem const*> const& members(Unit& group, int version);

  /// Forgets a group, and removes what its members stored for it alone (`keep = false`). After a
  /// failure that is kept, so that a repeat need not make it again.
  /// \throws DataError when something cannot be removed
  void close(Unit const& group);

 private:
  class Member;
  struct MemberList;
  struct Trouble {
    QuantumState state = QuantumState::skipped;
    std::string reason;
  };
  /// One dataset of one unit or group.
  struct DatasetKey {
    bool is_group = false;
    std::size_t index = 0;
    int what = 0;  // a version or an output
    auto operator<=>(DatasetKey const&) const = default;
  };

  UnitPlan const& plan_of(UnitRef ref) const;
  template <class F>
  void each_member(std::size_t group, int version, F const& f) const;
  void note_trouble(UnitRef member, int version, Unit const* unit);
  std::unique_ptr<MemberList> list_members(Unit& group, int version);
  void count_unkept(std::size_t group);

  Pipeline const& pipeline_;
  Layout const& layout_;
  RunPlan const& plan_;
  ProductStore& products_;
  std::vector<int> levels_;                 // by group
  std::vector<std::vector<int>> gathered_;  // by level: versions gathered from it
  std::vector<std::vector<std::size_t>> groups_of_unit_;
  std::vector<std::vector<std::size_t>> groups_of_group_;

  std::mutex mutex_;                  // of what is below
  std::vector<std::size_t> missing_;  // by group: members that have not ended
  std::map<DatasetKey, Trouble> troubles_;
  std::map<DatasetKey, int> unkept_;  // groups that still want a dataset with keep = false
  std::map<std::size_t, std::map<int, std::unique_ptr<MemberList>>> open_;  // by group, version
};

}  // namespace almagest
