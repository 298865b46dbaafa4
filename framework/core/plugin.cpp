#include "almagest/plugin.hpp"

namespace almagest {

Registrar::~Registrar() = default;

}  // namespace almagest
