#include "engine/store.hpp"

namespace almagest {

namespace {

[[noreturn]] void refuse(std::string const& dataset) {
  throw NotFoundError("no '" + dataset + "': this run has no repository");
}

class EmptyUnitStore final : public UnitStore {
 public:
  AnyProduct load(std::string const& dataset, std::string const&) override { refuse(dataset); }
  bool exists(std::string const&) override { return false; }
  void store(Output const& output, std::string const&, AnyProduct const&, Step const&) override {
    throw DataError("cannot store '" + output.dataset + "': this run has no repository");
  }
  void remove(Output const&) override {}
};

}  // namespace

UnitStore::~UnitStore() = default;
void UnitStore::member_read(std::string const&, DataId const&) {}
ProductStore::~ProductStore() = default;

std::unique_ptr<UnitStore> EmptyStore::unit(DataId const&) {
  return std::make_unique<EmptyUnitStore>();
}

AnyProduct EmptyStore::load(std::string const& dataset, std::string const&, DataId const&,
                            std::optional<Box> const&) {
  refuse(dataset);
}

}  // namespace almagest
