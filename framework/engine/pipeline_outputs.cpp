#include <algorithm>
#include <utility>

#include "engine/index.hpp"
#include "engine/pipeline_resolve.hpp"

namespace almagest {
namespace {

std::vector<std::string> const output_keys{"label", "path", "keep", "compression", "quantize"};
std::vector<std::string> const compressions{"none", "gzip", "rice"};  // as in almagest/fits.hpp

/// Reads `[outputs]` and ties each entry to the version that it stores.
class OutputReader {
 public:
  explicit OutputReader(Resolution& r) : r_(r), p_(r.pipeline) {}

  void read() {
    ConfigValue const* const outputs = r_.document.root.find("outputs");
    if (!outputs) return;
    if (!outputs->is_table()) {
      r_.problems.add(outputs->where,
                      std::string("'outputs' wants a table, got ") + outputs->type_name());
      return;
    }
    for (auto const& [dataset, value] : outputs->table()) read_output(dataset, value);
  }

 private:
  void read_output(std::string const& dataset, ConfigValue const& value) {
    owner_ = "output '" + dataset + "'";
    if (!is_plain_name(dataset))
      r_.problems.add(value.key_where,
                      owner_ + ": a dataset type has letters, digits, '_' and '-' only");
    if (!value.is_table()) {
      r_.problems.add(value.where, owner_ + " wants a label, got " + value.type_name());
      return;
    }
    check_keys(value, owner_, output_keys, r_.problems);
    Output output;
    output.dataset = dataset;
    output.where = statement_place(value);
    if (ConfigValue const* path = value.find("path")) read_path(*path, output);
    if (ConfigValue const* keep = value.find("keep")) read_keep(*keep, output);
    read_options(value, output);

    ConfigValue const* const label = value.find("label");
    if (!label || !label->is_string()) {
      r_.problems.add(label ? label->where : output.where, owner_ + ": 'label' wants a string");
      return;
    }
    output.version = find_version(*label);
    if (output.version < 0) return;
    check_product(output, *label);
    p_.versions[at(output.version)].outputs.push_back(static_cast<int>(p_.outputs.size()));
    p_.outputs.push_back(std::move(output));
  }

  void read_path(ConfigValue const& path, Output& output) {
    if (!path.is_string() || path.string().empty())
      r_.problems.add(path.where, owner_ + ": 'path' wants the template of a file's name");
    else
      output.path = path.string();
  }

  void read_keep(ConfigValue const& keep, Output& output) {
    if (bool const* flag = std::get_if<bool>(&keep.data))
      output.keep = *flag;
    else
      r_.problems.add(keep.where, owner_ + ": 'keep' wants a bool, got " + keep.type_name());
  }

  /// What the formatter is told.
  void read_options(ConfigValue const& value, Output& output) {
    if (ConfigValue const* compression = value.find("compression")) {
      bool const known =
          compression->is_string() &&
          std::ranges::find(compressions, compression->string()) != compressions.end();
      if (!known)
        r_.problems.add(compression->where, owner_ +
                                                ": 'compression' must be 'none', 'gzip' or "
                                                "'rice', got " +
                                                to_toml(*compression));
      output.options.set("compression", *compression);
    }
    if (ConfigValue const* quantize = value.find("quantize")) {
      auto const* whole = std::get_if<std::int64_t>(&quantize->data);
      auto const* real = std::get_if<double>(&quantize->data);
      if (!(whole && *whole > 0) && !(real && *real > 0))
        r_.problems.add(quantize->where, owner_ + ": 'quantize' must be a number above 0, got " +
                                             to_toml(*quantize));
      output.options.set("quantize", *quantize);
    }
  }

  int find_version(ConfigValue const& value) {
    bool const may_be_missing = r_.after_gap(p_.steps.size());
    auto const [label, point] = split_label(value.string());
    std::string const stores = owner_ + " stores '" + value.string() + "', ";
    int last = static_cast<int>(p_.steps.size());
    if (!point.empty()) {
      auto const step = last_step_of(r_, point);
      if (!step) {
        if (!may_be_missing)
          r_.problems.add(value.where, stores + "but there is no step or group '" + point + "'" +
                                           point_hint(r_, point));
        return -1;
      }
      last = *step;
    }
    int const version = version_after(p_, label, last);
    if (version >= 0 || may_be_missing) return version;
    if (version_after(p_, label, static_cast<int>(p_.steps.size())) >= 0)
      r_.problems.add(value.where, stores + "but no step up to '" + point + "' writes it");
    else
      r_.problems.add(value.where,
                      stores + "which no step writes" + nearest_name_hint(label, written_labels()));
    return -1;
  }

  std::vector<std::string> written_labels() const {
    std::vector<std::string> labels;
    for (Version const& version : p_.versions)
      if (version.writer >= 0) labels.push_back(version.label);
    return labels;
  }

  void check_product(Output const& output, ConfigValue const& label) {
    Version const& version = p_.versions[at(output.version)];
    std::string const writer = p_.steps[at(version.writer)].name;
    auto const type = r_.context.datasets.find(output.dataset);
    if (type != r_.context.datasets.end() && !type->second.product_id.empty() &&
        type->second.product_id != version.product_id)
      r_.problems.add(label.where, owner_ + " holds " + type->second.product_id + ", but step '" +
                                       writer + "' writes '" + version.label + "' as " +
                                       version.product_id);
    if (!r_.context.plugins.formatter(version.product_id))
      r_.problems.add(label.where, owner_ + ": '" + version.label + "' is a " + version.product_id +
                                       ", which no formatter can store: it lives in memory only");
  }

  Resolution& r_;
  Pipeline& p_;
  std::string owner_;  // "output 'calexp'"
};

/// What is gathered crosses from one unit to another through the repository: it must be stored, and
/// without loss.
void check_gathered(Resolution& r) {
  std::vector<bool> gathered(r.pipeline.versions.size());
  for (Step const& step : r.pipeline.steps) {
    for (Port const* port : step.task->ports()) {
      int const v = step.versions[port->index()];
      if (port->kind() != Port::Kind::gather_in || v < 0) continue;
      gathered[at(v)] = true;
      Version const& version = r.pipeline.versions[at(v)];
      if (version.writer < 0) continue;
      if (version.outputs.empty() && !r.after_gap(r.pipeline.steps.size())) {
        std::string const label = label_text(r.pipeline, v);
        r.problems.add(step.where, "step '" + step.name + "' gathers '" + version.label +
                                       "', which is not stored; add to [outputs]: " +
                                       version.label + " = \"" + label + "\"");
      }
      for (int o : version.outputs) {
        Output const& output = r.pipeline.outputs[at(o)];
        if (ConfigValue const* quantize = output.options.find("quantize"))
          r.problems.add(quantize->where, "output '" + output.dataset + "': '" + version.label +
                                              "' may not be quantised, because step '" + step.name +
                                              "' gathers it");
      }
    }
  }
  for (Output const& output : r.pipeline.outputs)
    if (!output.keep && !gathered[at(output.version)])
      r.problems.add(output.where,
                     "output '" + output.dataset + "' has keep = false, but no step gathers it");
}

}  // namespace

void resolve_outputs(Resolution& r) {
  OutputReader(r).read();
  check_gathered(r);
}

}  // namespace almagest
