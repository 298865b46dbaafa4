#include "repository/ingest_calibs.hpp"

#include <SQLiteCpp/Statement.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "repository/atomic_file.hpp"
#include "repository/calendar.hpp"
#include "repository/calibration_cards.hpp"
#include "repository/calibration_registry.hpp"
#include "repository/checksum.hpp"
#include "repository/observation_row.hpp"
#include "repository/opened_repository.hpp"
#include "repository/registry_statements.hpp"

namespace almagest {
namespace {

namespace fs = std::filesystem;

constexpr char const* of_all = "all";

bool is_calibration(DatasetTypes const& types, std::string const& name) {
  auto const type = types.find(name);
  return type != types.end() && type->second.lookup != Lookup::sky &&
         (type->second.lookup == Lookup::validity || name == "defects" || name == "crosstalk" ||
          name == "linearity" || name == "bf_kernel");
}

std::vector<std::string> calibration_types(DatasetTypes const& types) {
  std::vector<std::string> names;
  for (auto const& [name, type] : types)
    if (type.lookup == Lookup::validity) names.push_back(name);
  return names;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return text;
}

/// The dataset type that a rerun has stored as this file; "" when none has.
std::string type_in_rerun(fs::path const& file) {
  for (fs::path above = file.parent_path(); above.has_relative_path();
       above = above.parent_path()) {
    if (!fs::exists(above / repository_file_name)) continue;
    RepositoryFile const repository = read_repository_file(above);
    if (repository.parent.empty()) return {};
    fs::path registry = above / registry_file_name;
    if (!repository.rerun.empty()) {
      registry = repository.parent / registry_file_name;
      if (fs::exists(repository.parent / gen2_rerun_file_name))
        registry = repository.parent / gen2_rerun_file_name;
    }
    ReadConnection const connection(registry, false);
    std::string type;
    if (connection.exists())
      connection.use([&](SQLite::Database& database) {
        SQLite::Statement query(database,
                                "SELECT type FROM rerun JOIN dataset ON rerun = rerun.id WHERE "
                                "name = ? AND path = ? AND removed = 0");
        bind_all(query, repository.rerun, file.lexically_relative(above).string());
        if (query.executeStep()) type = query.getColumn(0).getString();
      });
    return type;
  }
  return {};
}

class CalibrationIngest {
 public:
  CalibrationIngest(CalibrationIngestRequest const& request, PluginRegistry const& plugins,
                    Log& log)
      : request_(request),
        log_(log),
        target_(ingest_target(request.repository, "calibrations")),
        package_(target_.gen2
                     ? load_obs_package_for_mapper(gen2_mapper(target_.root), plugins)
                     : load_obs_package(read_repository_file(target_.root).instrument, plugins)),
        registry_(registry_of(target_, package_)) {
    check();
  }

  IngestSummary run();

 private:
  static CalibrationRegistry registry_of(IngestTarget const& target, ObsPackage const& package);
  void check() const;
  void refuse_foreign_directory() const;

  void take(fs::path const& source);
  std::string type_of(fs::path const& source, CalibrationCards const& cards) const;
  CalibrationRow row_of(DatasetType const& type, CalibrationCards const& cards) const;
  DataId keys_of(DatasetType const& type, CalibrationCards const& cards) const;
  std::optional<std::string> key_text(std::string const& column,
                                      CalibrationCards const& cards) const;
  void set_validity(std::string const& type, CalibrationCards const& cards,
                    Calibration& calibration) const;
  fs::path place_of(DatasetType const& type, std::vector<CalibrationRow> const& rows,
                    fs::path const& source) const;
  std::string column_of(std::string const& key) const;
  fs::path at(std::string const& path) const { return target_.root / path; }

  CalibrationIngestRequest const& request_;
  Log& log_;
  IngestTarget target_;
  ObsPackage package_;
  CalibrationRegistry registry_;
  IngestSummary summary_;
};

// ---- the repository -----------------------------------------------------------------------------

CalibrationRegistry CalibrationIngest::registry_of(IngestTarget const& target,
                                                   ObsPackage const& package) {
  FrameTablesOf const tables{package.storage, package.instrument->keys(), target.gen2};
  if (target.gen2) create_gen2_registry(target.registry, tables);
  return CalibrationRegistry(target.registry, tables);
}

void CalibrationIngest::check() const {
  if (!request_.type.empty() && !is_calibration(package_.datasets, request_.type)) {
    std::vector<std::string> const known = calibration_types(package_.datasets);
    throw ConfigError(fmt::format("--type '{}' is no calibration{} (known: {})", request_.type,
                                  nearest_name_hint(request_.type, known), fmt::join(known, ", ")));
  }
  for (auto const& [option, text] : {std::pair("--calib-date", &request_.calib_date),
                                     std::pair("--valid-from", &request_.valid_from),
                                     std::pair("--valid-to", &request_.valid_to)})
    if (!text->empty() && date_in(*text) != *text)
      throw ConfigError(fmt::format("{} wants a date YYYY-MM-DD, got '{}'", option, *text));
  if (request_.mode != IngestMode::direct) refuse_foreign_directory();
}

/// What a Gen2 registry does not know of must not be put beside it.
void CalibrationIngest::refuse_foreign_directory() const {
  fs::path const directory = target_.root / calibration_directory;
  std::error_code error;
  if (fs::exists(directory / gen2_calibrations_name, error) || fs::is_symlink(directory, error))
    throw ConfigError(directory.string() +
                      " belongs to somebody else and is only read; with --mode direct the files "
                      "stay where they are");
}

std::string CalibrationIngest::column_of(std::string const& key) const {
  std::string const column = package_.instrument->role(key);
  return column.empty() ? key : column;
}

// ---- what a file is -----------------------------------------------------------------------------

std::string CalibrationIngest::type_of(fs::path const& source,
                                       CalibrationCards const& cards) const {
  if (!request_.type.empty()) return request_.type;
  std::vector<std::string> candidates = {type_in_rerun(source), cards.type};
  for (fs::path above = source.parent_path(); above.has_relative_path();
       above = above.parent_path())
    candidates.push_back(lower(above.filename().string()));
  for (std::string const& candidate : candidates)
    if (is_calibration(package_.datasets, candidate)) return candidate;
  throw DataError(fmt::format("it does not say what it is (card OBSTYPE): give --type, one of {}",
                              fmt::join(calibration_types(package_.datasets), ", ")));
}

std::optional<std::string> CalibrationIngest::key_text(std::string const& column,
                                                       CalibrationCards const& cards) const {
  std::vector<std::string> names = {column};
  for (char const* role : {"exposure", "visit", "detector", "band"})
    if (package_.instrument->role(role) == column) names.emplace_back(role);
  if (std::ranges::find(names, "band") != names.end() || column == "physical_filter")
    names.insert(names.end(), {"filter", "physical_filter", "band"});
  for (std::string const& name : names)
    if (auto const given = request_.keys.find(name); given != request_.keys.end())
      return given->second;
  for (std::string const& name : names)
    if (Value const* value = cards.keys.find(name)) return to_string(*value);
  return std::nullopt;
}

DataId CalibrationIngest::keys_of(DatasetType const& type, CalibrationCards const& cards) const {
  DataId keys;
  std::vector<std::string> names = type.keys;
  if (names.empty())
    for (DataIdKey const& key : package_.instrument->keys()) names.push_back(key.name);
  for (std::string const& name : names) {
    std::string const column = column_of(name);
    std::optional<std::string> const text = key_text(column, cards);
    if (!text)
      throw DataError(fmt::format("it does not tell '{}': give --keys {}=VALUE, or {}=all", column,
                                  column, column));
    if (*text == of_all) continue;
    FrameColumn const* const known = package_.storage.find(column);
    keys.set(column, as_column(*text, known ? known->type : FrameColumn::Type::text, column));
  }
  return keys;
}

void CalibrationIngest::set_validity(std::string const& type, CalibrationCards const& cards,
                                     Calibration& calibration) const {
  auto const first = [](std::string const& a, std::string const& b) { return a.empty() ? b : a; };
  calibration.calib_date = first(request_.calib_date, cards.calib_date);
  bool const frame = type == "bias" || type == "dark" || type == "flat" || type == "fringe";
  if (!request_.valid_from.empty() || !request_.valid_to.empty()) {
    calibration.valid_start = first(request_.valid_from, first(cards.valid_start, first_date));
    calibration.valid_end = request_.valid_to;
  } else if (request_.validity_days) {
    if (calibration.calib_date.empty())
      throw DataError("it has no date (card CALIBDAT): give --calib-date YYYY-MM-DD");
    calibration.valid_start = days_later(calibration.calib_date, -*request_.validity_days);
    calibration.valid_end = days_later(calibration.calib_date, *request_.validity_days);
  } else if (!cards.valid_start.empty()) {
    calibration.valid_start = cards.valid_start;
    calibration.valid_end = cards.valid_end;
  } else if (!frame && !calibration.calib_date.empty()) {
    calibration.valid_start = calibration.calib_date;  // until the next one
  } else {
    throw DataError(
        "it does not say on which days it holds (cards VALIDBEG and VALIDEND): give "
        "--validity DAYS, or --valid-from and --valid-to");
  }
  if (calibration.calib_date.empty()) calibration.calib_date = calibration.valid_start;
  if (!calibration.valid_end.empty() && calibration.valid_end < calibration.valid_start)
    throw DataError(fmt::format("it would hold from {} to {}, which is earlier",
                                calibration.valid_start, calibration.valid_end));
}

CalibrationRow CalibrationIngest::row_of(DatasetType const& type,
                                         CalibrationCards const& cards) const {
  CalibrationRow row;
  row.type = type.name;
  row.calibration.keys = keys_of(type, cards);
  set_validity(type.name, cards, row.calibration);
  return row;
}

/// Where it goes below the repository.
fs::path CalibrationIngest::place_of(DatasetType const& type,
                                     std::vector<CalibrationRow> const& rows,
                                     fs::path const& source) const {
  fs::path const below = calibration_directory;
  std::string name = source.filename().string();
  if (rows.size() > 1) return below / type.name / confined("file name", name);
  Calibration const& calibration = rows.front().calibration;
  std::string const ending = name.ends_with(".gz") ? ".fits.gz" : source.extension().string();
  std::string keys;
  for (auto const& [key, value] : calibration.keys.items())
    keys += (keys.empty() ? "" : "-") + confined(key, value);
  bool const declared = !type.path.empty() && type.lookup == Lookup::validity;
  fs::path path =
      PathTemplate::parse(
          declared ? type.path : "{dataset}/{calibDate}/{dataset}-{calibDate}-{keys}", type.where)
          .expand([&](std::string const& placeholder) -> std::optional<Value> {
            if (placeholder == "dataset") return type.name;
            if (placeholder == "calibDate") return calibration.calib_date;
            if (placeholder == "keys") return keys.empty() ? of_all : keys;
            Value const* key = calibration.keys.find(column_of(placeholder));
            return key ? std::optional(*key) : std::nullopt;
          });
  if (!declared)
    path += ending;  // a filter's name may hold a dot
  else if (ending == ".csv" || ending == ".ecsv")
    path.replace_extension(ending);
  return below / path;
}

// ---- one file -----------------------------------------------------------------------------------

void CalibrationIngest::take(fs::path const& source) {
  auto const stamp = file_stamp(source);
  if (!stamp) throw DataError("no such file");
  std::vector<CalibrationCards> const all = read_calibration_cards(source);
  if (all.empty()) throw DataError("it holds nothing");
  DatasetType const& type = package_.datasets.at(type_of(source, all.front()));

  std::vector<CalibrationRow> rows;
  for (CalibrationCards const& cards : all) rows.push_back(row_of(type, cards));
  FrameFile file{{},          source.string(),    to_string(request_.mode),
                 stamp->size, stamp->modified_ns, file_checksum(source)};
  file.path =
      request_.mode == IngestMode::direct ? source.string() : place_of(type, rows, source).string();
  for (CalibrationRow& row : rows) row.file = file;

  auto const refuse = [&](CalibrationRow const& there) {
    throw DataError(fmt::format("it overlaps {} ({} {}, from {})",
                                printable(at(there.file.path).string()), there.type,
                                there.calibration.str(), printable(there.file.source)));
  };
  std::error_code error;
  if (auto const there = registry_.find_overlap(rows)) {
    bool const is_it = there->file.checksum == file.checksum && there->file.size == file.size &&
                       fs::exists(at(there->file.path), error);
    if (!is_it) refuse(*there);
    ++summary_.known;
    if (request_.mode == IngestMode::move && there->file.mode == to_string(IngestMode::move))
      remove_source(source, at(there->file.path));
    return;
  }
  bool const placed = place_file(source, at(file.path), request_.mode);
  if (placed) flush_directory(at(file.path).parent_path());
  if (auto const there = registry_.enter(rows)) {
    if (there->file.checksum == file.checksum) {
      ++summary_.known;
      return;
    }
    if (placed && there->file.path != file.path) fs::remove(at(file.path), error);
    refuse(*there);
  }
  ++summary_.ingested;
  for (CalibrationRow const& row : rows)
    log_.info(fmt::format("{} --<{}>--> {} ({} {})", printable(source.string()), file.mode,
                          printable((request_.repository / file.path).string()), row.type,
                          row.calibration.str()));
  if (request_.mode == IngestMode::move) remove_source(source, at(file.path));
}

IngestSummary CalibrationIngest::run() {
  std::vector<std::string> const endings = {".fits", ".fit",  ".fts", ".fits.gz",
                                            ".fz",   ".ecsv", ".csv"};
  for (fs::path const& source : ingested_files(request_.files, endings)) {
    if (request_.stop.stop_requested()) {
      summary_.interrupted = true;
      break;
    }
    try {
      take(source);
    } catch (NotImplementedError const&) {
      throw;
    } catch (std::exception const& error) {
      ++summary_.quarantined;
      registry_.quarantine({source.string(), error.what()});
      bool const says_which = std::string_view(error.what()).starts_with(source.string());
      log_.warning((says_which ? "" : printable(source.string()) + ": ") + printable(error.what()));
    }
  }
  return summary_;
}

}  // namespace

IngestSummary ingest_calibrations(CalibrationIngestRequest const& request,
                                  PluginRegistry const& plugins, Log& log) {
  return CalibrationIngest(request, plugins, log).run();
}

}  // namespace almagest
