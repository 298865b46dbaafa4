#include "almagest/plugin.hpp"

namespace {
using namespace almagest;

class Idle final : public Task {
 public:
  Outcome run(Context&) const override { return done; }
};
}  // namespace

ALMAGEST_PLUGIN("registers_twice", "1.0.0") {
  registrar.task<Idle>("idle", "Does nothing");
  registrar.task<Idle>("idle", "Does nothing again");
}
