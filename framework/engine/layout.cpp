#include "engine/layout.hpp"

#include <algorithm>
#include <utility>

#include "engine/index.hpp"

namespace almagest {

namespace {

void add_once(std::vector<int>& list, int value) {
  if (std::ranges::find(list, value) == list.end()) list.push_back(value);
}

std::string per_text(std::vector<std::string> const& per) {
  std::string text;
  for (std::string const& name : per) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "once per data ID" : "per " + text;
}

/// Builds a layout step by step, and collects what is wrong with it.
class LayoutBuilder {
 public:
  LayoutBuilder(Pipeline const& pipeline, Layout& layout) : pipeline_(pipeline), layout_(layout) {}

  void build() {
    assign_levels();
    for (std::size_t s = 0; s < pipeline_.steps.size(); ++s) connect(static_cast<int>(s));
    problems_.raise();
    sort_levels();
    problems_.raise();
    find_ends();
  }

 private:
  int level_of(Version const& version) const {
    return version.writer < 0 ? 0 : layout_.steps[at(version.writer)].level;
  }

  void assign_levels() {
    layout_.levels.resize(1);
    layout_.steps.resize(pipeline_.steps.size());
    for (std::size_t s = 0; s < pipeline_.steps.size(); ++s) {
      auto& levels = layout_.levels;
      auto level = std::ranges::find(levels, pipeline_.steps[s].per, &Level::per);
      if (level == levels.end()) {
        levels.push_back({pipeline_.steps[s].per, {}, {}, {}, {}});
        level = levels.end() - 1;
      }
      level->steps.push_back(static_cast<int>(s));
      layout_.steps[s].level = static_cast<int>(level - levels.begin());
    }
  }

  void connect(int s) {
    Step const& step = pipeline_.steps[at(s)];
    StepLayout& layout = layout_.steps[at(s)];
    for (Port const* port : step.task->ports()) {
      int const v = step.versions[port->index()];
      if (v < 0) continue;
      if (port->kind() == Port::Kind::out) {
        layout.outputs.push_back(v);
        if (step.on_failure != OnFailure::keep_going) continue;
        layout.fallbacks.push_back(pipeline_.versions[at(v)].previous);
        wait_for_writers(s, layout.fallbacks.back());
      } else if (port->kind() == Port::Kind::gather_in) {
        gather(s, v);
      } else {
        read(s, v);
      }
    }
    std::ranges::sort(layout.predecessors);
    for (int p : layout.predecessors) layout_.steps[at(p)].successors.push_back(s);
  }

  void read(int s, int v) {
    add_once(layout_.steps[at(s)].inputs, v);
    Version const& version = pipeline_.versions[at(v)];
    if (version.writer >= 0 && level_of(version) != layout_.steps[at(s)].level) {
      Step const& reader = pipeline_.steps[at(s)];
      Step const& writer = pipeline_.steps[at(version.writer)];
      problems_.add(reader.where, "step '" + reader.name + "' (" + per_text(reader.per) +
                                      ") cannot read '" + version.label + "' of '" + writer.name +
                                      "' (" + per_text(writer.per) +
                                      "): only a coarser step may, and gathers it; for anything "
                                      "finer split the pipeline");
      return;
    }
    wait_for_writers(s, v);
  }

  void gather(int s, int v) {
    add_once(layout_.steps[at(s)].gathered, v);
    Step const& step = pipeline_.steps[at(s)];
    Version const& version = pipeline_.versions[at(v)];
    int const from = level_of(version);
    if (step.per.empty())
      problems_.add(step.where, "step '" + step.name + "' gathers '" + version.label +
                                    "' but has no `per`: say once per what it runs");
    else if (from == layout_.steps[at(s)].level)
      problems_.add(step.where, "step '" + step.name + "' gathers '" + version.label +
                                    "' from a step with the same `per`: nothing is to be gathered");
    else if (version.writer >= 0 && version.outputs.empty())
      problems_.add(step.where, "'" + version.label + "' is gathered by step '" + step.name +
                                    "', so it must stand in [outputs] (with keep = false if its "
                                    "files are not wanted)");
    else
      add_once(layout_.levels[at(layout_.steps[at(s)].level)].gathers, from);
  }

  /// A reader of a version also waits for the versions before it, as far as an absent or failing
  /// writer may expose them.
  void wait_for_writers(int s, int v) {
    for (; v >= 0; v = pipeline_.versions[at(v)].previous) {
      int const writer = pipeline_.versions[at(v)].writer;
      if (writer < 0 || layout_.steps[at(writer)].level != layout_.steps[at(s)].level) return;
      if (writer != s) add_once(layout_.steps[at(s)].predecessors, writer);
      Step const& step = pipeline_.steps[at(writer)];
      if (!step.when && step.on_failure != OnFailure::keep_going) return;
    }
  }

  /// Puts each level after those that it gathers from.
  void sort_levels() {
    std::vector<int> order{0};
    auto const placed = [&](int level) { return std::ranges::find(order, level) != order.end(); };
    while (order.size() < layout_.levels.size()) {
      std::size_t const before = order.size();
      for (std::size_t l = 1; l < layout_.levels.size(); ++l)
        if (!placed(static_cast<int>(l)) && std::ranges::all_of(layout_.levels[l].gathers, placed))
          order.push_back(static_cast<int>(l));
      if (order.size() > before) continue;
      for (std::size_t l = 1; l < layout_.levels.size(); ++l)
        if (!placed(static_cast<int>(l))) {
          Step const& step = pipeline_.steps[at(layout_.levels[l].steps.front())];
          problems_.add(step.where, "the steps " + per_text(step.per) +
                                        " gather what depends on themselves: split the pipeline");
        }
      return;
    }
    std::vector<int> position(order.size());
    std::vector<Level> sorted;
    for (std::size_t i = 0; i < order.size(); ++i) {
      position[at(order[i])] = static_cast<int>(i);
      sorted.push_back(std::move(layout_.levels[at(order[i])]));
    }
    for (Level& level : sorted) {
      for (int& from : level.gathers) from = position[at(from)];
      std::ranges::sort(level.gathers);
    }
    for (StepLayout& step : layout_.steps) step.level = position[at(step.level)];
    layout_.levels = std::move(sorted);
  }

  void find_ends() {
    for (Level& level : layout_.levels)
      for (int s : level.steps) {
        if (layout_.steps[at(s)].predecessors.empty()) level.roots.push_back(s);
        if (layout_.steps[at(s)].successors.empty()) level.terminals.push_back(s);
      }
  }

  Pipeline const& pipeline_;
  Layout& layout_;
  Problems problems_;
};

}  // namespace

Layout::Layout(Pipeline const& pipeline) {
  LayoutBuilder(pipeline, *this).build();
}

std::vector<int> visible_versions(Pipeline const& pipeline, std::vector<StepPlan> const& steps) {
  std::vector<int> visible(pipeline.versions.size());
  for (std::size_t v = 0; v < visible.size(); ++v) {
    int seen = static_cast<int>(v);
    while (seen >= 0 && pipeline.versions[at(seen)].writer >= 0 &&
           steps[at(pipeline.versions[at(seen)].writer)] == StepPlan::absent)
      seen = pipeline.versions[at(seen)].previous;
    visible[v] = seen;
  }
  return visible;
}

int gathering_output(Pipeline const& pipeline, int version) {
  Version const& v = pipeline.versions[at(version)];
  if (v.writer < 0) return -1;
  for (int o : v.outputs)
    if (pipeline.outputs[at(o)].keep) return o;
  return v.outputs.front();
}

}  // namespace almagest
