#include "almagest/plugin.hpp"

namespace {
using namespace almagest;

class Idle final : public Task {
 public:
  Outcome run(Context&) const override { return done; }
};
}  // namespace

// Nothing is wrong with this one: it must load although its neighbours are broken.
ALMAGEST_PLUGIN("sound", "2.1.0") {
  registrar.task<Idle>("idle", "Does nothing");
}
