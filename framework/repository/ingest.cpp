#include "repository/ingest.hpp"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <set>

#include "repository/atomic_file.hpp"
#include "repository/frame_registry.hpp"
#include "repository/observation_row.hpp"
#include "repository/opened_repository.hpp"

namespace almagest {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t batch_size = 512;

/// One file on its way.
struct Arrival {
  fs::path source;
  std::optional<FileStamp> stamp;
  std::optional<FrameRow> row;  ///< none: nothing to be read or entered
  std::string refusal;          ///< why it cannot be taken
  bool is_known = false;
  bool is_placed = false;  ///< its place was made by this process
};

/// Ingests batch by batch.
class Ingest {
 public:
  Ingest(IngestRequest const& request, PluginRegistry const& plugins, Log& log)
      : request_(request),
        log_(log),
        target_(ingest_target(request.repository, "raw frames")),
        package_(package_of(target_, plugins)),
        rows_(*package_.instrument, package_.storage, raw_template(package_)),
        registry_(registry_of(target_, package_)) {}

  IngestSummary run();

 private:
  static ObsPackage package_of(IngestTarget const& target, PluginRegistry const& plugins);
  static PathTemplate raw_template(ObsPackage const& package);
  static FrameRegistry registry_of(IngestTarget const& target, ObsPackage const& package);

  void take(std::span<Arrival> batch);
  void look_at(Arrival& arrival);
  void read(Arrival& arrival) const;
  void decide(Arrival& arrival, std::map<DataId, Arrival const*>& batch,
              std::map<std::string, Arrival const*>& places);
  void compare_with_known(Arrival& arrival, KnownFrame const& known) const;
  void place(Arrival& arrival) const;
  /// One step of an arrival that is still on its way; what goes wrong is its refusal.
  template <class Step>
  static void attempt(Arrival& arrival, Step const& step);
  void tidy_directories(std::span<Arrival const> batch);
  void flush_directories(std::span<Arrival const> batch) const;
  void commit(std::span<Arrival> batch);
  void finish(Arrival const& arrival);

  fs::path at(std::string const& path) const { return target_.root / path; }

  IngestRequest const& request_;
  Log& log_;
  IngestTarget target_;
  ObsPackage package_;
  ObservationRow rows_;
  FrameRegistry registry_;
  std::set<fs::path> tidied_;  // directories in which no abandoned files are left
  IngestSummary summary_;
};

// ---- the repository -----------------------------------------------------------------------------

ObsPackage Ingest::package_of(IngestTarget const& target, PluginRegistry const& plugins) {
  return target.gen2 ? load_obs_package_for_mapper(gen2_mapper(target.root), plugins)
                     : load_obs_package(read_repository_file(target.root).instrument, plugins);
}

PathTemplate Ingest::raw_template(ObsPackage const& package) {
  DatasetType const& raw = package.datasets.at("raw");
  if (raw.path.empty())
    throw ConfigError(
        fmt::format("instrument '{}' does not say where raw frames go: camera.toml "
                    "needs [paths] raw = \"...\"",
                    package.instrument->name()));
  return PathTemplate::parse(raw.path, raw.where);
}

FrameRegistry Ingest::registry_of(IngestTarget const& target, ObsPackage const& package) {
  FrameTablesOf const tables{package.storage, package.instrument->keys(), target.gen2};
  if (target.gen2) create_gen2_registry(target.registry, tables);
  return FrameRegistry(target.registry, tables);
}

// ---- one batch ----------------------------------------------------------------------------------

template <class Step>
void Ingest::attempt(Arrival& arrival, Step const& step) {
  if (arrival.is_known || !arrival.refusal.empty()) return;
  try {
    step();
  } catch (NotImplementedError const&) {
    throw;
  } catch (std::exception const& error) {  // also std::bad_alloc, of a header that promises much
    arrival.refusal = error.what();
  }
}

/// A file whose size and time have not changed since it was ingested needs no reading.
void Ingest::look_at(Arrival& arrival) {
  arrival.stamp = file_stamp(arrival.source);
  auto const known = registry_.find_source(arrival.source.string());
  if (!arrival.stamp) {
    if (known && known->file->mode == to_string(IngestMode::move))
      arrival.is_known = true;
    else
      arrival.refusal = "no such file";
    return;
  }
  std::error_code error;
  if (known && *arrival.stamp == FileStamp{known->file->size, known->file->modified_ns} &&
      fs::exists(at(known->file->path), error)) {
    arrival.is_known = true;
    if (request_.mode == IngestMode::move && known->file->mode == to_string(IngestMode::move))
      remove_source(arrival.source, at(known->file->path));  // where an earlier call was killed
  }
}

void Ingest::read(Arrival& arrival) const {
  arrival.row = rows_.read(arrival.source);
  FrameFile& file = arrival.row->file;
  file.source = arrival.source.string();
  file.mode = to_string(request_.mode);
  file.size = arrival.stamp->size;
  file.modified_ns = arrival.stamp->modified_ns;
  if (request_.mode == IngestMode::direct) file.path = file.source;
}

void Ingest::compare_with_known(Arrival& arrival, KnownFrame const& known) const {
  if (!known.file) return;  // its place will tell
  fs::path const there = at(known.file->path);
  bool const same_headers = known.file->checksum == arrival.row->file.checksum &&
                            known.file->size == arrival.row->file.size;
  std::error_code error;
  if (fs::equivalent(there, arrival.source, error) && !error) {
    arrival.is_known = same_headers;
    arrival.row->replace = true;  // the file itself was changed
    arrival.row->file.path = known.file->path;
  } else if (!fs::exists(there, error)) {
    if (same_headers) {
      arrival.row->replace = true;
    } else {
      arrival.refusal =
          fmt::format("{} is in already, from {}, whose file is gone; this is another",
                      arrival.row->id.str(), printable(known.file->source));
    }
  } else if (same_headers && same_content(there, arrival.source)) {
    arrival.is_known = true;
  } else {
    arrival.refusal =
        fmt::format("{} is in already: {} (from {}); this is another file", arrival.row->id.str(),
                    printable(there.string()), printable(known.file->source));
  }
}

void Ingest::decide(Arrival& arrival, std::map<DataId, Arrival const*>& batch,
                    std::map<std::string, Arrival const*>& places) {
  auto const [twin, first] = batch.try_emplace(arrival.row->id, &arrival);
  if (!first && twin->second->refusal.empty()) {
    FrameFile const& other = twin->second->row->file;
    arrival.is_known =
        other.checksum == arrival.row->file.checksum && same_content(other.source, arrival.source);
    if (!arrival.is_known)
      arrival.refusal = fmt::format("{} is in already: {}; this is another file",
                                    arrival.row->id.str(), printable(other.source));
    return;
  }
  twin->second = &arrival;
  if (auto const known = registry_.find(arrival.row->id)) compare_with_known(arrival, *known);
  if (arrival.is_known || !arrival.refusal.empty()) return;
  if (auto const other = registry_.find_path(arrival.row->file.path);
      other && !arrival.row->replace && other->file->source != arrival.source)
    arrival.refusal =
        fmt::format("its place {} is that of another frame, from {}",
                    printable(arrival.row->file.path), printable(other->file->source));
  auto const [taken, free] = places.try_emplace(arrival.row->file.path, &arrival);
  if (!free)
    arrival.refusal =
        fmt::format("its place {} is that of {}, too", printable(arrival.row->file.path),
                    printable(taken->second->source.string()));
}

void Ingest::place(Arrival& arrival) const {
  arrival.is_placed = place_file(arrival.source, at(arrival.row->file.path), request_.mode);
}

/// Removes the half copies of processes that were killed.
void Ingest::tidy_directories(std::span<Arrival const> batch) {
  if (request_.mode != IngestMode::copy && request_.mode != IngestMode::move) return;
  for (Arrival const& arrival : batch)
    if (arrival.row)
      if (fs::path directory = at(arrival.row->file.path).parent_path();
          tidied_.insert(directory).second)
        remove_abandoned_files(directory, false);
}

void Ingest::flush_directories(std::span<Arrival const> batch) const {
  std::set<fs::path> directories;
  for (Arrival const& arrival : batch)
    if (arrival.is_placed) directories.insert(at(arrival.row->file.path).parent_path());
  for (fs::path const& directory : directories) flush_directory(directory);
}

void Ingest::commit(std::span<Arrival> batch) {
  std::vector<FrameRow> rows;
  std::vector<Arrival*> entered;
  std::vector<QuarantinedFile> quarantined;
  for (Arrival& arrival : batch)
    if (!arrival.refusal.empty()) {
      quarantined.push_back({arrival.source.string(), arrival.refusal});
    } else if (!arrival.is_known) {
      rows.push_back(*arrival.row);
      entered.push_back(&arrival);
    }
  if (rows.empty() && quarantined.empty()) return;
  auto const before_us = registry_.enter(rows, quarantined);
  for (std::size_t i = 0; i < entered.size(); ++i) {
    if (!before_us[i]) continue;
    // Another process was faster; it is asked as if it had been there from the beginning.
    Arrival& late = *entered[i];
    compare_with_known(late, *before_us[i]);
    if (late.refusal.empty()) {
      late.is_known = true;
      continue;
    }
    if (late.is_placed && late.row->file.path != before_us[i]->file->path) {
      std::error_code ignored;
      fs::remove(at(late.row->file.path), ignored);
    }
    registry_.enter({}, std::vector{QuarantinedFile{late.source.string(), late.refusal}});
  }
}

void Ingest::finish(Arrival const& arrival) {
  if (!arrival.refusal.empty()) {
    ++summary_.quarantined;
    bool const says_which = arrival.refusal.starts_with(arrival.source.string());
    log_.warning((says_which ? "" : printable(arrival.source.string()) + ": ") +
                 printable(arrival.refusal));
  } else if (arrival.is_known) {
    ++summary_.known;
    if (log_.enabled(LogLevel::debug))
      log_.debug(printable(arrival.source.string()) + " is in already");
  } else {
    ++summary_.ingested;
    log_.info(fmt::format("{} --<{}>--> {}", printable(arrival.source.string()),
                          arrival.row->file.mode,
                          printable((request_.repository / arrival.row->file.path).string())));
    if (request_.mode == IngestMode::move) try {
        remove_source(arrival.source, at(arrival.row->file.path));
      } catch (DataError const& error) {
        log_.warning(error.what());
      }
  }
}

void Ingest::take(std::span<Arrival> batch) {
  auto const in_parallel = [&](auto const& step) {
    for_each_index(batch.size(), request_.jobs,
                   [&](std::size_t i) { attempt(batch[i], [&] { step(batch[i]); }); });
  };
  for (Arrival& arrival : batch) attempt(arrival, [&] { look_at(arrival); });
  in_parallel([&](Arrival& arrival) { read(arrival); });
  std::map<DataId, Arrival const*> ids;
  std::map<std::string, Arrival const*> places;
  for (Arrival& arrival : batch) attempt(arrival, [&] { decide(arrival, ids, places); });
  tidy_directories(batch);
  in_parallel([&](Arrival& arrival) { place(arrival); });
  flush_directories(batch);
  commit(batch);
  for (Arrival const& arrival : batch) finish(arrival);
}

IngestSummary Ingest::run() {
  std::vector<std::string> const endings = {".fits", ".fit", ".fts", ".fits.gz", ".fit.gz", ".fz"};
  std::vector<fs::path> const files = ingested_files(request_.files, endings);
  remove_abandoned_files(target_.root, false);
  for (std::size_t begin = 0; begin < files.size(); begin += batch_size) {
    if (request_.stop.stop_requested()) {
      summary_.interrupted = true;
      break;
    }
    std::vector<Arrival> batch;
    for (std::size_t i = begin; i < std::min(begin + batch_size, files.size()); ++i)
      batch.push_back({files[i], {}, {}, {}, false, false});
    take(batch);
  }
  return summary_;
}

/// Whether a directory is empty, but for what a process that makes a repository of it, or was
/// killed at that, has put there.
bool is_as_good_as_empty(fs::path const& directory) {
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (name.starts_with('.')) name.erase(0, 1);  // a temporary file
    if (!name.starts_with(registry_file_name) && !name.starts_with(repository_file_name))
      return false;
  }
  return !error;
}

/// With an instrument's name: makes the repository when there is none, or sees that it is its.
/// Several processes may do so at once.
void make_repository(IngestRequest const& request, PluginRegistry const& plugins, Log& log) {
  fs::path const& root = request.repository;
  if (fs::exists(root / "_mapper")) return;  // which names the instrument
  if (fs::exists(root / repository_file_name)) {
    std::string const instrument = read_repository_file(root).instrument;
    if (instrument != request.instrument)
      throw ConfigError(fmt::format("--instrument {}: {} is a repository of {}", request.instrument,
                                    root.string(), instrument));
    return;
  }
  if (fs::exists(root) && !is_as_good_as_empty(root))
    throw ConfigError(root.string() + " is no repository, and not an empty directory either");
  make_repository_files(root, load_obs_package(request.instrument, plugins));
  log.info(fmt::format("made a repository for {} in {}", request.instrument, root.string()));
}

}  // namespace

IngestSummary ingest_raws(IngestRequest const& request, PluginRegistry const& plugins, Log& log) {
  if (!request.instrument.empty()) make_repository(request, plugins, log);
  return Ingest(request, plugins, log).run();
}

}  // namespace almagest
