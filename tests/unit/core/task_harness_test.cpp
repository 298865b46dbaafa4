#include "almagest/task_harness.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <utility>

#include "almagest/exposure.hpp"
#include "almagest/instrument.hpp"

using namespace almagest;

namespace {

// The example of the architecture, section 3.
class Pedestal final : public Task {
 public:
  Outcome run(Context& context) const override {
    auto exposure = context.take(input);  // moved, not copied, when nobody else reads it
    for (float& value : exposure.image().pixels()) value -= static_cast<float>(*level);
    context.put(output, std::move(exposure));
    return done;
  }

 private:
  Param<double> level{*this, "level", 1000.0, "Level to subtract [ADU]"};
  In<Exposure> input{*this, "exposure"};
  Out<Exposure> output{*this, "exposure"};
};

// Uses what else a task sees.
class Everything final : public Task {
 public:
  void prepare(Setup& setup) override {
    Schema schema = setup.schema(sources);
    total_key = schema.add<double>("total", "ct", "Sum over the members");
    setup.declare(out, schema);
    setup.log().info("prepared for " + setup.instrument().name());
  }
  Outcome run(Context& context) const override {
    if (context.get(sources).empty()) return skip("no sources");
    double sum = 0.0;
    std::string order;
    for (auto const& image : context.get(images)) {
      order += image.id().str() + (image.ok() ? " " : " " + image.reason() + " ");
      if (image.ok()) sum += image.get(Box{1, 0, 1, 1})(0, 0) + image.get()(0, 0);
    }
    std::vector<std::size_t> chunks;
    context.parallel_for(5, 2, [&](std::size_t b, std::size_t e) { chunks.push_back(e - b); });
    if (chunks != std::vector<std::size_t>{2, 2, 1}) throw DataError("wrong chunks");

    scratch = context.scratch();
    std::ofstream(scratch / "file") << order;
    SourceCatalog result(context.get(sources).schema(), 1);
    if (!*forget_declared) {
      result = SourceCatalog(declared_schema(context), 1);
      result.set(0, total_key, sum);
    }
    context.put(out, std::move(result));
    context.record(members, static_cast<std::int64_t>(context.get(images).size()));
    context.record(sky, 0.5);
    context.log().info(order);
    return done;
  }

  mutable std::filesystem::path scratch;

 private:
  Schema declared_schema(Context& context) const {
    Schema schema = context.get(sources).schema();
    schema.add<double>("total", "ct", "Sum over the members");
    return schema;
  }

  Param<bool> forget_declared{*this, "forget_declared", false, ""};
  In<SourceCatalog> sources{*this, "sources"};
  MaybeIn<Exposure> maybe{*this, "background"};
  GatherIn<Image<float>> images{*this, "images"};
  Out<SourceCatalog> out{*this, "result"};
  Metric<std::int64_t> members{*this, "members", "", ""};
  Metric<double> sky{*this, "sky_level", "adu", ""};
  Resource lock{*this, "disk"};
  Key<double> total_key;
};

DataId detector(std::int64_t number) {
  return {{"visit", std::int64_t{1}}, {"detector", number}};
}

Exposure exposure_of(float level) {
  Exposure exposure{MaskedImage(Box{0, 0, 4, 4})};
  for (float& value : exposure.image().pixels()) value = level;
  return exposure;
}

}  // namespace

TEST_CASE("harness: the Pedestal example, ten lines and no files") {
  TaskHarness harness(std::make_unique<Pedestal>(), {{"level", 10.0}});
  Exposure const exposure = exposure_of(100.0F);
  harness.give("exposure", exposure);
  CHECK(harness.run().skip_reason.empty());
  CHECK(harness.result<Exposure>("exposure").image()(0, 0) == 90.0F);
  CHECK(exposure.image()(0, 0) == 100.0F);

  CHECK(harness.run().skip_reason.empty());  // again, from the same input
  CHECK(harness.result<Exposure>("exposure").image()(0, 0) == 90.0F);
}

TEST_CASE("harness: wrong parameters, ports and products are named") {
  CHECK_THROWS_WITH_AS(TaskHarness(std::make_unique<Pedestal>(), {{"levl", 1.0}}),
                       "the task has no parameter 'levl'; did you mean 'level'?", ConfigError);
  TaskHarness harness(std::make_unique<Pedestal>());
  CHECK_THROWS_WITH_AS(harness.give("exposur", exposure_of(1.0F)),
                       "the task has no input 'exposur'; did you mean 'exposure'?", ConfigError);
  CHECK_THROWS_WITH_AS(harness.give("exposure", Header()),
                       "input 'exposure' takes 'almagest.Exposure/1', got 'almagest.Header/1'",
                       ProductError);
  CHECK_THROWS_WITH_AS(harness.run(), "nothing was given for input 'exposure'", ProductError);
  CHECK_FALSE(harness.has_result("exposure"));
  CHECK_THROWS_WITH_AS(harness.result<Exposure>("exposure"),
                       "the task put nothing into output 'exposure'", ProductError);
}

TEST_CASE("harness: schemas, members, metrics, log and scratch directory") {
  auto task = std::make_unique<Everything>();
  Everything const& everything = *task;
  TaskHarness harness(std::move(task));
  harness.give("sources", SourceCatalog(Schema::minimal_source(), 1));
  Image<float> image(2, 1);
  image(0, 0) = 1.0F;
  image(1, 0) = 10.0F;
  harness.give_member("images", detector(2), image);
  harness.give_missing_member("images", detector(1), QuantumState::failed, "broken");
  harness.give_member("images", detector(0), image);
  CHECK_FALSE(harness.run().skipped());

  auto const& result = harness.result<SourceCatalog>("result");
  CHECK(result.get(0, result.schema().key<double>("total")) == 22.0);
  CHECK(harness.schema("result") == result.schema());
  CHECK(harness.metric("members") == 3.0);
  CHECK(harness.metric("sky_level") == 0.5);
  CHECK(harness.log_lines() ==
        std::vector<std::string>{"info: prepared for test",
                                 "info: visit=1 detector=0 visit=1 detector=1 broken visit=1 "
                                 "detector=2 "});
  CHECK_FALSE(everything.scratch.empty());
  CHECK_FALSE(std::filesystem::exists(everything.scratch));

  harness.give("sources", SourceCatalog(Schema::minimal_source()));
  CHECK(harness.run().skip_reason == "no sources");
  CHECK_FALSE(harness.has_result("result"));
}

TEST_CASE("harness: a task that breaks its own declarations fails as in a run") {
  TaskHarness undeclared(std::make_unique<Everything>(), {{"forget_declared", true}});
  undeclared.give("sources", SourceCatalog(Schema::minimal_source(), 1));
  CHECK_THROWS_WITH_AS(undeclared.run(),
                       "output 'result' has other columns than prepare() has declared",
                       ProductError);

  class TakesTwice final : public Task {
   public:
    Outcome run(Context& context) const override {
      context.take(input);
      context.take(input);
      return done;
    }

   private:
    In<Exposure> input{*this, "exposure"};
  };
  TaskHarness twice(std::make_unique<TakesTwice>());
  twice.give("exposure", exposure_of(1.0F));
  CHECK_THROWS_WITH_AS(twice.run(), "input 'exposure' was taken already: its product is gone",
                       ProductError);
}

TEST_CASE("task: ports, metrics and resources are declared by being members") {
  Everything const task;
  REQUIRE(task.ports().size() == 4);
  CHECK(task.ports()[2]->name() == "images");
  CHECK(task.ports()[2]->kind() == Port::Kind::gather_in);
  CHECK(task.ports()[2]->index() == 2);
  CHECK(task.ports()[3]->product_id() == "almagest.SourceCatalog/1");
  CHECK(task.metrics().size() == 2);
  CHECK(task.metrics()[1]->unit() == "adu");
  CHECK(task.resources()[0]->name() == "disk");

  struct Twice : Task {
    Outcome run(Context&) const override { return done; }
    In<Exposure> a{*this, "exposure"};
    MaybeIn<Exposure> b{*this, "exposure"};
  };
  CHECK_THROWS_WITH_AS(Twice(), "input 'exposure' is declared twice", ConfigError);
  CHECK(skip("").skipped());
  CHECK(std::string(to_string(QuantumState::blocked)) == "blocked");
}

TEST_CASE("product: a value is had back by its type's id alone") {
  AnyProduct product = AnyProduct::make(exposure_of(1.0F));
  CHECK(product.id() == "almagest.Exposure/1");
  CHECK(product.get<Exposure>().image()(0, 0) == 1.0F);
  CHECK_THROWS_WITH_AS(product.get<Header>(),
                       "the product is 'almagest.Exposure/1', wanted 'almagest.Header/1'",
                       ProductError);
  Exposure const moved = std::move(product).release<Exposure>();
  CHECK(moved.image()(0, 0) == 1.0F);
  CHECK_THROWS_WITH_AS(AnyProduct().get<Header>(),
                       "there is no product where 'almagest.Header/1' is wanted", ProductError);
}
