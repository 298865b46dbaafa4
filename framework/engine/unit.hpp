#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/executor.hpp"
#include "engine/index.hpp"
#include "engine/layout.hpp"
#include "engine/store.hpp"

namespace almagest {

/// Which unit or group of a plan: what the graph calls a unit.
struct UnitRef {
  std::size_t index = 0;  ///< into RunPlan::units or RunPlan::groups
  bool is_group = false;
};

/// One data ID, or one group, on its way through the graph: a slot per version of a label, a
/// countdown per step.
///
///     writer ──fill──► slot ──product──► readers … the last release() frees it
///
/// A slot's product is written by its writer before any reader starts, so only the count of its
/// readers, and the loading of what comes from the repository, are synchronised.
class Unit {
 public:
  Unit(Pipeline const& pipeline, Layout const& layout, ProductStore& products, UnitPlan const& plan,
       int level, UnitRef ref);

  DataId const& id() const noexcept { return plan_.id; }
  UnitPlan const& plan() const noexcept { return plan_; }
  UnitRef ref() const noexcept { return ref_; }
  int level() const noexcept { return level_; }

  /// Counts one arrival at a step. \returns how many are still to come
  int arrive(int step) noexcept;
  /// Counts one arrival at the end. \returns true for the last one
  bool arrive_at_end() noexcept;

  // Slots

  /// The version that stands for this one by plan: itself, one before it, or −1.
  int planned(int version) const noexcept { return planned_[at(version)]; }
  /// The version that stands for this one now, after its writer has ended: see fall_back().
  int visible(int version) const noexcept {
    int seen = planned(version);
    while (seen >= 0 && slots_[at(seen)].stand_in >= 0) seen = slots_[at(seen)].stand_in;
    return seen;
  }
  /// The product of a visible version; read from the repository at the first call, when nobody in
  /// this run makes it. Empty when it was moved out. \throws as UnitStore::load
  AnyProduct const& product(int visible);
  /// As product(), but empty when the repository does not have it.
  AnyProduct const& product_if_any(int visible);
  /// Whether the caller is the only one who still holds a claim on the slot.
  bool is_last_reader(int visible) const noexcept;
  AnyProduct surrender(int visible) noexcept;

  /// What a step puts into the slot of a version that it writes.
  void fill(int version, AnyProduct product) noexcept;
  bool is_filled(int version) const noexcept;
  /// Empties the slot of a version that its writer failed to finish.
  void clear(int version) noexcept;
  /// Lets a visible version stand for this one: its writer has failed and the run goes on.
  void fall_back(int version, int stand_in) noexcept;
  /// Drops the claims of a step that has ended, and what nobody will read of its outputs.
  void release(int step) noexcept;

  // Fate

  /// How a step has ended. \param cause  the step that is to blame, itself if it failed
  void set_fate(int step, QuantumState state, int cause, std::string const& message);
  QuantumState state(int step) const noexcept { return fates_[at(step)].state; }
  int cause(int step) const noexcept { return fates_[at(step)].cause; }
  std::string message(int step) const;
  /// Whether no quantum has failed or was blocked.
  bool ok() const noexcept { return ok_.load(std::memory_order_relaxed); }
  void set_started() noexcept { started_ = true; }
  bool started() const noexcept { return started_; }

  /// The datasets of this data ID, opened at the first call. \throws as ProductStore::unit
  UnitStore& store();

 private:
  struct Slot {
    AnyProduct product;
    std::mutex loading;
    std::exception_ptr load_error;
    std::atomic<int> claims{0};  // steps that may still read it
    int stand_in = -1;           // the version that readers get instead
    bool from_repository = false;
    bool loaded = false;
  };
  struct Fate {
    QuantumState state = QuantumState::ok;
    int cause = -1;
  };

  void claim_slots();
  void drop_claim(int visible) noexcept;
  AnyProduct const& load(int visible, bool must_exist);

  Pipeline const& pipeline_;
  Layout const& layout_;
  ProductStore& products_;
  UnitPlan const& plan_;
  int level_;
  UnitRef ref_;

  std::vector<int> planned_;
  std::unique_ptr<Slot[]> slots_;
  std::unique_ptr<std::atomic<int>[]> to_arrive_;
  std::atomic<int> ends_to_come_;
  std::vector<Fate> fates_;
  std::atomic<bool> ok_{true};
  bool started_ = false;

  mutable std::mutex mutex_;  // of what is below
  std::map<int, std::string> messages_;
  std::unique_ptr<UnitStore> store_;
};

}  // namespace almagest
