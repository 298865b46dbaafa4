#include "engine/gather.hpp"

#include <algorithm>
#include <utility>

#include "engine/index.hpp"

namespace almagest {

/// A handle on what a member stored.
class Gatherer::Member final : public GatheredItem {
 public:
  Member(Gatherer const& owner, Unit& group, int version, DataId const& id, Trouble const* trouble)
      : owner_(owner), group_(group), version_(version), id_(id) {
    if (!trouble) return;
    state_ = trouble->state;
    reason_ = trouble->reason;
  }

  DataId const& id() const override { return id_; }
  QuantumState state() const override { return state_; }
  std::string const& reason() const override { return reason_; }
  AnyProduct load() const override { return load(std::optional<Box>()); }
  AnyProduct load(Box const& box) const override { return load(std::optional<Box>(box)); }

 private:
  AnyProduct load(std::optional<Box> const& box) const {
    Version const& version = owner_.pipeline_.versions[at(version_)];
    if (state_ != QuantumState::ok)
      throw ProductError("no '" + version.label + "' of " + id_.str() + ": " + to_string(state_) +
                         " (" + reason_ + ")");
    int const o = gathering_output(owner_.pipeline_, version_);
    std::string const& dataset = o < 0 ? version.dataset : owner_.pipeline_.outputs[at(o)].dataset;
    AnyProduct product = owner_.products_.load(dataset, version.product_id, id_, box);
    group_.store().member_read(dataset, id_);
    return product;
  }

  Gatherer const& owner_;
  Unit& group_;
  int version_;
  DataId const& id_;
  QuantumState state_ = QuantumState::ok;
  std::string reason_;
};

struct Gatherer::MemberList {
  std::vector<Member> members;
  std::vector<GatheredItem const*> items;
};

Gatherer::Gatherer(Pipeline const& pipeline, Layout const& layout, RunPlan const& plan,
                   ProductStore& products)
    : pipeline_(pipeline),
      layout_(layout),
      plan_(plan),
      products_(products),
      gathered_(layout.levels.size()),
      groups_of_unit_(plan.units.size()),
      groups_of_group_(plan.groups.size()) {
  for (StepLayout const& step : layout.steps)
    for (int v : step.gathered)
      if (int const writer = pipeline.versions[at(v)].writer; writer >= 0)
        gathered_[at(layout.steps[at(writer)].level)].push_back(v);
  for (auto& versions : gathered_) {
    std::ranges::sort(versions);
    versions.erase(std::ranges::unique(versions).begin(), versions.end());
  }
  for (std::size_t g = 0; g < plan.groups.size(); ++g) {
    GroupPlan const& group = plan.groups[g];
    auto const level = std::ranges::find(layout.levels, group.per, &Level::per);
    levels_.push_back(static_cast<int>(level - layout.levels.begin()));
    for (std::size_t u : group.members) groups_of_unit_[u].push_back(g);
    for (std::size_t finer : group.groups) groups_of_group_[finer].push_back(g);
    missing_.push_back(group.members.size() + group.groups.size());
  }
  for (std::size_t g = 0; g < plan.groups.size(); ++g) count_unkept(g);
}

Gatherer::~Gatherer() = default;

UnitPlan const& Gatherer::plan_of(UnitRef ref) const {
  return ref.is_group ? plan_.groups[ref.index].unit : plan_.units[ref.index];
}

/// Calls f(member) for the units or finer groups whose step writes a gathered version.
template <class F>
void Gatherer::each_member(std::size_t group, int version, F const& f) const {
  int const writer = pipeline_.versions[at(version)].writer;
  int const from = writer < 0 ? 0 : layout_.steps[at(writer)].level;
  if (from == 0)
    for (std::size_t u : plan_.groups[group].members) f(UnitRef{u, false});
  else
    for (std::size_t finer : plan_.groups[group].groups)
      if (levels_[finer] == from) f(UnitRef{finer, true});
}

void Gatherer::count_unkept(std::size_t group) {
  UnitPlan const& plan = plan_.groups[group].unit;
  for (int s : layout_.levels[at(levels_[group])].steps) {
    if (plan.steps[at(s)] != StepPlan::run) continue;
    for (int v : layout_.steps[at(s)].gathered) {
      int const o = gathering_output(pipeline_, v);
      if (o < 0 || pipeline_.outputs[at(o)].keep) continue;
      each_member(group, v, [&](UnitRef member) { ++unkept_[{member.is_group, member.index, o}]; });
    }
  }
}

std::vector<std::size_t> Gatherer::end(UnitRef member, Unit const* unit) {
  auto const& groups =
      member.is_group ? groups_of_group_[member.index] : groups_of_unit_[member.index];
  if (groups.empty()) return {};
  std::lock_guard lock(mutex_);
  int const level = member.is_group ? levels_[member.index] : 0;
  for (int v : gathered_[at(level)]) note_trouble(member, v, unit);
  std::vector<std::size_t> complete;
  for (std::size_t g : groups)
    if (--missing_[g] == 0) complete.push_back(g);
  return complete;
}

void Gatherer::note_trouble(UnitRef member, int version, Unit const* unit) {
  UnitPlan const& plan = plan_of(member);
  int const planned =
      unit ? unit->planned(version) : visible_versions(pipeline_, plan.steps)[at(version)];
  int const writer = planned < 0 ? -1 : pipeline_.versions[at(planned)].writer;
  DatasetKey const key{member.is_group, member.index, version};
  if (writer < 0) {
    std::string const& step = pipeline_.steps[at(pipeline_.versions[at(version)].writer)].name;
    troubles_[key] = {QuantumState::skipped, "the `when` of '" + step + "' is false"};
    return;
  }
  if (!unit) return;
  // After a failure that the pipeline survives, the version before has been stored.
  int const maker = pipeline_.versions[at(unit->visible(planned))].writer;
  if (maker < 0 || unit->state(maker) == QuantumState::ok) return;
  troubles_[key] = {unit->state(maker), unit->message(maker)};
}

std::vector<GatheredItem const*> const& Gatherer::members(Unit& group, int version) {
  std::lock_guard lock(mutex_);
  auto& list = open_[group.ref().index][version];
  if (!list) list = list_members(group, version);
  return list->items;
}

std::unique_ptr<Gatherer::MemberList> Gatherer::list_members(Unit& group, int version) {
  auto list = std::make_unique<MemberList>();
  Version const& v = pipeline_.versions[at(version)];
  each_member(group.ref().index, version, [&](UnitRef member) {
    DataId const& id = plan_of(member).id;
    auto const found = troubles_.find({member.is_group, member.index, version});
    Trouble const* trouble = found == troubles_.end() ? nullptr : &found->second;
    Trouble const unstored{QuantumState::skipped, "no '" + v.dataset + "' is stored"};
    if (v.writer < 0 && !products_.unit(id)->exists(v.dataset)) trouble = &unstored;
    list->members.emplace_back(*this, group, version, id, trouble);
  });
  for (Member const& member : list->members) list->items.push_back(&member);
  return list;
}

void Gatherer::close(Unit const& group) {
  std::vector<DatasetKey> unwanted;
  {
    std::lock_guard lock(mutex_);
    open_.erase(group.ref().index);
    if (!group.ok()) return;
    for (int s : layout_.levels[at(group.level())].steps) {
      if (group.plan().steps[at(s)] != StepPlan::run) continue;
      for (int v : layout_.steps[at(s)].gathered) {
        int const o = gathering_output(pipeline_, v);
        if (o < 0 || pipeline_.outputs[at(o)].keep) continue;
        each_member(group.ref().index, v, [&](UnitRef member) {
          DatasetKey const key{member.is_group, member.index, o};
          if (--unkept_[key] == 0) unwanted.push_back(key);
        });
      }
    }
  }
  for (DatasetKey const& key : unwanted)
    products_.unit(plan_of({key.index, key.is_group}).id)->remove(pipeline_.outputs[at(key.what)]);
}

}  // namespace almagest
