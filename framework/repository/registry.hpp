#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "almagest/data_id.hpp"
#include "almagest/instrument.hpp"
#include "repository/database.hpp"
#include "repository/frame_tables.hpp"

namespace almagest {

/// Version 2 has the frame tables (frame_tables.hpp), which whoever ingests adds to a registry of
/// version 1.
inline constexpr int registry_version = 2;

/// A dataset type as a rerun stores it.
struct StoredTypeRow {
  std::string name;
  std::string product_id;
  std::vector<std::string> keys;
  std::string path;         ///< template
  std::string schema_hash;  ///< of the catalogue schema in schema/NAME.fits; "" when there is none
  bool operator==(StoredTypeRow const&) const = default;
};

/// What a dataset was made from: a file, or a dataset of the same rerun.
struct InputRow {
  int level = 0;         ///< 0 = the rerun, 1 = its repository, 2 = that one's parent, …
  std::string type;      ///< dataset type
  std::string data_id;   ///< as json_text()
  std::string path;      ///< below the level's directory
  std::string checksum;  ///< of the file; the provenance of a dataset of the rerun; "" = was absent
  bool operator==(InputRow const&) const = default;
};

struct DatasetRow {
  std::string type;
  std::string data_id;  ///< as json_text(), of the type's keys
  std::string path;     ///< below the rerun's directory
  std::int64_t size = 0;
  std::string configuration;  ///< hash; "" when a step that failed had a part in it: stale always
  std::string provenance;     ///< hash of all that decides its content
  std::string members;        ///< hash of a group's members, or ""
  std::string task;           ///< the step that wrote it, and what it uses: "measure"
  std::string use;            ///< "measurement/measure"
  std::string version;        ///< of the plugin
  bool removed = false;       ///< taken away on purpose, after its groups were done
  std::vector<InputRow> inputs;
};

struct MetricRow {
  std::string name;
  std::string unit;
  std::variant<std::int64_t, double> value;
};

struct QuantumRow {
  std::string task;
  std::string use;
  std::string data_id;
  std::string state;
  std::string message;
  std::string configuration;
  double wall_s = 0.0;
  double cpu_s = 0.0;
  std::vector<MetricRow> metrics;
};

/// The checksum of an input file, as long as size and time of change are the same.
struct ChecksumRow {
  std::string path;
  std::int64_t size = 0;
  std::int64_t modified_ns = 0;
  std::string checksum;
};

struct SchemaWritten {
  std::string type;
  std::string schema_hash;
};
struct DatasetForgotten {
  std::string type;
  std::string data_id;
};
/// Taken away on purpose: the row stays, so that what was made from it is not stale.
struct DatasetRemoved {
  std::string type;
  std::string data_id;
  std::filesystem::path file;  ///< to be removed after the row is committed
};

using RegistryChange = std::variant<DatasetRow, QuantumRow, ChecksumRow, SchemaWritten,
                                    DatasetForgotten, DatasetRemoved>;

/// Who asks for a rerun, and with which configuration.
struct ClaimRequest {
  std::string name;  ///< "" = the repository's own outputs
  std::filesystem::path directory;
  std::string configuration_hash;
  std::map<std::string, std::string> configuration;
  std::vector<StoredTypeRow> types;
  bool replace_configuration = false;
  bool forget_outputs = false;
};

struct Claim {
  std::int64_t rerun = 0;
  bool configuration_is_new = false;
  std::vector<StoredTypeRow> types;          ///< as they are stored now
  std::vector<std::string> forgotten_paths;  ///< of outputs that were forgotten, to be removed
  bool was_interrupted = false;              ///< a process that worked on it did not end properly
};

/// The tables of reruns, datasets and quanta, opened for writing. Serves several threads; several
/// processes may work on one file.
class Registry {
 public:
  /// Makes the file when it is missing; of several processes that do, one wins and all use its
  /// file. \param frames  with them it also gets the tables of raw frames and calibrations
  static void create(std::filesystem::path const& path, FrameTablesOf const* frames);

  /// \throws DataError naming the file
  explicit Registry(std::filesystem::path path);
  ~Registry();

  /// One transaction: of several processes with different configurations exactly one gets the
  /// rerun. \throws ConfigError with the differing keys
  Claim claim(ClaimRequest const& request);
  /// Says that this process has ended its work on the rerun.
  void release(std::int64_t rerun);

  void commit(std::int64_t rerun, std::span<RegistryChange const> changes);

  std::optional<DatasetRow> find_dataset(std::int64_t rerun, std::string const& type,
                                         std::string const& data_id) const;
  /// Metrics of the steps that were ok for a data ID, by step, made with this configuration.
  std::map<std::string, std::vector<MetricRow>> metrics(std::int64_t rerun,
                                                        std::string const& data_id,
                                                        std::string const& configuration) const;
  std::optional<ChecksumRow> find_checksum(std::string const& path) const;

 private:
  std::filesystem::path path_;
  mutable std::mutex mutex_;
  std::unique_ptr<SQLite::Database> database_;
};

/// Questions to a registry that is only read.
struct RerunRow {
  std::int64_t id = 0;
  std::string name;
  std::string directory;  ///< relative to the registry's
  std::string configuration_hash;
  std::size_t datasets = 0;
  std::map<std::string, std::size_t> quanta_by_state;
};
std::vector<RerunRow> read_reruns(ReadConnection const& registry);
/// The dataset types of a rerun, by name; empty when there is no such rerun or registry.
std::map<std::string, StoredTypeRow> read_types(ReadConnection const& registry,
                                                std::string const& rerun);
/// The data IDs of all datasets of a type in a rerun.
std::vector<DataId> read_data_ids(ReadConnection const& registry, std::string const& rerun,
                                  std::string const& type);

}  // namespace almagest
