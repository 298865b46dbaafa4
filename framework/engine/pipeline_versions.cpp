#include <algorithm>
#include <set>
#include <utility>

#include "engine/index.hpp"
#include "engine/pipeline_resolve.hpp"

namespace almagest {
namespace {

std::string per_text(Step const& step) {
  std::string text;
  for (std::string const& name : step.per) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "data ID" : text;
}

bool holds_all(std::vector<std::string> const& some, std::vector<std::string> const& all) {
  return std::ranges::all_of(
      all, [&](auto const& name) { return std::ranges::find(some, name) != some.end(); });
}

/// An entry of `[inputs]`: the dataset that a label is read from.
struct Input {
  std::string dataset;
  Where where;
  bool units = false;  ///< its data IDs are the units
  bool used = false;
};

/// Reads `[inputs]`, and finds the dataset whose data IDs are the units.
class InputReader {
 public:
  explicit InputReader(Resolution& r) : r_(r) {}

  std::map<std::string, Input> read() {
    if (ConfigValue const* inputs = r_.document.root.find("inputs")) {
      if (inputs->is_table())
        for (auto const& [label, value] : inputs->table()) read_input(label, value);
      else
        r_.problems.add(inputs->where,
                        std::string("'inputs' wants a table, got ") + inputs->type_name());
    }
    r_.pipeline.input_dataset = unit_dataset();
    return std::move(inputs_);
  }

 private:
  void read_input(std::string const& label, ConfigValue const& value) {
    std::string const owner = "input '" + label + "'";
    if (!value.is_table()) {
      r_.problems.add(value.where,
                      owner + " wants the name of a dataset type, got " + value.type_name());
      return;
    }
    check_keys(value, owner, {"dataset", "units"}, r_.problems);
    Input input;
    input.where = statement_place(value);
    ConfigValue const* const dataset = value.find("dataset");
    if (!dataset || !dataset->is_string()) {
      r_.problems.add(dataset ? dataset->where : input.where, owner + ": 'dataset' wants a string");
      return;
    }
    input.dataset = dataset->string();
    if (!r_.context.datasets.contains(input.dataset))
      r_.problems.add(dataset->where, owner + " names '" + input.dataset +
                                          "', which is no dataset type" +
                                          nearest_name_hint(input.dataset, dataset_names()));
    if (ConfigValue const* units = value.find("units")) {
      if (bool const* flag = std::get_if<bool>(&units->data))
        input.units = *flag;
      else
        r_.problems.add(units->where, owner + ": 'units' wants a bool, got " + units->type_name());
    }
    inputs_.emplace(label, input);
  }

  std::vector<std::string> dataset_names() const {
    std::vector<std::string> names;
    for (auto const& entry : r_.context.datasets) names.push_back(entry.first);
    return names;
  }

  /// A reference catalogue has no data IDs.
  bool is_sky(Input const& input) const {
    auto const type = r_.context.datasets.find(input.dataset);
    return type != r_.context.datasets.end() && type->second.lookup == Lookup::sky;
  }

  /// Of several datasets it is an error not to say whose data IDs are meant.
  Input* first_with_data_ids() {
    Input* first = nullptr;
    for (auto& [label, input] : inputs_) {
      if (is_sky(input)) continue;
      if (!first) first = &input;
      if (input.dataset == first->dataset) continue;
      r_.problems.add(input.where, "several inputs: say whose data IDs are the units, with " +
                                       label + " = { dataset = \"" + input.dataset +
                                       "\", units = true }");
      break;
    }
    return first;
  }

  std::string unit_dataset() {
    constexpr char const* usual = "raw";
    Input* chosen = nullptr;
    for (auto& [label, input] : inputs_) {
      if (!input.units) continue;
      if (is_sky(input))
        r_.problems.add(input.where, "input '" + label + "' cannot have 'units': '" +
                                         input.dataset + "' is found by its place on the sky");
      if (chosen && chosen->dataset != input.dataset)
        r_.problems.add(input.where, "two inputs have 'units': the data IDs of one dataset type " +
                                         std::string("are the units"));
      chosen = &input;
    }
    if (!chosen)
      if (auto const raw = inputs_.find(usual); raw != inputs_.end()) chosen = &raw->second;
    if (!chosen) chosen = first_with_data_ids();
    if (!chosen) return usual;
    chosen->used = true;
    return chosen->dataset;
  }

  Resolution& r_;
  std::map<std::string, Input> inputs_;
};

/// Goes through the steps in order and gives every input and output its version.
///
///     steps      a          b          c
///     exposure   writes v0  reads v0   reads v1
///                           writes v1
class VersionBuilder {
 public:
  explicit VersionBuilder(Resolution& r) : r_(r), p_(r.pipeline), inputs_(InputReader(r).read()) {}

  void build() {
    for (Step const& step : p_.steps)
      for (Port const* port : step.task->ports())
        if (!port->is_input()) writers_.try_emplace(label_of(step, *port), &step);
    for (std::size_t s = 0; s < p_.steps.size(); ++s) {
      for (Port const* port : p_.steps[s].task->ports())
        if (port->is_input()) read(static_cast<int>(s), *port);
      for (Port const* port : p_.steps[s].task->ports())
        if (!port->is_input()) write(static_cast<int>(s), *port);
    }
    for (auto const& [label, input] : inputs_)
      if (!input.used && r_.document.own(input.where) && p_.steps.size() < r_.first_gap)
        r_.problems.add(input.where,
                        "input '" + label + "': no step reads '" + label + "' from the repository");
  }

 private:
  // What the pipeline says of a port: its label, and where.

  ConfigValue const* rename_of(Step const& step, Port const& port) const {
    TaskTable const& task = r_.tasks.at(step.name);
    return (port.is_input() ? task.in : task.out).find(port.name());
  }

  std::string label_of(Step const& step, Port const& port) const {
    ConfigValue const* const rename = rename_of(step, port);
    return rename ? rename->string() : port.name();
  }

  /// Where a label was chosen: the renaming's statement, or the step.
  Where place_of(Step const& step, Port const& port) const {
    ConfigValue const* const rename = rename_of(step, port);
    if (!rename) return step.where;
    TaskTable const& task = r_.tasks.at(step.name);
    Where const& table = (port.is_input() ? task.in : task.out).key_where;  // `in.exposure = …`
    Where const place = statement_place(*rename);
    bool const one_statement = table.file == place.file && table.line == place.line;
    return one_statement && table.column < place.column ? table : place;
  }

  void problem(Step const& step, Port const& port, std::string const& what) {
    r_.problems.add(place_of(step, port), "step '" + step.name + "' " + what);
  }

  // Reading

  void read(int s, Port const& port) {
    Step& step = p_.steps[at(s)];
    auto const [label, point] = split_label(label_of(step, port));
    int v = -1;
    if (!point.empty()) {
      auto const last = point_above(s, port, label, point);
      if (!last) return;
      v = version_after(p_, label, *last);
    } else if (auto const found = current_.find(label); found != current_.end()) {
      v = found->second;
    }
    if (v < 0) v = repository_version(label, port);
    if (v < 0) {
      if (port.kind() != Port::Kind::maybe_in && !r_.after_gap(at(s))) unknown(s, port, label);
      return;
    }
    step.versions[port.index()] = v;
    auto& readers = p_.versions[at(v)].readers;
    if (readers.empty() || readers.back() != s) readers.push_back(s);
    check_type(step, port, p_.versions[at(v)]);
    check_level(step, port, p_.versions[at(v)]);
    check_when(step, port, p_.versions[at(v)]);
  }

  std::optional<int> point_above(int s, Port const& port, std::string const& label,
                                 std::string const& point) {
    Step const& step = p_.steps[at(s)];
    auto const last = last_step_of(r_, point);
    std::string const text = "reads '" + label + "@" + point + "', but ";
    if (!last) {
      if (!r_.after_gap(p_.steps.size()))
        problem(step, port,
                text + "there is no step or group '" + point + "'" + point_hint(r_, point));
      return std::nullopt;
    }
    if (*last < s) return last;
    problem(step, port, text + "'" + point + "' does not stand above it");
    return std::nullopt;
  }

  /// The version of a label as the repository has it, when it is a dataset type.
  int repository_version(std::string const& label, Port const& port) {
    auto const input = inputs_.find(label);
    if (input != inputs_.end()) input->second.used = true;
    std::string const dataset = input != inputs_.end() ? input->second.dataset : label;
    if (auto const known = stored_.find(label); known != stored_.end()) return known->second;
    auto const type = r_.context.datasets.find(dataset);
    if (type == r_.context.datasets.end() && input == inputs_.end()) return -1;

    Version version;
    version.label = label;
    version.dataset = dataset;
    if (type != r_.context.datasets.end()) version.product_id = type->second.product_id;
    if (version.product_id.empty()) version.product_id = port.product_id();
    int const v = static_cast<int>(p_.versions.size());
    p_.versions.push_back(std::move(version));
    stored_[label] = v;
    current_.try_emplace(label, v);
    return v;
  }

  void unknown(int s, Port const& port, std::string const& label) {
    Step const& step = p_.steps[at(s)];
    std::vector<std::string> known;
    for (auto const& entry : current_) known.push_back(entry.first);
    for (auto const& entry : r_.context.datasets) known.push_back(entry.first);
    for (auto const& entry : inputs_) known.push_back(entry.first);
    auto const later = writers_.find(label);
    problem(step, port,
            "reads '" + label + "', which no earlier step writes and which is no dataset type" +
                (later == writers_.end() ? nearest_name_hint(label, known)
                 : later->second == &step
                     ? "; the step itself writes it"
                     : "; step '" + later->second->name + "' writes it, further down"));
  }

  void check_type(Step const& step, Port const& port, Version const& version) {
    if (version.product_id == port.product_id()) return;
    std::string const other =
        version.writer < 0
            ? "dataset type '" + version.dataset + "' holds " + version.product_id
            : "step '" + p_.steps[at(version.writer)].name + "' writes " + version.product_id;
    problem(step, port, "reads '" + version.label + "' as " + port.product_id() + ", but " + other);
  }

  /// Units, groups and groups of groups: data goes from the finer to the coarser, by gathering.
  void check_level(Step const& reader, Port const& port, Version const& version) {
    if (version.writer < 0) return;
    Step const& writer = p_.steps[at(version.writer)];
    bool const gathers = port.kind() == Port::Kind::gather_in;
    bool const same = reader.per == writer.per;
    if (same && !gathers) return;
    bool const coarser =
        !reader.per.empty() && !same && (writer.per.empty() || holds_all(writer.per, reader.per));
    if (coarser && gathers) return;
    if (reader.per.empty() && gathers) return;  // has no `per`: reported already
    std::string const made = "reads '" + version.label + "', which step '" + writer.name +
                             "' makes once per " + per_text(writer);
    if (same)
      problem(reader, port, made + " as well: there is nothing to gather");
    else if (coarser)
      problem(reader, port,
              made + ", but runs once per " + per_text(reader) + ": its port '" + port.name() +
                  "' would have to gather them");
    else
      problem(reader, port,
              made + ", but runs once per " + per_text(reader) + "; split the pipeline: store '" +
                  version.label + "', and read it in a second one");
  }

  /// A label must be there for every data ID that reads it. (What depends on the data IDs, a
  /// condition against another one, is checked when they are known.)
  void check_when(Step const& reader, Port const& port, Version const& version) {
    if (port.kind() != Port::Kind::in || version.writer < 0 || version.previous >= 0) return;
    Step const& writer = p_.steps[at(version.writer)];
    if (!writer.when || reader.when) return;
    problem(reader, port,
            "reads '" + version.label + "', which nobody writes when step '" + writer.name +
                "' does not run (when = \"" + writer.when->text() + "\")");
  }

  // Writing

  void write(int s, Port const& port) {
    Step& step = p_.steps[at(s)];
    Version version;
    version.label = label_of(step, port);
    version.product_id = port.product_id();
    version.writer = s;
    if (auto const before = current_.find(version.label); before != current_.end()) {
      Version const& previous = p_.versions[at(before->second)];
      if (previous.writer == s) {
        problem(step, port, "writes '" + version.label + "' twice");
      } else if (previous.product_id != version.product_id) {
        problem(step, port,
                "writes '" + version.label + "' as " + version.product_id + ", but " +
                    maker_of(previous) + ' ' + previous.product_id);
        version.product_id = previous.product_id;  // its readers expect that, and are not to blame
      }
      bool const same_level = previous.writer < 0 || p_.steps[at(previous.writer)].per == step.per;
      if (same_level) version.previous = before->second;
    }
    int const v = static_cast<int>(p_.versions.size());
    current_[version.label] = v;
    step.versions[port.index()] = v;
    p_.versions.push_back(std::move(version));
  }

  std::string maker_of(Version const& version) const {
    return version.writer < 0 ? "dataset type '" + version.dataset + "' holds"
                              : "step '" + p_.steps[at(version.writer)].name + "' writes it as";
  }

  Resolution& r_;
  Pipeline& p_;
  std::map<std::string, Input> inputs_;
  std::map<std::string, Step const*> writers_;  // the first step that writes a label
  std::map<std::string, int> current_;          // by label: the version as last written
  std::map<std::string, int> stored_;           // by label: the version that the repository has
};

}  // namespace

void resolve_versions(Resolution& r) {
  VersionBuilder(r).build();
}

LabelText split_label(std::string const& text) {
  auto const sign = text.find('@');
  if (sign == std::string::npos) return {text, ""};
  return {text.substr(0, sign), text.substr(sign + 1)};
}

std::optional<int> last_step_of(Resolution const& r, std::string const& point) {
  if (auto const group = r.groups.find(point); group != r.groups.end()) return group->second.back();
  auto const& steps = r.pipeline.steps;
  auto const step = std::ranges::find(steps, point, &Step::name);
  if (step == steps.end()) return std::nullopt;
  return static_cast<int>(step - steps.begin());
}

std::string point_hint(Resolution const& r, std::string const& point) {
  std::vector<std::string> known;
  for (auto const& group : r.groups) known.push_back(group.first);
  for (Step const& step : r.pipeline.steps) known.push_back(step.name);
  return nearest_name_hint(point, known);
}

int version_after(Pipeline const& pipeline, std::string const& label, int step) {
  int found = -1;
  for (std::size_t v = 0; v < pipeline.versions.size(); ++v) {
    Version const& version = pipeline.versions[v];
    if (version.label == label && version.writer >= 0 && version.writer <= step)
      found = static_cast<int>(v);  // versions stand in the order of their writers
  }
  return found;
}

std::string label_text(Pipeline const& pipeline, int version) {
  Version const& v = pipeline.versions[at(version)];
  int const last = version_after(pipeline, v.label, static_cast<int>(pipeline.steps.size()));
  if (last == version || v.writer < 0) return v.label;
  return v.label + '@' + pipeline.steps[at(v.writer)].name;
}

}  // namespace almagest
