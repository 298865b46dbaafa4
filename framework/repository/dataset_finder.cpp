#include "repository/dataset_finder.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "repository/calendar.hpp"

namespace almagest {
namespace {

namespace fs = std::filesystem;

constexpr char const* raw_dataset = "raw";

/// A path as the registry records it: below a directory, or absolute when it stands elsewhere.
fs::path recorded(fs::path const& file, fs::path const& directory) {
  fs::path const relative = file.lexically_relative(directory);
  return relative.empty() || *relative.begin() == ".." ? file : relative;
}

DataId without_date(DataId const& dated) {
  DataId keys;
  for (auto const& [key, value] : dated.items())
    if (key != valid_on_key) keys.set(key, value);
  return keys;
}

}  // namespace

bool file_exists(std::filesystem::path const& path) noexcept {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0;
}

DatasetFinder::DatasetFinder(OpenedRepository const& repository, std::filesystem::path const& rerun,
                             std::map<std::string, StoredTypeRow> rerun_types)
    : repository_(repository) {
  if (!rerun.empty()) levels_.push_back({rerun, std::move(rerun_types)});
  for (OpenedRepository const* level = &repository; level; level = level->parent()) {
    Level& added = levels_.emplace_back();
    added.directory = level->root();
    if (level->own_rerun()) added.types = read_types(level->registry(), *level->own_rerun());
    added.calibrations = level->calibrations();
  }
}

void DatasetFinder::set_rerun_types(std::vector<StoredTypeRow> const& types) {
  for (StoredTypeRow const& type : types) levels_.front().types.insert_or_assign(type.name, type);
}

std::string DatasetFinder::default_path(std::string const& dataset, std::string const& product_id,
                                        PluginRegistry const& plugins) {
  Formatter const* formatter = plugins.formatter(product_id);
  if (!formatter)
    throw ProductError(
        fmt::format("dataset '{}': product '{}' has no formatter, so it lives in "
                    "memory only",
                    dataset, product_id));
  return "{dataset}/{keys}." + formatter->extension();
}

std::optional<DatasetNaming> DatasetFinder::declared(std::string const& dataset,
                                                     std::string const& product_id) const {
  auto const found = repository_.datasets().find(dataset);
  if (found == repository_.datasets().end()) return std::nullopt;
  DatasetType const& type = found->second;
  if (type.lookup == Lookup::sky)
    return DatasetNaming{{}, PathTemplate::parse(type.path, type.where)};
  std::string const path =
      !type.path.empty() && type.lookup == Lookup::exact
          ? type.path
          : default_path(dataset, type.product_id.empty() ? product_id : type.product_id,
                         repository_.plugins());
  return DatasetNaming{type.keys.empty() ? repository_.key_names() : type.keys,
                       PathTemplate::parse(path, type.where)};
}

std::optional<DatasetNaming> DatasetFinder::naming(Level const& level, std::string const& dataset,
                                                   std::string const& product_id) const {
  if (auto const row = level.types.find(dataset); row != level.types.end())
    return DatasetNaming{row->second.keys,
                         PathTemplate::parse(row->second.path, {level.directory.string(), 0, 0})};
  return declared(dataset, product_id);
}

DatasetPlace DatasetFinder::place(DatasetNaming const& naming, int level,
                                  std::string const& dataset, DataId const& id) const {
  DatasetPlace result;
  result.level = level;
  result.id = repository_.project(id, naming.keys);
  result.path = naming.path.expand([&](std::string const& name) -> std::optional<Value> {
    if (name == "dataset") return dataset;
    if (name != "keys") return repository_.value(id, name);
    std::string keys;
    for (auto const& [key, value] : result.id.items())
      keys += (keys.empty() ? "" : "-") + confined(key, value);
    return keys.empty() ? "all" : keys;
  });
  result.file = directory(level) / result.path;
  return result;
}

// ---- places of each kind ------------------------------------------------------------------------

DatasetType const* DatasetFinder::type_of(std::string const& dataset) const {
  auto const found = repository_.datasets().find(dataset);
  return found == repository_.datasets().end() ? nullptr : &found->second;
}

std::string DatasetFinder::column_of(std::string const& key) const {
  std::string const column = repository_.instrument().role(key);
  return column.empty() ? key : column;
}

bool DatasetFinder::is_dated(std::string const& dataset) const {
  DatasetType const* const type = type_of(dataset);
  return type && (type->lookup == Lookup::validity || type->lookup == Lookup::instrument);
}

/// A raw frame is where it was put when it was ingested, which a template may not tell.
std::optional<DatasetPlace> DatasetFinder::raw_place(int level, DataId const& id) const {
  if (level + 1 != level_count() || !repository_.frames().has_files()) return std::nullopt;
  DataId const frame = repository_.project(id, repository_.key_names());
  auto const path = repository_.value(frame, "path");
  if (!path) return std::nullopt;
  fs::path const below = to_string(*path);
  return DatasetPlace{level, frame, below, directory(level) / below};
}

std::string DatasetFinder::date_of(DataId const& id) const {
  if (Value const* given = id.find(valid_on_key)) return to_string(*given);
  for (char const* column : {"begin", "taiObs", "dateObs"})
    if (auto const time = repository_.value(id, column)) {
      auto const* mjd = std::get_if<double>(&*time);
      std::string date = mjd ? utc_date(*mjd) : date_in(to_string(*time));
      if (!date.empty()) return date;
    }
  return {};
}

DataId DatasetFinder::dated_id(DatasetType const& type, DataId const& id) const {
  DataId result = repository_.project(id, type.keys.empty() ? repository_.key_names() : type.keys);
  std::string const date = date_of(id);
  if (date.empty())
    throw DataError(
        fmt::format("'{}' is looked up by date, and the registry does not tell one for "
                    "'{}' (columns begin, taiObs, dateObs)",
                    type.name, id.str()));
  result.set(valid_on_key, date);
  return result;
}

std::optional<DatasetPlace> DatasetFinder::calibration_place(int level, DatasetType const& type,
                                                             DataId const& id) const {
  CalibrationIndex const* const index = levels_[static_cast<std::size_t>(level)].calibrations;
  if (!index) return std::nullopt;
  DataId const dated = dated_id(type, id);
  auto const found = index->find(type, without_date(dated), dated.text(valid_on_key),
                                 [&](std::string const& key) { return column_of(key); });
  if (!found) return std::nullopt;
  return DatasetPlace{level, dated, recorded(found->file, directory(level)), found->file};
}

DatasetPlace DatasetFinder::instrument_place(int level, DatasetType const& type,
                                             DataId const& id) const {
  if (type.path.empty())
    throw NotImplementedError("datasets of the instrument without a path (dataset '" + type.name +
                              "')");
  DatasetPlace result;
  result.level = level;
  result.id = repository_.project(id, type.keys.empty() ? repository_.key_names() : type.keys);
  // The file itself may hold something for each of several times.
  if (std::string const date = date_of(id); !date.empty()) result.id.set(valid_on_key, date);
  fs::path const below = PathTemplate::parse(type.path, type.where)
                             .expand([&](std::string const& name) -> std::optional<Value> {
                               return repository_.value(id, name);
                             });
  result.file = repository_.package().directory / below;
  result.path = recorded(result.file, directory(level));
  return result;
}

std::optional<DatasetPlace> DatasetFinder::place_at(int level, std::string const& dataset,
                                                    std::string const& product_id,
                                                    DataId const& id) const {
  Level const& there = levels_[static_cast<std::size_t>(level)];
  DatasetType const* const type = type_of(dataset);
  if (!there.types.contains(dataset) && type) {
    if (type->lookup == Lookup::validity) return calibration_place(level, *type, id);
    if (type->lookup == Lookup::instrument) {  // what was ingested stands above the package's file
      if (there.calibrations && !there.calibrations->all(*type).empty() && !date_of(id).empty())
        if (auto calibration = calibration_place(level, *type, id)) return calibration;
      return level + 1 == level_count() ? std::optional(instrument_place(level, *type, id))
                                        : std::nullopt;
    }
    if (dataset == raw_dataset)
      if (auto raw = raw_place(level, id)) return raw;
  }
  auto const found = naming(there, dataset, product_id);
  return found ? std::optional(place(*found, level, dataset, id)) : std::nullopt;
}

std::vector<DatasetPlace> DatasetFinder::places(std::string const& dataset,
                                                std::string const& product_id,
                                                DataId const& id) const {
  std::vector<DatasetPlace> result;
  for (int level = 0; level < level_count(); ++level)
    if (auto found = place_at(level, dataset, product_id, id)) result.push_back(std::move(*found));
  if (!result.empty() || is_dated(dataset)) return result;
  std::set<std::string> known;
  for (auto const& [name, type] : repository_.datasets()) known.insert(name);
  for (Level const& level : levels_)
    for (auto const& [name, type] : level.types) known.insert(name);
  throw NotFoundError(fmt::format("no dataset type '{}'{} (known: {})", dataset,
                                  nearest_name_hint(dataset, {known.begin(), known.end()}),
                                  fmt::join(known, ", ")));
}

// ---- what is there ------------------------------------------------------------------------------

std::optional<DatasetPlace> DatasetFinder::existing(DatasetPlace place,
                                                    std::string const& dataset) const {
  if (!is_sky(dataset))
    return file_exists(place.file) ? std::optional(std::move(place)) : std::nullopt;
  auto const directory = catalog_in(place.file, dataset);
  if (!directory) return std::nullopt;
  place.path = (place.path / *directory).lexically_normal();
  place.file = (place.file / *directory).lexically_normal();
  for (fs::path* path : {&place.path, &place.file})
    if (!path->has_filename()) *path = path->parent_path();  // "ref_cats/."
  return place;
}

std::optional<DatasetPlace> DatasetFinder::find(std::string const& dataset,
                                                std::string const& product_id,
                                                DataId const& id) const {
  for (DatasetPlace& place : places(dataset, product_id, id))
    if (auto found = existing(std::move(place), dataset)) return found;
  return std::nullopt;
}

DatasetPlace DatasetFinder::require(std::string const& dataset, std::string const& product_id,
                                    DataId const& id) const {
  std::vector<DatasetPlace> const tried = places(dataset, product_id, id);
  for (DatasetPlace const& place : tried)
    if (auto found = existing(place, dataset)) return *std::move(found);
  if (DatasetType const* type = type_of(dataset); type && type->lookup == Lookup::validity)
    complain_of_calibration(*type, id, tried);
  std::string paths;
  for (auto place = tried.rbegin(); place != tried.rend(); ++place)  // inputs are in the last one
    paths += (paths.empty() ? "" : ", nor ") + place->file.string();
  if (is_sky(dataset))
    throw NotFoundError(fmt::format(
        "no reference catalogue '{}': no shards (<HTM id>.fits) are in {}, or in a directory "
        "below; put a catalogue there, or a link to one",
        dataset, paths));
  bool const is_output = std::ranges::any_of(
      levels_, [&](Level const& level) { return level.types.contains(dataset); });
  throw NotFoundError(fmt::format("no '{}': there is no {}; {}", dataset, paths,
                                  is_output
                                      ? "run the steps that make it, too (all of them run without "
                                        "--steps)"
                                      : "add the file, or leave this data ID out"));
}

void DatasetFinder::complain_of_calibration(DatasetType const& type, DataId const& id,
                                            std::vector<DatasetPlace> const& tried) const {
  DataId dated = dated_id(type, id);
  for (DatasetPlace const& place : tried)
    if (place.id.find(valid_on_key))
      throw NotFoundError(fmt::format("the '{}' valid for {} does not exist: {}", type.name,
                                      dated.str(), place.file.string()));
  std::string const date = dated.text(valid_on_key);
  DataId const keys = without_date(dated);
  std::string known;
  for (Level const& level : levels_)
    if (level.calibrations)
      known += (known.empty() ? "" : ", ") +
               level.calibrations->known(type, keys,
                                         [&](std::string const& key) { return column_of(key); });
  throw NotFoundError(fmt::format("no '{}' for {} valid on {}; known: {}", type.name, keys.str(),
                                  date, known.empty() ? "none" : known));
}

DatasetPlace DatasetFinder::last_place(std::string const& dataset, std::string const& product_id,
                                       DataId const& id) const {
  std::vector<DatasetPlace> all = places(dataset, product_id, id);
  if (!all.empty()) return std::move(all.back());
  return {level_count() - 1, dated_id(*type_of(dataset), id), {}, {}};
}

AnyProduct DatasetFinder::read(DatasetPlace const& place, std::string const& product_id,
                               DataId const& id, std::optional<Box> const& box) const {
  if (product_id == ProductTraits<ReferenceCatalog>::id)  // nobody would hear what is read of it
    throw ProductError(place.file.string() +
                       ": a reference catalogue cannot be gathered, nor read as a product stored "
                       "for a data ID; read it through a port In<ReferenceCatalog>");
  Formatter const* formatter = repository_.plugins().formatter(product_id);
  if (!formatter)
    throw ProductError(
        fmt::format("{}: product '{}' has no formatter", place.file.string(), product_id));
  DataId of = id;
  if (Value const* date = place.id.find(valid_on_key)) of.set(valid_on_key, *date);
  AnyProduct product = formatter->read(place.file, {of, box, &repository_.instrument()});
  if (product.id() != product_id)
    throw ProductError(
        fmt::format("{}: holds '{}', not '{}'", place.file.string(), product.id(), product_id));
  return product;
}

bool DatasetFinder::is_sky(std::string const& dataset) const {
  auto const type = repository_.datasets().find(dataset);
  return type != repository_.datasets().end() && type->second.lookup == Lookup::sky;
}

AnyProduct DatasetFinder::reference_catalog(DatasetPlace const& place,
                                            ShardObserver observer) const {
  auto const catalog = catalogs_->at(place.file);
  ShardedCatalog::Observer observe = [place, observer = std::move(observer),
                                      key = fmt::format("htm{}", catalog->level())](
                                         std::int64_t htm, std::string const& file) {
    observer({place.level, DataId{{key, htm}}, place.path / file, place.file / file});
  };
  return AnyProduct::make(almagest::reference_catalog(catalog, std::move(observe)));
}

}  // namespace almagest
