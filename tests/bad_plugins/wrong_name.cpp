#include "almagest/plugin.hpp"

ALMAGEST_PLUGIN("another_name", "1.0.0") {}
