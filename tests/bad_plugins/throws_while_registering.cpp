#include "almagest/plugin.hpp"

namespace {
using namespace almagest;

class Idle final : public Task {
 public:
  Outcome run(Context&) const override { return done; }
};
}  // namespace

// What was registered before the exception must not stay.
ALMAGEST_PLUGIN("throws_while_registering", "1.0.0") {
  registrar.task<Idle>("idle", "Does nothing");
  throw almagest::ConfigError("its data files are missing");
}
