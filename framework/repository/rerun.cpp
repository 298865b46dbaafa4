#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <utility>

#include "repository/atomic_file.hpp"
#include "repository/configuration.hpp"
#include "repository/dataset_finder.hpp"
#include "repository/input_checksums.hpp"
#include "repository/json.hpp"
#include "repository/metadata_file.hpp"
#include "repository/opened_repository.hpp"
#include "repository/provenance.hpp"
#include "repository/rerun_outputs.hpp"
#include "repository/rerun_place.hpp"
#include "repository/row_writer.hpp"
#include "repository/schema_files.hpp"
#include "repository/sky_inputs.hpp"
#include "repository/staleness.hpp"

namespace almagest {
namespace {

namespace fs = std::filesystem;

constexpr char const* failed_steps_option = "failed_steps";  // see UnitStore::store

class OpenRerun;

/// What one unit or group has read. Serves several threads.
class InputRecord {
 public:
  void add(InputRow input) {
    std::scoped_lock const lock(mutex_);
    inputs_[{input.type, input.data_id}] = std::move(input);
  }
  std::vector<InputRow> all() const {
    std::scoped_lock const lock(mutex_);
    std::vector<InputRow> result;
    for (auto const& [key, input] : inputs_) result.push_back(input);
    return result;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, InputRow> inputs_;  // by type and data ID
};

/// The datasets of one unit or group; keeps what has been read.
class RerunUnit final : public UnitStore {
 public:
  RerunUnit(OpenRerun& rerun, DataId id) : rerun_(rerun), id_(std::move(id)) {}

  AnyProduct load(std::string const& dataset, std::string const& product_id) override;
  bool exists(std::string const& dataset) override;
  void store(Output const& output, std::string const& product_id, AnyProduct const& product,
             Step const& writer) override;
  void remove(Output const& output) override;
  void member_read(std::string const& dataset, DataId const& member) override;

 private:
  OpenRerun& rerun_;
  DataId id_;
  // Reference catalogues add to it as long as somebody holds one.
  std::shared_ptr<InputRecord> inputs_ = std::make_shared<InputRecord>();
};

class OpenRerun final : public Rerun {
 public:
  OpenRerun(std::shared_ptr<Repository const> repository, PluginRegistry const& plugins,
            RerunRequest const& request, Pipeline const& pipeline,
            std::map<int, Schema> const& schemas);
  ~OpenRerun() override;

  fs::path const& directory() const override { return place_.directory; }
  std::vector<std::string> executing(Pipeline const& pipeline) override {
    executing_ = &pipeline;
    return missing_catalogs(pipeline, finder_);
  }
  bool stale(Output const& output, DataId const& id,
             std::vector<DataId> const& members) const override;
  void finish() override;

  std::unique_ptr<UnitStore> unit(DataId const& id) override {
    return std::make_unique<RerunUnit>(*this, id);
  }
  AnyProduct load(std::string const& dataset, std::string const& product_id, DataId const& id,
                  std::optional<Box> const& box) override {
    return finder_.read(finder_.require(dataset, product_id, id), product_id, id, box);
  }

  void unit_finished(DataId const& id, bool ok) override;
  void quantum_finished(QuantumReport const& report) override;

  // For its units.
  DatasetFinder const& finder() const noexcept { return finder_; }
  InputRow input_at(DatasetPlace const& place, std::string const& dataset);
  void store(Output const& output, std::string const& product_id, AnyProduct const& product,
             Step const& writer, DataId const& id, std::vector<InputRow> inputs);
  void remove(Output const& output, DataId const& id);

 private:
  using Metrics = std::map<std::string, std::vector<MetricRow>>;  // by step
  /// What a unit in flight has come to.
  struct UnitProgress {
    Metrics metrics;
    bool failed = false;   // one of its quanta
    bool blocked = false;  // one of its quanta
  };

  Claim claim(RerunRequest const& request) const;
  void remove_outputs(std::vector<std::string> const& paths) const;
  void write_configuration(Pipeline const& pipeline) const;
  void write_schemas(Pipeline const& pipeline, std::map<int, Schema> const& schemas,
                     std::vector<StoredTypeRow> const& written);
  RerunOutput const& output(std::string const& dataset) const;
  std::string version_of(std::string const& use) const;
  bool has_metadata(DataId const& id) const;
  bool metadata_is_stale(DataId const& id) const;
  void write_metadata(DataId const& id, Metrics const& fresh);

  std::shared_ptr<Repository const> kept_;
  OpenedRepository const& repository_;
  PluginRegistry const& plugins_;
  Pipeline const* executing_;
  bool redo_;
  RerunPlace place_;
  Configuration configuration_;
  DatasetFinder finder_;
  std::map<std::string, RerunOutput> outputs_;
  std::optional<DatasetNaming> metadata_;

  std::unique_ptr<Registry> registry_;
  std::int64_t rerun_ = 0;
  std::unique_ptr<RowWriter> rows_;
  std::unique_ptr<InputChecksums> checksums_;
  std::unique_ptr<Staleness> staleness_;
  bool finished_ = false;

  mutable std::mutex mutex_;
  mutable std::map<std::pair<std::string, std::string>, std::string> members_;  // hashes, of groups
  // Rows of datasets whose quantum has not ended: both are committed together.
  std::map<std::pair<std::string, std::string>, std::vector<DatasetRow>> pending_;
  std::map<std::string, UnitProgress> fresh_;  // the units in flight
};

// ---- opening ----------------------------------------------------------------------------------

OpenRerun::OpenRerun(std::shared_ptr<Repository const> repository, PluginRegistry const& plugins,
                     RerunRequest const& request, Pipeline const& pipeline,
                     std::map<int, Schema> const& schemas)
    : kept_(std::move(repository)),
      repository_(opened(*kept_)),
      plugins_(plugins),
      executing_(&pipeline),
      redo_(request.redo),
      place_(rerun_place(repository_, request)),
      configuration_(configuration_of(pipeline, repository_.package(), plugins)),
      finder_(repository_, place_.directory, {}),
      outputs_(rerun_outputs(pipeline, repository_, finder_)) {
  if (!outputs_.contains(metadata_type)) metadata_ = finder_.declared(metadata_type, {});

  refuse_ambiguous_catalogs(pipeline, finder_);  // whose cure is another configuration

  prepare_rerun_place(repository_, place_);
  registry_ = std::make_unique<Registry>(place_.registry);
  Claim const claimed = claim(request);
  rerun_ = claimed.rerun;
  finder_.set_rerun_types(claimed.types);
  rows_ = std::make_unique<RowWriter>(*registry_, rerun_, place_.directory);
  checksums_ = std::make_unique<InputChecksums>(
      *registry_, [this](ChecksumRow row) { rows_->add({std::move(row)}); });
  staleness_ =
      std::make_unique<Staleness>(*registry_, rerun_, configuration_.hash, finder_, *checksums_);

  if (claimed.was_interrupted) remove_abandoned_files(place_.directory, true);
  if (request.clobber_output) remove_outputs(claimed.forgotten_paths);
  if (claimed.configuration_is_new || !file_exists(place_.directory / "config/pipeline.toml") ||
      !file_exists(place_.directory / "config/packages.json"))
    write_configuration(pipeline);
  write_schemas(pipeline, schemas, claimed.types);
}

Claim OpenRerun::claim(RerunRequest const& request) const {
  ClaimRequest wanted;
  wanted.name = place_.name;
  wanted.directory = place_.directory;
  wanted.configuration_hash = configuration_.hash;
  wanted.configuration = configuration_.entries;
  wanted.replace_configuration = request.clobber_config;
  wanted.forget_outputs = request.clobber_output;
  for (auto const& [name, output] : outputs_) wanted.types.push_back(output.type);
  if (metadata_)
    wanted.types.push_back({metadata_type, {}, metadata_->keys, metadata_->path.text(), {}});
  return registry_->claim(wanted);
}

void OpenRerun::remove_outputs(std::vector<std::string> const& paths) const {
  std::error_code none_there;
  fs::remove_all(schema_directory(place_.directory), none_there);
  for (std::string const& path : paths) {
    std::error_code ignored;  // gone already
    fs::remove(place_.directory / path, ignored);
    for (fs::path folder = fs::path(path).parent_path(); !folder.empty();
         folder = folder.parent_path())
      if (!fs::remove(place_.directory / folder, ignored) || ignored) break;  // not empty
  }
}

void OpenRerun::write_configuration(Pipeline const& pipeline) const {
  fs::path const config = place_.directory / "config";
  write_atomically(config / "pipeline.toml", dump_config(pipeline, false));
  write_atomically(config / "packages.json", packages_json(configuration_));
}

void OpenRerun::write_schemas(Pipeline const& pipeline, std::map<int, Schema> const& schemas,
                              std::vector<StoredTypeRow> const& written) {
  Formatter const* formatter = plugins_.formatter(ProductTraits<SourceCatalog>::id);
  if (!formatter) return;  // no catalogue can be stored either
  for (Output const& output : pipeline.outputs) {
    auto const schema = schemas.find(output.version);
    if (schema == schemas.end()) continue;
    fs::path const path = schema_file(place_.directory, output.dataset);
    std::string const hash = schema_hash(schema->second);
    auto const known = std::ranges::find(written, output.dataset, &StoredTypeRow::name);
    if (known != written.end() && known->schema_hash == hash && file_exists(path)) continue;
    write_schema_file(path, schema->second, *formatter);
    rows_->add({SchemaWritten{output.dataset, hash}});
  }
}

OpenRerun::~OpenRerun() {
  try {
    finish();
  } catch (Error const&) {  // whoever wants to know calls finish() before
  }
}

// ---- what is stale ----------------------------------------------------------------------------

RerunOutput const& OpenRerun::output(std::string const& dataset) const {
  auto const found = outputs_.find(dataset);
  if (found == outputs_.end())
    throw ConfigError("'" + dataset +
                      "' is no output of the pipeline that this rerun was opened for");
  return found->second;
}

bool OpenRerun::stale(Output const& wanted, DataId const& id,
                      std::vector<DataId> const& members) const {
  RerunOutput const& known = output(wanted.dataset);
  std::string const data_id = json_text(repository_.project(id, known.naming.keys));
  std::string const hash = members_hash(members);
  if (!members.empty()) {
    std::scoped_lock const lock(mutex_);
    members_[{wanted.dataset, data_id}] = hash;  // is needed when the group stores it
  }
  return redo_ || staleness_->is_stale(wanted.dataset, data_id, hash) ||
         (has_metadata(id) && metadata_is_stale(id));
}

bool OpenRerun::has_metadata(DataId const& id) const {
  return metadata_ && std::ranges::all_of(metadata_->keys, [&](std::string const& key) {
           return id.find(key) != nullptr;
         });
}

/// Without its metadata a unit is not complete: it was interrupted between its last dataset and
/// them.
bool OpenRerun::metadata_is_stale(DataId const& id) const {
  return staleness_->is_stale(metadata_type, json_text(repository_.project(id, metadata_->keys)),
                              {});
}

// ---- reading and storing ----------------------------------------------------------------------

InputRow OpenRerun::input_at(DatasetPlace const& place, std::string const& dataset) {
  InputRow input{place.level, dataset, json_text(place.id), place.path.string(), {}};
  if (place.level == 0) {
    if (auto const provenance = rows_->announced(dataset, input.data_id)) {
      input.checksum = *provenance;
      return input;
    }
    if (auto const row = registry_->find_dataset(rerun_, dataset, input.data_id)) {
      input.checksum = row->provenance;
      return input;
    }
  }
  input.checksum = checksums_->of(place.file);
  return input;
}

AnyProduct RerunUnit::load(std::string const& dataset, std::string const& product_id) {
  DatasetPlace const place = rerun_.finder().require(dataset, product_id, id_);
  if (rerun_.finder().is_sky(dataset))  // what is read is known when a region is asked for
    return rerun_.finder().reference_catalog(
        place, [&rerun = rerun_, inputs = inputs_, dataset](DatasetPlace const& shard) {
          inputs->add(rerun.input_at(shard, dataset));
        });
  inputs_->add(rerun_.input_at(place, dataset));
  return rerun_.finder().read(place, product_id, id_, std::nullopt);
}

bool RerunUnit::exists(std::string const& dataset) {
  try {
    if (rerun_.finder().find(dataset, {}, id_)) return true;
    // Should it appear later, what was made without it is stale.
    DatasetPlace const place = rerun_.finder().last_place(dataset, {}, id_);
    inputs_->add(rerun_.input_at(place, dataset));
  } catch (ProductError const&) {  // neither path nor product is declared, so nobody can store it
  }
  return false;
}

void RerunUnit::member_read(std::string const& dataset, DataId const& member) {
  if (auto const place = rerun_.finder().find(dataset, {}, member))
    inputs_->add(rerun_.input_at(*place, dataset));
}

void RerunUnit::store(Output const& output, std::string const& product_id,
                      AnyProduct const& product, Step const& writer) {
  rerun_.store(output, product_id, product, writer, id_, inputs_->all());
}

void RerunUnit::remove(Output const& output) {
  rerun_.remove(output, id_);
}

std::string OpenRerun::version_of(std::string const& use) const {
  auto const version = configuration_.versions.find(use.substr(0, use.find('/')));
  return version == configuration_.versions.end() ? std::string() : version->second;
}

void OpenRerun::store(Output const& wanted, std::string const& product_id,
                      AnyProduct const& product, Step const& writer, DataId const& id,
                      std::vector<InputRow> inputs) {
  Formatter const* formatter = plugins_.formatter(product_id);
  if (!formatter) throw ProductError("product '" + product_id + "' has no formatter");
  DatasetPlace const place = finder_.place(output(wanted.dataset).naming, 0, wanted.dataset, id);

  DatasetRow row;
  row.type = wanted.dataset;
  row.data_id = json_text(place.id);
  row.path = place.path.string();
  row.configuration = wanted.options.find(failed_steps_option) ? "" : configuration_.hash;
  row.task = writer.name;
  row.use = writer.use;
  row.version = version_of(writer.use);
  row.inputs = std::move(inputs);
  std::erase_if(row.inputs, [&](InputRow const& input) {  // a step may rewrite what it has read
    return input.type == row.type && input.data_id == row.data_id;
  });
  {
    std::scoped_lock const lock(mutex_);
    if (auto const members = members_.find({row.type, row.data_id}); members != members_.end())
      row.members = members->second;
  }
  row.provenance = provenance_of(row);

  AtomicFile file(place.file);
  file.write([&](fs::path const& temporary) {
    formatter->write(product, temporary, {id, wanted.options});
  });
  row.size = static_cast<std::int64_t>(fs::file_size(file.temporary()));
  file.commit();

  rows_->announce(row);
  std::scoped_lock const lock(mutex_);
  pending_[{writer.name, json_text(id)}].push_back(std::move(row));
}

void OpenRerun::remove(Output const& wanted, DataId const& id) {
  DatasetPlace const place = finder_.place(output(wanted.dataset).naming, 0, wanted.dataset, id);
  // The row first: a file without a row is made again, a row must not promise a file.
  rows_->add({DatasetRemoved{wanted.dataset, json_text(place.id), place.file}});
}

// ---- quanta and metadata ----------------------------------------------------------------------

void OpenRerun::quantum_finished(QuantumReport const& report) {
  if (report.up_to_date) return;
  Step const& step = executing_->steps.at(static_cast<std::size_t>(report.step));
  QuantumRow row;
  row.task = step.name;
  row.use = step.use;
  row.data_id = json_text(report.id);
  row.state = to_string(report.state);
  row.message = report.message;
  row.configuration = configuration_.hash;
  row.wall_s = report.wall_s;
  row.cpu_s = report.cpu_s;
  for (auto const& [metric, value] : report.metrics) {
    if (auto const* integer = std::get_if<std::int64_t>(&value))
      row.metrics.push_back({metric->name(), metric->unit(), *integer});
    else if (auto const* real = std::get_if<double>(&value); real && !std::isnan(*real))
      row.metrics.push_back({metric->name(), metric->unit(), *real});
  }

  std::vector<RegistryChange> changes;
  {
    std::scoped_lock const lock(mutex_);
    if (has_metadata(report.id)) {
      auto const [unit, first] = fresh_.try_emplace(row.data_id);
      // Until they are written anew the unit is not complete, whatever else is committed.
      if (first)
        changes.emplace_back(DatasetForgotten{
            metadata_type, json_text(repository_.project(report.id, metadata_->keys))});
      unit->second.failed |= report.state == QuantumState::failed;
      unit->second.blocked |= report.state == QuantumState::blocked;
      unit->second.metrics[row.task] =
          report.state == QuantumState::ok ? row.metrics : std::vector<MetricRow>();
    }
    if (auto const stored = pending_.extract({row.task, row.data_id}))
      for (DatasetRow& dataset : stored.mapped()) {
        if (report.state == QuantumState::failed) dataset.configuration.clear();
        changes.emplace_back(std::move(dataset));
      }
  }
  changes.emplace_back(std::move(row));
  rows_->add(std::move(changes));
}

void OpenRerun::unit_finished(DataId const& id, bool) {
  UnitProgress unit;
  {
    std::scoped_lock const lock(mutex_);
    auto const found = fresh_.extract(json_text(id));
    if (!found) return;  // nothing of it ran
    unit = std::move(found.mapped());
  }
  // Blocked by no failure: the run was cancelled. The unit is made anew, and its file with it.
  if (unit.blocked && !unit.failed) return;
  write_metadata(id, unit.metrics);
}

void OpenRerun::write_metadata(DataId const& id, Metrics const& fresh) {
  // Steps that were up to date have measured in an earlier run.
  Metrics all = registry_->metrics(rerun_, json_text(id), configuration_.hash);
  for (auto const& [step, metrics] : fresh) all[step] = metrics;
  std::string const text = metadata_text(id, all);

  DatasetPlace const place = finder_.place(*metadata_, 0, metadata_type, id);
  AtomicFile file(place.file);
  file.write(text);
  file.commit();
  DatasetRow row;
  row.type = metadata_type;
  row.data_id = json_text(place.id);
  row.path = place.path.string();
  row.size = static_cast<std::int64_t>(text.size());
  row.configuration = configuration_.hash;
  row.provenance = provenance_of(row);
  rows_->add({std::move(row)});
}

void OpenRerun::finish() {
  if (std::exchange(finished_, true)) return;
  std::vector<RegistryChange> changes;
  for (auto& [quantum, stored] : pending_)
    for (DatasetRow& dataset : stored) changes.emplace_back(std::move(dataset));
  pending_.clear();
  if (!changes.empty()) rows_->add(std::move(changes));
  rows_->finish();
  registry_->release(rerun_);
}

}  // namespace

Rerun::~Rerun() = default;

std::unique_ptr<Rerun> Rerun::open(std::shared_ptr<Repository const> repository,
                                   PluginRegistry const& plugins, RerunRequest const& request,
                                   Pipeline const& pipeline, std::map<int, Schema> const& schemas) {
  return std::make_unique<OpenRerun>(std::move(repository), plugins, request, pipeline, schemas);
}

}  // namespace almagest
