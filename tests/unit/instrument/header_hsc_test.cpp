#include <doctest/doctest.h>

#include "known_cameras.hpp"

using namespace almagest;

namespace {

ObservationInfo hsc(std::initializer_list<std::pair<char const*, Value>> cards) {
  Header h;
  h.set("INSTRUME", "Hyper Suprime-Cam");
  h.set("EXP-ID", "HSCA90402400");
  h.set("DET-ID", std::int64_t{50});
  for (auto const& [name, value] : cards) h.set(name, value);
  return known_cameras().at("HSC")->translate(std::span(&h, 1));
}

}  // namespace

// ISR document, section 2.1.
TEST_CASE("HSC: the visit") {
  auto const visit = [](char const* exposure, char const* frame) {
    return *hsc({{"EXP-ID", exposure}, {"FRAMEID", frame}}).integer("visit");
  };
  CHECK(visit("HSCA90402400", "") == 904024);
  CHECK(visit("HSCB00012300", "") == 1000123);
  CHECK(visit("HSCE00123456", "") == 123456);
  CHECK(visit("HSCA00000000", "HSCA90402512") == 904024);
  CHECK(visit("", "HSCA90402512") == 904024);
  CHECK(visit("", "HSCC00000301") == 2000002);
  CHECK_THROWS_WITH_AS(visit("HSC123", "HSCA90402512"),
                       doctest::Contains("'visit' has no value; it comes from card EXP-ID = "
                                         "'HSC123'"),
                       DataError);
}

TEST_CASE("HSC: the CCD") {
  auto const ccd = [](std::int64_t number, double mjd) {
    return *hsc({{"DET-ID", number}, {"MJD", mjd}}).integer("ccd");
  };
  CHECK(ccd(112 - 12, 56598.3) == 100);
  // Pointings 391 to 404 have other numbers.
  constexpr double day = 55927.5;
  CHECK(ccd(107, day + 390) == 107);
  for (auto const& [then, now] : {std::pair{112, 106},
                                  {107, 105},
                                  {113, 107},
                                  {115, 109},
                                  {108, 110},
                                  {114, 108},
                                  {50, 50}}) {
    CHECK(ccd(then, day + 391) == now);
    CHECK(ccd(then, day + 404) == now);
  }
  CHECK(ccd(107, day + 405) == 107);
  CHECK_THROWS_WITH_AS(ccd(113, day + 405), doctest::Contains("card DET-ID = 113"), DataError);
  CHECK_THROWS_AS(ccd(-1, day), DataError);
  // From the names of its electronics, or of the file.
  CHECK(hsc({{"DET-ID", ""}, {"T_BEEID", std::int64_t{1}}, {"T_SDOID", std::int64_t{12}}})
            .integer("ccd") == 50);
  CHECK(hsc({{"DET-ID", ""}, {"FRAMEID", "HSCA04098410"}}).integer("ccd") == 55);
}

TEST_CASE("HSC: filters and bands") {
  for (auto const& [card, name, band] : {std::tuple{"HSC-i   ", "HSC-I", "i"},
                                         {"HSC-R2", "HSC-R2", "r"},
                                         {"NB0921", "NB0921", "N921"},
                                         {"NB1010", "NB1010", "N1010"},
                                         {"IB0945", "IB0945", "I945"},
                                         {"NONE", "empty", "white"},
                                         {"W-S-ZR", "W-S-ZR", "y"},
                                         {"W-S-I+", "W-S-I+", "i"},
                                         {"Unrecognised", "unknown", "unknown"},
                                         {"", "unknown", "unknown"}}) {
    ObservationInfo const info = hsc({{"FILTER01", card}});
    CHECK(info.text("physical_filter") == name);
    CHECK(info.text("filter") == name);
    CHECK(info.text("band") == band);
  }
}

// The row of tutorials.md T2, which the LSST stack made of this exposure's header.
TEST_CASE("HSC: the columns of the registry's raw table") {
  ObservationInfo const info = hsc({{"EXP-ID", "HSCA04098400"},
                                    {"FRAMEID", "HSCA04098410"},
                                    {"DET-ID", std::int64_t{55}},
                                    {"MJD", 57305.4},
                                    {"FILTER01", "HSC-r"},
                                    {"PROP-ID", "o15426"},
                                    {"DATE-OBS", "2015-10-10"},
                                    {"EXPTIME", std::int64_t{300}},
                                    {"INST-PA", "0.000"},
                                    {"T_AG", true},
                                    {"T_CCDTV", -100.65},
                                    {"T_CFGFIL", "20140306.cfg"},
                                    {"DATA-TYP", "OBJECT"},
                                    {"OBJECT", "SSP_UDEEP_SXDS"}});
  std::string row;
  for (char const* column :
       {"field", "visit", "ccd", "pointing", "filter", "proposal", "dateObs", "taiObs", "expTime",
        "pa", "autoguider", "ccdTemp", "config", "frameId", "expId", "dataType"})
    row += (row.empty() ? "" : "|") + (info.find(column) ? to_string(*info.find(column)) : "");
  CHECK(row ==
        "SSP_UDEEP_SXDS|40984|55|1378|HSC-R|o15426|2015-10-10|2015-10-10|300.0|0.0|1|-100.65|"
        "20140306.cfg|HSCA04098410|HSCA04098400|OBJECT");
  CHECK(hsc({{"OBJECT", "SSP-Wide"}}).text("field") == "SSP_WIDE");
  CHECK(hsc({{"OBJECT", "#"}}).text("field") == "UNKNOWN");
  CHECK(hsc({{"DATE-OBS", "2015-10-10"}}).integer("pointing") == 1378);
  CHECK(hsc({}).integer("pointing") == 0);
}

TEST_CASE("HSC: an exposure over midnight ends after it began") {
  ObservationInfo const info = hsc({{"DATE-OBS", "2015-10-10"},
                                    {"UT-STR", "23:59:50.000"},
                                    {"UT-END", "00:00:25.000"},
                                    {"EXPTIME", 30.0}});
  CHECK(info.number("end") - info.number("begin") == doctest::Approx(30.0 / 86400.0).epsilon(1e-6));
}
