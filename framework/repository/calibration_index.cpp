#include "repository/calibration_index.hpp"

#include <SQLiteCpp/Statement.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>

#include "repository/calendar.hpp"
#include "repository/frame_tables.hpp"
#include "repository/json.hpp"
#include "repository/opened_repository.hpp"
#include "repository/path_template.hpp"
#include "repository/registry_statements.hpp"

namespace almagest {
namespace {

namespace fs = std::filesystem;

std::optional<Value> cell(SQLite::Column const& column) {
  if (column.isInteger()) return Value(std::int64_t{column.getInt64()});
  if (column.isFloat()) return Value(column.getDouble());
  if (!column.isText()) return std::nullopt;
  return Value(column.getString());
}

/// A column of dates, with whatever follows the date.
std::string date_cell(SQLite::Column const& column, char const* what, fs::path const& registry) {
  std::string const text = column.isNull() ? std::string() : column.getString();
  std::string date = date_in(text);
  if (date.empty())
    throw DataError(fmt::format("{}: {} '{}' is no date", registry.string(), what, text));
  return date;
}

void read_ours(SQLite::Database& database, fs::path const& registry, fs::path const& base,
               DatasetType const& type, std::vector<Calibration>& found) {
  if (table_columns(database, "calib").empty()) return;
  SQLite::Statement query(
      database, "SELECT keys, calibDate, validStart, validEnd, path FROM calib WHERE type = ?");
  bind_all(query, type.name);
  while (query.executeStep()) {
    Calibration calibration;
    calibration.keys = data_id_of_json(query.getColumn(0).getString());
    calibration.calib_date = date_cell(query.getColumn(1), "calibDate", registry);
    calibration.valid_start = date_cell(query.getColumn(2), "validStart", registry);
    if (!query.getColumn(3).isNull())
      calibration.valid_end = date_cell(query.getColumn(3), "validEnd", registry);
    calibration.file = base / query.getColumn(4).getString();
    found.push_back(std::move(calibration));
  }
}

void read_gen2(SQLite::Database& database, fs::path const& registry, fs::path const& base,
               DatasetType const& type, std::vector<Calibration>& found) {
  std::vector<std::string> const columns = table_columns(database, type.name);
  if (columns.empty() || type.path.empty()) return;
  PathTemplate const path = PathTemplate::parse(type.path, type.where);
  std::string names;
  for (std::string const& column : columns)
    names += (names.empty() ? "" : ", ") + sql_identifier(column);
  SQLite::Statement query(database,
                          fmt::format("SELECT {} FROM {}", names, sql_identifier(type.name)));
  while (query.executeStep()) {
    Calibration calibration;
    for (int i = 0; i < static_cast<int>(columns.size()); ++i) {
      std::string const& column = columns[static_cast<std::size_t>(i)];
      SQLite::Column const value = query.getColumn(i);
      if (column == "calibDate")
        calibration.calib_date = date_cell(value, "calibDate", registry);
      else if (column == "validStart")
        calibration.valid_start = date_cell(value, "validStart", registry);
      else if (column == "validEnd")
        calibration.valid_end = date_cell(value, "validEnd", registry);
      else if (auto key = cell(value); key && column != "id")
        calibration.keys.set(column, std::move(*key));
    }
    calibration.file = base / path.expand([&](std::string const& name) -> std::optional<Value> {
      if (name == "calibDate") return Value(calibration.calib_date);
      Value const* key = calibration.keys.find(name);
      return key ? std::optional(*key) : std::nullopt;
    });
    found.push_back(std::move(calibration));
  }
}

/// Keys by the names of the columns that they mean; Gen2 says 'NONE' of what does not matter.
std::map<std::string, std::string> by_column(DataId const& keys,
                                             CalibrationIndex::ColumnOf const& column_of) {
  std::map<std::string, std::string> result;
  for (auto const& [key, value] : keys.items())
    if (std::string text = to_string(value); text != "NONE" && !text.empty())
      result.emplace(column_of(key), std::move(text));
  return result;
}

/// Whether a calibration is of what is asked for: no key says something else.
bool is_of(Calibration const& calibration, std::map<std::string, std::string> const& wanted,
           CalibrationIndex::ColumnOf const& column_of) {
  return std::ranges::all_of(by_column(calibration.keys, column_of), [&](auto const& key) {
    auto const asked = wanted.find(key.first);
    return asked == wanted.end() || asked->second == key.second;
  });
}

}  // namespace

std::string Calibration::str() const {
  return fmt::format("{} {}..{}", keys.empty() ? std::string("all") : keys.str(), valid_start,
                     valid_end);
}

bool overlap(Calibration const& a, Calibration const& b) noexcept {
  if (a.valid_start == b.valid_start) return true;
  Calibration const& first = a.valid_start < b.valid_start ? a : b;
  Calibration const& second = &first == &a ? b : a;
  return !first.valid_end.empty() && first.valid_end >= second.valid_start;
}

CalibrationIndex CalibrationIndex::of_repository(fs::path const& root) {
  CalibrationIndex index;
  index.add({root / registry_file_name, root, false});
  CalibrationIndex const below = of_directory(root / calibration_directory);
  for (Source const& source : below.sources_) index.add(source);
  return index;
}

CalibrationIndex CalibrationIndex::of_directory(fs::path const& directory) {
  CalibrationIndex index;
  std::error_code error;
  fs::path const real = fs::canonical(directory, error);  // CALIB is often a link
  if (error) return index;
  index.add({real / gen2_calibrations_name, real, true});
  index.add({real / registry_file_name, real, false});
  index.add({real.parent_path() / registry_file_name, real.parent_path(), false});
  return index;
}

void CalibrationIndex::add(Source source) {
  std::error_code error;
  if (!fs::is_regular_file(source.registry, error)) return;
  for (Source const& known : sources_)
    if (fs::equivalent(known.registry, source.registry, error)) return;
  sources_.push_back(std::move(source));
}

std::vector<Calibration> const& CalibrationIndex::all(DatasetType const& type) const {
  std::scoped_lock const lock(cache_->mutex);
  auto const [entry, fresh] = cache_->types.try_emplace(type.name);
  std::vector<Calibration>& found = entry->second;
  if (!fresh) return found;
  try {
    for (Source const& source : sources_) {
      ReadConnection const registry(source.registry, source.gen2);
      std::vector<Calibration> of_source;
      registry.use([&](SQLite::Database& database) {
        of_source.clear();
        (source.gen2 ? read_gen2 : read_ours)(database, source.registry, source.base, type,
                                              of_source);
      });
      std::ranges::move(of_source, std::back_inserter(found));
    }
  } catch (...) {
    cache_->types.erase(entry);
    throw;
  }
  std::ranges::sort(found, [](Calibration const& a, Calibration const& b) {
    return std::tie(a.keys, a.valid_start, a.file) < std::tie(b.keys, b.valid_start, b.file);
  });
  for (std::size_t i = 0; i < found.size(); ++i)
    if (found[i].valid_end.empty()) {
      bool const is_last = i + 1 == found.size() || found[i + 1].keys != found[i].keys;
      found[i].valid_end = is_last ? last_date : days_later(found[i + 1].valid_start, -1);
    }
  return found;
}

std::optional<Calibration> CalibrationIndex::find(DatasetType const& type, DataId const& keys,
                                                  std::string const& date,
                                                  ColumnOf const& column_of) const {
  auto const wanted = by_column(keys, column_of);
  Calibration const* found = nullptr;
  for (Calibration const& calibration : all(type)) {
    if (date < calibration.valid_start || date > calibration.valid_end ||
        !is_of(calibration, wanted, column_of))
      continue;
    if (found)
      throw DataError(fmt::format("two '{}' are valid for {} on {}: {} ({}) and {} ({})", type.name,
                                  keys.str(), date, found->file.string(), found->str(),
                                  calibration.file.string(), calibration.str()));
    found = &calibration;
  }
  return found ? std::optional(*found) : std::nullopt;
}

std::string CalibrationIndex::known(DatasetType const& type, DataId const& keys,
                                    ColumnOf const& column_of) const {
  constexpr std::size_t most = 8;
  auto const wanted = by_column(keys, column_of);
  std::vector<Calibration const*> listed;
  for (Calibration const& calibration : all(type)) listed.push_back(&calibration);
  std::ranges::stable_partition(listed, [&](Calibration const* calibration) {
    return is_of(*calibration, wanted, column_of);
  });
  std::string text;
  for (std::size_t i = 0; i < std::min(listed.size(), most); ++i)
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", listed[i]->str(),
                        listed[i]->file.string());
  if (listed.size() > most) text += fmt::format(", … {} in all", listed.size());
  if (!text.empty()) return text;
  std::string looked;
  for (Source const& source : sources_)
    looked += (looked.empty() ? "" : ", ") + source.registry.string();
  return looked.empty() ? "none" : "none in " + looked;
}

}  // namespace almagest
