#include "almagest/simulator.hpp"

namespace almagest {

// The key function: one vtable, in this library, for all plugins.
Simulator::~Simulator() = default;

}  // namespace almagest
