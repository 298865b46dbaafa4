#include "almagest/formatter.hpp"

namespace almagest {

Formatter::~Formatter() = default;

}  // namespace almagest
