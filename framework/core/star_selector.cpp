#include "almagest/star_selector.hpp"

namespace almagest {

StarSelector::~StarSelector() = default;

std::string StarSelector::explain(SourceCatalog const&) const {
  return {};
}

}  // namespace almagest
