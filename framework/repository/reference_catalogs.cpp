#include "repository/reference_catalogs.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

namespace almagest {
namespace {

class ObservedCatalog final : public ReferenceSource {
 public:
  ObservedCatalog(std::shared_ptr<ShardedCatalog const> catalog, ShardedCatalog::Observer observer)
      : catalog_(std::move(catalog)), observer_(std::move(observer)) {}

  ReferenceObjects load(ReferenceRequest const& request) const override {
    return catalog_->load(request, observer_);
  }
  std::vector<std::string> bands() const override { return catalog_->bands(); }

 private:
  std::shared_ptr<ShardedCatalog const> catalog_;
  ShardedCatalog::Observer observer_;
};

}  // namespace

std::shared_ptr<ShardedCatalog const> ReferenceCatalogs::at(
    std::filesystem::path const& directory) {
  std::scoped_lock const lock(mutex_);
  std::shared_ptr<ShardedCatalog const>& known = catalogs_[directory];
  if (!known) known = std::make_shared<ShardedCatalog>(directory, cache_);
  return known;
}

ReferenceCatalog reference_catalog(std::shared_ptr<ShardedCatalog const> catalog,
                                   ShardedCatalog::Observer observer) {
  std::string name = catalog->directory().filename().string();
  return {std::move(name),
          std::make_shared<ObservedCatalog const>(std::move(catalog), std::move(observer))};
}

std::optional<std::filesystem::path> catalog_in(std::filesystem::path const& directory,
                                                std::string const& dataset) {
  if (holds_shards(directory)) return ".";
  std::vector<std::string> const names = catalogs_below(directory);
  if (names.empty()) return std::nullopt;
  if (names.size() == 1) return names.front();
  throw ConfigError(
      fmt::format("{} holds several reference catalogues ({}): let the pipeline choose one, with "
                  "{} = \"{}\" in its [inputs]",
                  directory.string(), fmt::join(names, ", "), dataset, names.front()));
}

void add_reference_catalogs(std::filesystem::path const& root, DatasetTypes& types) {
  std::filesystem::path const below = root / reference_catalog_directory;
  for (std::string const& name : catalogs_below(below)) {
    if (name.find_first_of("{}") != std::string::npos) continue;  // of a path's template
    DatasetType type;
    type.name = name;
    type.product_id = ProductTraits<ReferenceCatalog>::id;
    type.path = std::string(reference_catalog_directory) + '/' + name;
    type.lookup = Lookup::sky;
    type.doc = "Reference catalogue in " + below.string();
    types.try_emplace(name, std::move(type));
  }
}

}  // namespace almagest
