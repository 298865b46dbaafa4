#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "almagest/config_value.hpp"
#include "almagest/task.hpp"
#include "engine/dataset_type.hpp"
#include "engine/expression.hpp"
#include "engine/plugin_registry.hpp"

namespace almagest {

/// A label as one step leaves it. A step that reads and writes a label reads one version and makes
/// the next.
struct Version {
  std::string label;
  std::string product_id;
  int writer = -1;           ///< step index; −1: read from the repository
  std::string dataset;       ///< the dataset type it is read from, when writer is −1
  int previous = -1;         ///< the version of this label before it, −1 when there is none
  std::vector<int> readers;  ///< step indices, in order
  std::vector<int> outputs;  ///< indices into Pipeline::outputs that store it
};

/// What a failing step does to its readers.
enum class OnFailure { block, keep_going };

/// One task of the pipeline with its place in the graph.
struct Step {
  std::string name;
  std::string group;  ///< the group it stands in, or ""
  std::string use;    ///< "background/mesh"
  std::unique_ptr<Task> task;
  std::vector<std::string>
      per;  ///< keys, roles or registry columns of its group; empty: once per unit
  std::optional<Expression> when;
  OnFailure on_failure = OnFailure::block;
  std::vector<int>
      versions;  ///< per port of the task, by Port::index(): the version read or written
  Where where;
};

/// One `[outputs]` entry: a dataset type and the version of a label that it stores.
struct Output {
  std::string dataset;
  int version = -1;
  std::string path;     ///< template given in the pipeline, or ""
  ConfigValue options;  ///< table for the formatter: compression, quantize
  bool keep = true;     ///< false: removed when the groups that gather it are done
  Where where;
};

struct RunSettings {
  int max_in_flight = 4;
  bool stop_on_failure = false;
  std::map<std::string, int> resources;  ///< capacities; 1 where none is given
};

/// A resolved pipeline: every name is known, every type fits, every task is configured.
struct Pipeline {
  std::string title;
  /// The dataset whose data IDs are the units: that of the `[inputs]` entry with `units = true`, of
  /// the entry `raw`, or of the only one; "raw" without `[inputs]`.
  std::string input_dataset;
  std::optional<Expression> select;
  std::vector<Step> steps;  ///< in the order of `steps`
  std::vector<Version> versions;
  std::vector<Output> outputs;
  RunSettings run;
  ConfigValue document;  ///< merged and complete: what `--show config` prints and what is stored

  /// The steps whose products `step` reads, sorted; also through earlier versions that a false
  /// `when` exposes.
  std::vector<int> predecessors(int step) const;
};

/// One `-c key=value` or `-C file`, in the order of the command line.
struct PipelineOverride {
  enum class Kind { assignment, file } kind = Kind::assignment;
  std::string text;
};

/// Where pipelines and their includes are looked for, and what the command line changes.
struct PipelineRequest {
  std::string name;                            ///< a path, or a plain name ("process_ccd")
  std::filesystem::path instrument_pipelines;  ///< `instrument:`; may be empty
  std::filesystem::path installed_pipelines;   ///< `almagest:`
  std::vector<PipelineOverride> overrides;
  std::vector<std::string> steps;  ///< `--steps`: steps and groups to run; empty = all
};

/// What a pipeline is checked against.
struct PipelineContext {
  PluginRegistry const& plugins;
  DatasetTypes const& datasets;
  std::vector<std::string>
      keys;  ///< data-ID keys, roles and registry columns that `per`, `when` may name
};

/// The file with its includes and overrides merged, unknown tables and keys not yet judged.
/// \throws ConfigError with every problem found
ConfigValue load_pipeline_document(PipelineRequest const& request);

/// Loads, merges, resolves and checks a pipeline. \throws ConfigError with every problem found, one
/// per line
Pipeline load_pipeline(PipelineRequest const& request, PipelineContext const& context);

/// Finds the file for a name: here, then `instrument:`, then `almagest:`. \throws ConfigError with
/// the paths tried
std::filesystem::path find_pipeline(PipelineRequest const& request);

/// Where `prepare` finds the schema of a catalogue that no step of this run makes; nullptr when
/// none is stored.
using SchemaSource = std::function<Schema const*(std::string const& dataset)>;

/// Calls Task::prepare of every step, in order, handing schemas along. \throws ConfigError with
/// every problem \returns the schema of each version that is a catalogue
std::map<int, Schema> prepare_pipeline(Pipeline& pipeline, Instrument const& instrument,
                                       SchemaSource const& stored,
                                       std::function<Log&(std::string const& step)> const& log_of);

/// The document as TOML that runs unchanged.
/// \param origins  with a comment behind each value that says where it was set
/// \param glob     only keys that match, for `--show config=GLOB`; "" = all
std::string dump_config(Pipeline const& pipeline, bool origins, std::string const& glob = {});
/// One line per step: name, task, labels read and written.
std::string show_tasks(Pipeline const& pipeline);
enum class GraphFormat { text, dot, mermaid };
std::string show_graph(Pipeline const& pipeline, GraphFormat format);

/// What decides the products: the document without `[run]` and `title`, as sorted `key.path =
/// value` pairs.
std::map<std::string, std::string> flat_configuration(Pipeline const& pipeline);

}  // namespace almagest
