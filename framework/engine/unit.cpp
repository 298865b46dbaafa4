#include "engine/unit.hpp"

#include <algorithm>
#include <utility>

namespace almagest {

Unit::Unit(Pipeline const& pipeline, Layout const& layout, ProductStore& products,
           UnitPlan const& plan, int level, UnitRef ref)
    : pipeline_(pipeline),
      layout_(layout),
      products_(products),
      plan_(plan),
      level_(level),
      ref_(ref),
      planned_(visible_versions(pipeline, plan.steps)),
      slots_(std::make_unique<Slot[]>(pipeline.versions.size())),
      to_arrive_(std::make_unique<std::atomic<int>[]>(pipeline.steps.size())),
      ends_to_come_(static_cast<int>(layout.levels[at(level)].terminals.size())),
      fates_(pipeline.steps.size()) {
  for (std::size_t v = 0; v < pipeline.versions.size(); ++v)
    slots_[v].from_repository = pipeline.versions[v].writer < 0;
  for (int s : layout.levels[at(level)].steps)
    to_arrive_[at(s)] = std::max(1, static_cast<int>(layout.steps[at(s)].predecessors.size()));
  claim_slots();
}

void Unit::claim_slots() {
  auto const claim = [&](int version) {
    if (version >= 0 && visible(version) >= 0)
      slots_[at(visible(version))].claims.fetch_add(1, std::memory_order_relaxed);
  };
  for (int s : layout_.levels[at(level_)].steps) {
    if (plan_.steps[at(s)] != StepPlan::run) continue;
    std::ranges::for_each(layout_.steps[at(s)].inputs, claim);
    std::ranges::for_each(layout_.steps[at(s)].fallbacks, claim);
  }
}

int Unit::arrive(int step) noexcept {
  return to_arrive_[at(step)].fetch_sub(1, std::memory_order_acq_rel) - 1;
}

bool Unit::arrive_at_end() noexcept {
  return ends_to_come_.fetch_sub(1, std::memory_order_acq_rel) == 1;
}

AnyProduct const& Unit::product(int visible) {
  return slots_[at(visible)].from_repository ? load(visible, true) : slots_[at(visible)].product;
}

AnyProduct const& Unit::product_if_any(int visible) {
  return slots_[at(visible)].from_repository ? load(visible, false) : slots_[at(visible)].product;
}

AnyProduct const& Unit::load(int visible, bool must_exist) {
  Slot& slot = slots_[at(visible)];
  Version const& version = pipeline_.versions[at(visible)];
  std::lock_guard lock(slot.loading);
  if (slot.loaded) return slot.product;
  if (!must_exist && !store().exists(version.dataset)) return slot.product;
  if (slot.load_error) std::rethrow_exception(slot.load_error);
  try {
    slot.product = store().load(version.dataset, version.product_id);
    slot.loaded = true;
  } catch (...) {
    slot.load_error = std::current_exception();
    throw;
  }
  return slot.product;
}

bool Unit::is_last_reader(int visible) const noexcept {
  return slots_[at(visible)].claims.load(std::memory_order_acquire) == 1;
}

AnyProduct Unit::surrender(int visible) noexcept {
  return std::exchange(slots_[at(visible)].product, {});
}

void Unit::fill(int version, AnyProduct product) noexcept {
  slots_[at(version)].product = std::move(product);
}

bool Unit::is_filled(int version) const noexcept {
  return static_cast<bool>(slots_[at(version)].product);
}

void Unit::clear(int version) noexcept {
  slots_[at(version)].product = {};
}

void Unit::fall_back(int version, int stand_in) noexcept {
  // Nobody reads `version` before its writer has ended, so all its claims are still there.
  int const claims = slots_[at(version)].claims.load(std::memory_order_relaxed);
  slots_[at(stand_in)].claims.fetch_add(claims, std::memory_order_relaxed);
  slots_[at(version)].stand_in = stand_in;
}

void Unit::drop_claim(int visible) noexcept {
  Slot& slot = slots_[at(visible)];
  if (slot.claims.fetch_sub(1, std::memory_order_acq_rel) == 1) slot.product = {};
}

void Unit::release(int step) noexcept {
  StepLayout const& layout = layout_.steps[at(step)];
  if (plan_.steps[at(step)] != StepPlan::run) return;
  for (int v : layout.inputs)
    if (visible(v) >= 0) drop_claim(visible(v));
  for (int v : layout.fallbacks)
    if (v >= 0 && visible(v) >= 0) drop_claim(visible(v));
  for (int v : layout.outputs)
    if (slots_[at(v)].claims.load(std::memory_order_relaxed) == 0) clear(v);
}

void Unit::set_fate(int step, QuantumState state, int cause, std::string const& message) {
  fates_[at(step)] = {state, cause};
  if (state == QuantumState::failed || state == QuantumState::blocked)
    ok_.store(false, std::memory_order_relaxed);
  if (message.empty()) return;
  std::lock_guard lock(mutex_);
  messages_[step] = message;
}

std::string Unit::message(int step) const {
  std::lock_guard lock(mutex_);
  auto const found = messages_.find(step);
  return found == messages_.end() ? std::string() : found->second;
}

UnitStore& Unit::store() {
  std::lock_guard lock(mutex_);
  if (!store_) store_ = products_.unit(plan_.id);
  return *store_;
}

}  // namespace almagest
