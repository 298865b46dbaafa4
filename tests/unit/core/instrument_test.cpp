#include "almagest/instrument.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "almagest/error.hpp"
#include "almagest/photo_calib.hpp"

using namespace almagest;

namespace {

class Sdss final : public Instrument {
 public:
  std::string const& name() const override { return name_; }
  std::vector<DataIdKey> const& keys() const override { return keys_; }
  std::string role(std::string_view) const override { return {}; }
  ExposureId exposure_id(DataId const&) const override { return {}; }
  std::vector<Detector> const& detectors() const override { return detectors_; }
  std::filesystem::path const& directory() const override { return directory_; }
  ConfigValue const& constants() const override { return constants_; }

 private:
  std::string name_ = "sdss";
  std::vector<DataIdKey> keys_{{"run", DataIdKey::Type::integer, {}, ""},
                               {"filter", DataIdKey::Type::text, {"u", "g", "r", "i", "z"}, ""}};
  std::vector<Detector> detectors_;
  std::filesystem::path directory_;
  ConfigValue constants_;
};

DataId frame(std::int64_t run, std::string filter) {
  return {{"run", run}, {"filter", std::move(filter)}};
}

}  // namespace

TEST_CASE("instrument: data IDs are ordered by its keys, filters as it declares them") {
  Sdss const sdss;
  std::vector<DataId> ids{
      frame(10, "z"), frame(10, "xx"),           frame(9, "z"), frame(10, "g"), frame(10, "a"),
      {{"day", 2.5}}, {{"day", std::int64_t{2}}}};
  std::ranges::sort(ids, [&](DataId const& a, DataId const& b) { return sdss.id_less(a, b); });
  std::string order;
  for (DataId const& id : ids) order += id.str() + "; ";
  CHECK(order ==
        "day=2; day=2.5; run=9 filter=z; run=10 filter=g; run=10 filter=z; run=10 filter=a; run=10 "
        "filter=xx; ");
  CHECK(sdss.value_less("filter", std::string("u"), std::string("g")));
  CHECK(sdss.value_less("other", std::string("g"), std::string("u")));
}

TEST_CASE("source ids: the exposure id is shifted by 26 bits at most, counting starts at 1") {
  // Science document, section 1: expId·2^26 + sequence (1…n).
  CHECK(first_source_id({4192440300, 37}) == 4192440300 * (std::int64_t{1} << 26) + 1);
  CHECK(first_source_id({5, 10}) == 5 * (std::int64_t{1} << 26) + 1);
  CHECK(first_source_id({5, 43}) == 5 * (std::int64_t{1} << 20) + 1);
  CHECK_THROWS_AS(first_source_id({5, 44}), DataError);
  CHECK_THROWS_AS(first_source_id({5, 58}), DataError);
  CHECK_THROWS_WITH_AS(first_source_id({32, 5}), "exposure id 32 does not fit into 5 bits",
                       DataError);
}

TEST_CASE("photometric calibration: AB magnitudes of counts") {
  PhotoCalib const calib{1e10, 0.0};
  CHECK(calib.magnitude(1e10) == 0.0);
  CHECK(calib.magnitude(1e6) == doctest::Approx(10.0));
  CHECK(calib.counts_to_njy(1e10) == doctest::Approx(3631e9));
  CHECK(std::isnan(calib.magnitude(0.0)));
  CHECK(std::isnan(calib.magnitude(-1.0)));
}
