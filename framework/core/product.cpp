#include "almagest/product.hpp"

namespace almagest {

void AnyProduct::require(std::string_view wanted) const {
  if (!value_)
    throw ProductError("there is no product where '" + std::string(wanted) + "' is wanted");
  if (id_ != wanted)
    throw ProductError("the product is '" + std::string(id_) + "', wanted '" + std::string(wanted) +
                       "'");
}

}  // namespace almagest
