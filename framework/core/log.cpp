#include "almagest/log.hpp"

namespace almagest {

Log::~Log() = default;

}  // namespace almagest
