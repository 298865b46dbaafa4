#pragma once

#include <memory>
#include <optional>
#include <string>

#include "almagest/data_id.hpp"
#include "almagest/geometry.hpp"
#include "almagest/product.hpp"
#include "engine/pipeline.hpp"

namespace almagest {

/// Datasets of one unit (or one group): reads are remembered, so that what is stored knows its
/// inputs. Used by several threads at once.
class UnitStore {
 public:
  virtual ~UnitStore();
  /// The product belongs to the caller alone, who may change it: the store keeps no share of it.
  /// \throws NotFoundError with the path or what is known; DataError for a broken file
  virtual AnyProduct load(std::string const& dataset, std::string const& product_id) = 0;
  /// Whether the dataset exists: what a MaybeIn asks.
  virtual bool exists(std::string const& dataset) = 0;
  /// Writes atomically, and keeps no share of the product. \throws DataError naming the path
  ///
  /// \param output  its options hold a list `failed_steps` when the product stands in for one that
  ///                a step with `on_failure = "continue"` failed to make: a card says so
  virtual void store(Output const& output, std::string const& product_id, AnyProduct const& product,
                     Step const& writer) = 0;
  /// Removes a dataset with `keep = false` after its groups are done.
  virtual void remove(Output const& output) = 0;
  /// For a group: its task has read a member's dataset through ProductStore::load, so what the
  /// group stores depends on it.
  virtual void member_read(std::string const& dataset, DataId const& member);
};

/// Where the executor reads and stores. The repository implements it; tests keep products in
/// memory.
class ProductStore {
 public:
  virtual ~ProductStore();
  virtual std::unique_ptr<UnitStore> unit(DataId const& id) = 0;
  /// A member's dataset, for gathering. \throws as UnitStore::load
  virtual AnyProduct load(std::string const& dataset, std::string const& product_id,
                          DataId const& id, std::optional<Box> const& box) = 0;
};

/// A store that has nothing: for pipelines without inputs and outputs.
class EmptyStore final : public ProductStore {
 public:
  std::unique_ptr<UnitStore> unit(DataId const& id) override;
  AnyProduct load(std::string const& dataset, std::string const& product_id, DataId const& id,
                  std::optional<Box> const& box) override;
};

}  // namespace almagest
