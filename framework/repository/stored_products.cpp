#include "repository/stored_products.hpp"

namespace almagest {
namespace {

class StoredUnit final : public UnitStore {
 public:
  StoredUnit(DatasetFinder const& finder, DataId id) : finder_(finder), id_(std::move(id)) {}

  AnyProduct load(std::string const& dataset, std::string const& product_id) override {
    return finder_.read(finder_.require(dataset, product_id, id_), product_id, id_, std::nullopt);
  }
  bool exists(std::string const& dataset) override {
    return finder_.find(dataset, {}, id_).has_value();
  }
  void store(Output const& output, std::string const&, AnyProduct const&, Step const&) override {
    refuse(output);
  }
  void remove(Output const& output) override { refuse(output); }

 private:
  [[noreturn]] void refuse(Output const& output) const {
    throw DataError("cannot store '" + output.dataset + "': the repository is only read");
  }

  DatasetFinder const& finder_;
  DataId id_;
};

}  // namespace

std::unique_ptr<UnitStore> StoredProducts::unit(DataId const& id) {
  return std::make_unique<StoredUnit>(finder_, id);
}

AnyProduct StoredProducts::load(std::string const& dataset, std::string const& product_id,
                                DataId const& id, std::optional<Box> const& box) {
  return finder_.read(finder_.require(dataset, product_id, id), product_id, id, box);
}

}  // namespace almagest
