#include "repository/dataset_finder.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>

namespace almagest {
namespace {

namespace fs = std::filesystem;

void refuse_other_lookups(DatasetType const& type) {
  switch (type.lookup) {
    case Lookup::exact:
    case Lookup::sky:
      return;
    case Lookup::validity:
      throw NotImplementedError("calibrations with validity (dataset '" + type.name + "')");
    case Lookup::instrument:
      throw NotImplementedError("datasets of the instrument (dataset '" + type.name + "')");
  }
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
  refuse_other_lookups(type);
  if (type.lookup == Lookup::sky)
    return DatasetNaming{{}, PathTemplate::parse(type.path, type.where)};
  std::string const path =
      !type.path.empty()
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

std::vector<DatasetPlace> DatasetFinder::places(std::string const& dataset,
                                                std::string const& product_id,
                                                DataId const& id) const {
  std::vector<DatasetPlace> result;
  for (int level = 0; level < level_count(); ++level)
    if (auto const found = naming(levels_[static_cast<std::size_t>(level)], dataset, product_id))
      result.push_back(place(*found, level, dataset, id));
  if (!result.empty()) return result;
  std::set<std::string> known;
  for (auto const& [name, type] : repository_.datasets()) known.insert(name);
  for (Level const& level : levels_)
    for (auto const& [name, type] : level.types) known.insert(name);
  throw NotFoundError(fmt::format("no dataset type '{}'{} (known: {})", dataset,
                                  nearest_name_hint(dataset, {known.begin(), known.end()}),
                                  fmt::join(known, ", ")));
}

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

DatasetPlace DatasetFinder::last_place(std::string const& dataset, std::string const& product_id,
                                       DataId const& id) const {
  return std::move(places(dataset, product_id, id).back());
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
  AnyProduct product = formatter->read(place.file, {id, box});
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
