#pragma once

#include <memory>

#include "engine/store.hpp"
#include "repository/dataset_finder.hpp"

namespace almagest {

/// Reads datasets and stores none: what `almagest export` looks through.
class StoredProducts final : public ProductStore {
 public:
  explicit StoredProducts(DatasetFinder finder) : finder_(std::move(finder)) {}

  std::unique_ptr<UnitStore> unit(DataId const& id) override;
  AnyProduct load(std::string const& dataset, std::string const& product_id, DataId const& id,
                  std::optional<Box> const& box) override;

 private:
  DatasetFinder finder_;
};

}  // namespace almagest
