#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "almagest/instrument.hpp"
#include "engine/dataset_type.hpp"
#include "engine/executor.hpp"
#include "engine/expression.hpp"
#include "engine/plugin_registry.hpp"
#include "engine/store.hpp"
#include "repository/id_selection.hpp"

namespace almagest {

class Rerun;

/// What `almagest query` prints of a rerun.
struct RerunInfo {
  std::string name;
  std::filesystem::path directory;
  std::string configuration_hash;
  std::size_t datasets = 0;
  std::map<std::string, std::size_t> quanta_by_state;
};

/// A directory of raws, calibrations and reruns, and its registry; opened from `almagest.toml` or
/// an LSST Gen2 `_mapper`.
class Repository {
 public:
  struct OpenOptions {
    std::filesystem::path calibrations;  ///< `--calib`; empty: CALIB below the root
  };
  /// Opens for reading; nothing below the root is ever written by this. Works on a read-only file
  /// system. \throws ConfigError when it is no repository, naming what was looked for, or its
  /// instrument is not known
  static std::shared_ptr<Repository const> open(std::filesystem::path const& root,
                                                PluginRegistry const& plugins,
                                                OpenOptions const& options);
  /// Makes an empty repository. \throws ConfigError when one is there, or the instrument is not
  /// known
  static void create(std::filesystem::path const& root, std::string const& instrument,
                     PluginRegistry const& plugins);

  virtual ~Repository();
  virtual std::filesystem::path const& root() const = 0;
  virtual Instrument const& instrument() const = 0;
  virtual DatasetTypes const& datasets() const = 0;
  /// Data-ID keys, roles and registry columns, for `--id`, `--where`, `per` and `when`.
  virtual std::vector<std::string> column_names() const = 0;
  /// The pipeline `process-ccd` runs (camera.toml `[pipelines] single_frame`), or "".
  virtual std::string single_frame_pipeline() const = 0;
  /// The directory of the camera's pipelines (camera.toml `[pipelines] directory`).
  virtual std::filesystem::path const& pipelines() const = 0;

  /// Data IDs of a dataset type (a raw, or anything stored) that match, sorted in the instrument's
  /// order. \param rerun  the rerun whose outputs are meant; "": the raws, or this repository's own
  /// outputs (`--output`) \throws ConfigError for an unknown key, with the known ones; a key's
  /// value of the wrong type
  virtual std::vector<UnitCandidate> select(std::string const& dataset, IdSelection const& ids,
                                            std::vector<Expression const*> const& conditions,
                                            std::string const& rerun = {}) const = 0;
  /// What is stored, for reading only (`almagest export`, `get`): of a rerun, or "" as in select().
  virtual std::unique_ptr<ProductStore> stored(std::string const& rerun) const = 0;
  virtual std::vector<RerunInfo> reruns() const = 0;
};

/// Where outputs go.
struct RerunRequest {
  std::string name;  ///< `--rerun NAME`: REPO/rerun/NAME
  std::filesystem::path
      output;  ///< `--output DIR`: DIR is a repository of its own whose parent is REPO
  bool clobber_config = false;  ///< replace the stored configuration
  bool clobber_output = false;  ///< remove this rerun's outputs first
  bool redo = false;            ///< everything counts as stale
};

/// One named set of outputs, made with one configuration.
///
/// Files are written to a temporary name beside their place, flushed and renamed; rows are
/// committed after that, in batches, by one thread of this object. Several processes may work on
/// one rerun.
class Rerun : public ProductStore, public RunObserver {
 public:
  /// Claims the rerun for a configuration: stores `config/`, `schema/`, and the registry row.
  /// \param pipeline  the whole pipeline, also when only some of its steps run; it and the plugins
  /// must outlive the rerun
  /// \throws ConfigError with the differing keys when it holds another configuration; when an
  /// output's path does not tell its data IDs apart; when several reference catalogues could be
  /// meant; when the place cannot be written
  static std::unique_ptr<Rerun> open(std::shared_ptr<Repository const> repository,
                                     PluginRegistry const& plugins, RerunRequest const& request,
                                     Pipeline const& pipeline,
                                     std::map<int, Schema> const& schemas);
  ~Rerun() override;

  virtual std::filesystem::path const& directory() const = 0;
  /// The steps that are going to run, when they are only some of the pipeline's (`--steps`):
  /// quantum reports count in them. The pipeline must outlive the rerun.
  /// \returns what to warn of: reference catalogues that are missing, where the run can go on
  /// \throws ConfigError when one is missing, and no step that reads it has on_failure = "continue"
  virtual std::vector<std::string> executing(Pipeline const& pipeline) = 0;
  /// Whether an output is missing or stale for a data ID (architecture section 7).
  virtual bool stale(Output const& output, DataId const& id,
                     std::vector<DataId> const& members) const = 0;
  /// Commits everything that is pending; called at the end, also after an interruption.
  /// \throws DataError when the registry cannot be written
  virtual void finish() = 0;
};

}  // namespace almagest
