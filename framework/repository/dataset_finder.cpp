#include "repository/dataset_finder.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <set>

namespace almagest {
namespace {

void refuse_other_lookups(DatasetType const& type) {
  switch (type.lookup) {
    case Lookup::exact:
      return;
    case Lookup::validity:
      throw NotImplementedError("calibrations with validity (dataset '" + type.name + "')");
    case Lookup::sky:
      throw NotImplementedError("reference catalogues (dataset '" + type.name + "')");
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

std::optional<DatasetPlace> DatasetFinder::find(std::string const& dataset,
                                                std::string const& product_id,
                                                DataId const& id) const {
  for (DatasetPlace& found : places(dataset, product_id, id))
    if (file_exists(found.file)) return std::move(found);
  return std::nullopt;
}

DatasetPlace DatasetFinder::require(std::string const& dataset, std::string const& product_id,
                                    DataId const& id) const {
  std::vector<DatasetPlace> tried = places(dataset, product_id, id);
  for (DatasetPlace& found : tried)
    if (file_exists(found.file)) return std::move(found);
  std::string paths;
  for (auto place = tried.rbegin(); place != tried.rend(); ++place)  // inputs are in the last one
    paths += (paths.empty() ? "" : ", nor ") + place->file.string();
  throw NotFoundError(fmt::format("no '{}' for {}: there is no {}", dataset, id.str(), paths));
}

DatasetPlace DatasetFinder::last_place(std::string const& dataset, std::string const& product_id,
                                       DataId const& id) const {
  return std::move(places(dataset, product_id, id).back());
}

AnyProduct DatasetFinder::read(DatasetPlace const& place, std::string const& product_id,
                               DataId const& id, std::optional<Box> const& box) const {
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

}  // namespace almagest
