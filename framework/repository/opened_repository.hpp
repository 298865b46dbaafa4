#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "repository/calibration_index.hpp"
#include "repository/declared_instrument.hpp"
#include "repository/frame_table.hpp"
#include "repository/registry.hpp"
#include "repository/repository.hpp"

namespace almagest {

/// A repository as its files describe it.
///
/// Data IDs come from the table of raw frames of the oldest ancestor:
///
///     OUT/almagest.toml --parent--> REPO/_mapper, registry.sqlite3 (table raw)
///     REPO/rerun/NAME/almagest.toml --parent--> REPO; its rows are in REPO's registry
class OpenedRepository final : public Repository {
 public:
  /// \param calibrations  directory to use instead of CALIB, or ""
  OpenedRepository(std::filesystem::path root, PluginRegistry const& plugins,
                   std::filesystem::path const& calibrations = {});
  ~OpenedRepository() override;

  std::filesystem::path const& root() const override { return root_; }
  Instrument const& instrument() const override { return *package_->instrument; }
  /// The camera's, and those that this repository and its parents have stored without that
  /// anybody declared them.
  DatasetTypes const& datasets() const override { return datasets_; }
  std::vector<std::string> column_names() const override;
  std::string single_frame_pipeline() const override { return package_->single_frame_pipeline; }
  std::filesystem::path const& pipelines() const override { return package_->pipelines; }
  std::vector<UnitCandidate> select(std::string const& dataset, IdSelection const& ids,
                                    std::vector<Expression const*> const& conditions,
                                    std::string const& rerun) const override;
  std::vector<RerunInfo> reruns() const override;
  std::unique_ptr<ProductStore> stored(std::string const& rerun) const override;

  OpenedRepository const* parent() const noexcept { return parent_.get(); }
  ObsPackage const& package() const noexcept { return *package_; }
  PluginRegistry const& plugins() const noexcept { return plugins_; }
  /// The name under which its own outputs stand in the registry; none for one that has none.
  std::optional<std::string> const& own_rerun() const noexcept { return own_rerun_; }
  bool is_rerun() const noexcept { return own_rerun_ && !own_rerun_->empty(); }
  /// Where its reruns' rows are; a Gen2 registry is never written, so they get a file of their own.
  ReadConnection const& registry() const noexcept { return *registry_; }
  FrameTable const& frames() const;
  /// What was ingested here as a calibration; nullptr for a rerun, and below `--calib`.
  CalibrationIndex const* calibrations() const noexcept {
    return calibrations_ ? &*calibrations_ : nullptr;
  }

  /// The value of a key, role or registry column for a data ID; none when it is not known or the
  /// ID leaves it open.
  std::optional<Value> value(DataId const& id, std::string const& name) const;
  /// The data ID's values of these keys. \throws DataError when one is not known
  DataId project(DataId const& id, std::vector<std::string> const& keys) const;
  std::vector<std::string> key_names() const;

 private:
  void open_gen2();
  void open_own(std::filesystem::path const& calibrations);
  std::string known_reruns() const;
  std::vector<UnitCandidate> frame_candidates() const;
  std::vector<UnitCandidate> stored_candidates(std::string const& rerun,
                                               std::string const& dataset) const;
  void add_roles(UnitCandidate& candidate) const;
  /// Only these keys, each once.
  std::vector<UnitCandidate> grouped(std::vector<UnitCandidate> candidates,
                                     std::vector<std::string> const& keys) const;

  std::filesystem::path root_;
  PluginRegistry const& plugins_;
  std::shared_ptr<OpenedRepository const> parent_;
  std::shared_ptr<ObsPackage const> package_;
  DatasetTypes datasets_;
  std::unique_ptr<FrameTable> frames_;
  std::unique_ptr<ReadConnection> registry_;
  std::optional<CalibrationIndex> calibrations_;
  std::optional<std::string> own_rerun_;
};

/// What Repository::open() has made. \throws ConfigError for any other repository
OpenedRepository const& opened(Repository const& repository);

/// What a repository directory is, by its almagest.toml.
struct RepositoryFile {
  std::string instrument;
  std::filesystem::path parent;  ///< absolute; empty when there is none
  std::string rerun;             ///< not empty: the directory is this rerun of its parent
};
inline constexpr char const* repository_file_name = "almagest.toml";
inline constexpr char const* registry_file_name = "registry.sqlite3";
/// The reruns of a Gen2 repository.
inline constexpr char const* gen2_rerun_file_name = "almagest.sqlite3";

/// Makes a directory an empty repository, as far as it is none yet.
/// \throws ConfigError when it cannot be made; DataError for its files
void make_repository_files(std::filesystem::path const& root, ObsPackage const& package);

/// The mapper that an LSST Gen2 repository names.
std::string gen2_mapper(std::filesystem::path const& root);

/// \throws ConfigError naming the place
RepositoryFile read_repository_file(std::filesystem::path const& directory);
void write_repository_file(std::filesystem::path const& directory, RepositoryFile const& content);

}  // namespace almagest
