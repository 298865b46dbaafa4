#include "seeing.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <memory>

#include "almagest/error.hpp"
#include "almagest/task_harness.hpp"

using namespace almagest;

namespace {

/// All rows whose id is even.
class EvenRows final : public StarSelector {
 public:
  void prepare(Schema const& schema) override { id_ = schema.key<std::int64_t>("id"); }
  std::vector<std::size_t> select(SourceCatalog const& sources, Exposure const&) const override {
    std::vector<std::size_t> rows;
    for (std::size_t row = 0; row < sources.size(); ++row)
      if (sources.get(row, id_) % 2 == 0) rows.push_back(row);
    return rows;
  }
  std::string explain(SourceCatalog const&) const override { return "some are odd"; }

 private:
  Key<std::int64_t> id_;
};

ComponentTable const& components() {
  static ComponentTable const table = [] {
    ComponentTable t;
    t.add<StarSelector, EvenRows>("objectSize");
    return t;
  }();
  return table;
}

/// Rows of round sources; odd ones are 9 pixels wide.
SourceCatalog catalogue(std::vector<double> const& sigmas) {
  Schema schema = Schema::minimal_source();
  auto const xx = schema.add<double>("base_SdssShape_xx", "pix2", "");
  auto const yy = schema.add<double>("base_SdssShape_yy", "pix2", "");
  auto const xy = schema.add<double>("base_SdssShape_xy", "pix2", "");
  auto const id = schema.key<std::int64_t>("id");
  SourceCatalog table(schema, 2 * sigmas.size());
  for (std::size_t row = 0; row < table.size(); ++row) {
    double const sigma = row % 2 == 0 ? sigmas[row / 2] : 9.0;
    table.set(row, id, static_cast<std::int64_t>(row));
    // An ellipse of the same area: axes in the proportion 2, turned by 45 degrees.
    table.set(row, xx, sigma * sigma * 1.25);
    table.set(row, yy, sigma * sigma * 1.25);
    table.set(row, xy, sigma * sigma * 0.75);
  }
  return table;
}

struct Harness : TaskHarness {
  explicit Harness(std::vector<double> const& sigmas, TaskHarness::Values const& parameters = {})
      : TaskHarness(std::make_unique<psf::Seeing>(), parameters, &components()) {
    Exposure exposure{MaskedImage(Box{0, 0, 50, 40})};
    exposure.psf = std::make_shared<GaussianPsf>(1.5, 11);
    give("exposure", exposure);
    give("sources", catalogue(sigmas));
  }
  double sigma() {
    CHECK_FALSE(run().skipped());
    auto const& psf = *result<Exposure>("exposure").psf;
    return dynamic_cast<GaussianPsf const&>(psf).sigma();
  }
};

}  // namespace

TEST_CASE("seeing: the PSF is as wide as the median star, by the area of its ellipse") {
  Harness harness({1.9, 2.0, 2.1, 1.8, 6.0, 2.0, 2.2});
  CHECK(harness.sigma() == doctest::Approx(2.0).epsilon(1e-9));
  CHECK(harness.metric("seeing_fwhm") == doctest::Approx(4.70964).epsilon(1e-5));
  CHECK(harness.metric("stars") == 7);
  CHECK(harness.log_lines().front() ==
        "info: no PSF model is made: a Gaussian from the seeing of 7 stars stands in, FWHM 4.710 "
        "pixels");
}

TEST_CASE("seeing: stars without a size do not count; with too few the PSF stays") {
  constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
  Harness harness({2.0, 2.0, unknown, 2.0, 2.0, 0.0});
  CHECK(harness.sigma() == 1.5);
  CHECK(harness.metric("stars") == 4);
  CHECK(harness.log_lines().front() ==
        "warning: the seeing is not measured: 4 of 12 sources left as stars, 5 needed (min_stars): "
        "some are odd; the PSF stays as it was");
  CHECK(Harness({2.0, 2.0, unknown, 2.0, 2.0}, {{"min_stars", 4}}).sigma() == doctest::Approx(2.0));
}

TEST_CASE("seeing: a catalogue without moments is refused before anything runs") {
  TaskHarness harness(std::make_unique<psf::Seeing>(), {}, &components());
  harness.give("exposure", Exposure{MaskedImage(Box{0, 0, 50, 40})});
  harness.give("sources", SourceCatalog(Schema::minimal_source()));
  CHECK_THROWS_AS(harness.run(), ConfigError);
}
