#include "almagest/reference_catalog.hpp"

namespace almagest {
namespace {

ReferenceSource const& require(ReferenceSource const* source) {
  if (!source) throw ProductError("a reference catalogue without a source was asked for objects");
  return *source;
}

}  // namespace

ReferenceSource::~ReferenceSource() = default;

ReferenceObjects ReferenceCatalog::load(ReferenceRequest const& request) const {
  return require(source_.get()).load(request);
}

std::vector<std::string> ReferenceCatalog::bands() const {
  return require(source_.get()).bands();
}

}  // namespace almagest
