#include <doctest/doctest.h>

#include <optional>

#include "known_cameras.hpp"

using namespace almagest;

namespace {

Header header(std::initializer_list<std::pair<char const*, Value>> cards) {
  Header result;
  result.set("INSTRUME", "lsstCam");
  result.set("RAFTBAY", "R22");
  result.set("CCDSLOT", "S11");
  result.set("DAYOBS", "20250701");
  result.set("SEQNUM", std::int64_t{7});
  for (auto const& [name, value] : cards) result.set(name, value);
  return result;
}

ObservationInfo translate(std::string const& camera, Header const& cards) {
  return known_cameras().at(camera)->translate(std::span(&cards, 1));
}
ObservationInfo lsstcam(std::initializer_list<std::pair<char const*, Value>> cards) {
  return translate("LSSTCam", header(cards));
}
ObservationInfo latiss(std::initializer_list<std::pair<char const*, Value>> cards) {
  Header h = header(cards);
  h.set("INSTRUME", "LATISS");
  return translate("LATISS", h);
}

std::int64_t exposure(char const* controller, char const* day) {
  return *lsstcam({{"CONTRLLR", controller}, {"DAYOBS", day}}).integer("exposure");
}

}  // namespace

// ISR document, sections 2.2 and 8.4.
TEST_CASE("Rubin: the controller stands in front of the day, up to its date") {
  CHECK(exposure("O", "20190319") == 2019031900007);
  CHECK(exposure("C", "20231004") == 3023100400007);
  CHECK(exposure("C", "20231005") == 2023100500007);
  CHECK(exposure("H", "20260101") == 4026010100007);
  CHECK(exposure("P", "20250417") == 5025041700007);
  CHECK(exposure("Q", "20250417") == 6025041700007);
  CHECK(exposure("S", "20250417") == 7025041700007);
  for (char const* controller : {"P", "Q", "S"})
    CHECK(exposure(controller, "20250418") == 2025041800007);
  CHECK(exposure("X", "20190319") == 2019031900007);
  CHECK(exposure(" ", "20190319") == 2019031900007);
  // 8 bits of detector, 15 of counter, 5557 days from 2010-01-01.
  CHECK(lsstcam({{"DAYOBS", "20250320"}}).integer("detector_exposure_id") ==
        94 + 256 * (7 + std::int64_t{32768} * 5557));
  // The same number as the data ID gives.
  for (char const* controller : {"O", "S"}) {
    ObservationInfo const info = lsstcam({{"CONTRLLR", controller}, {"DAYOBS", "20240321"}});
    DataId const id{{"exposure", *info.integer("exposure")},
                    {"detector", *info.integer("detector")}};
    CHECK(known_cameras().at("LSSTCam")->exposure_id(id).value ==
          info.integer("detector_exposure_id"));
  }
}

TEST_CASE("Rubin: without its own cards, day and counter come from the exposure's name") {
  Header h = header({{"IMGNAME", "MC_O_20240301_000123"}});
  h.erase("DAYOBS");
  h.erase("SEQNUM");
  ObservationInfo const info = translate("LSSTCam", h);
  CHECK(info.integer("exposure") == 2024030100123);
  CHECK(info.text("observation_id") == "MC_O_20240301_000123");
  h.set("IMGNAME", "MC_O_2024");
  CHECK_THROWS_WITH_AS(translate("LSSTCam", h),
                       doctest::Contains("'exposure' has no value; it comes from"), DataError);
}

TEST_CASE("Rubin: the number of a visit") {
  auto const visit = [](char const* group) {
    return *lsstcam({{"GROUPID", group}}).integer("visit");
  };
  CHECK(visit("12345") == 12345);
  CHECK(visit("2025-04-16T00:53:10.143") == 3246943901430000);
  CHECK(visit("2025-04-16T07:03:14.565#1") == 3247165945650001);
  CHECK(visit("2025-04-16T07:03:14.565+12") == 3247165945650012);
  CHECK(visit("bias_0027_0100") == 3575576933793566714);  // table in section 2.2
  CHECK(visit("") == 2025070100007);
  CHECK_THROWS_AS(visit("99999999999999999999"), DataError);
  CHECK_THROWS_AS(visit("2025-13-16T00:53:10.143"), DataError);
  // Groups' counters (8.8).
  ObservationInfo const third =
      lsstcam({{"CURINDEX", std::int64_t{3}}, {"MAXINDEX", std::int64_t{5}}});
  CHECK(third.integer("group_counter_start") == 5);
  CHECK(third.integer("group_counter_end") == 9);
  CHECK(!lsstcam({}).find("group_counter_start"));
}

TEST_CASE("Rubin: headers of LSSTCam that are known to be wrong") {
  auto const rotation = [](char const* day, std::int64_t number) {
    return lsstcam({{"ROTPA", 100.0}, {"DAYOBS", day}, {"SEQNUM", number}})
        .number("boresight_rotation_angle");
  };
  CHECK(rotation("20250301", 1) == 100.0);
  CHECK(rotation("20250302", 1) == 10.0);
  CHECK(rotation("20250421", 1) == 10.0);
  CHECK(rotation("20250422", 250) == -80.0);
  CHECK(rotation("20250422", 251) == 100.0);
  auto const filter = [](char const* day, std::int64_t number) {
    return lsstcam({{"FILTER", "ph_05"}, {"DAYOBS", day}, {"SEQNUM", number}})
        .text("physical_filter");
  };
  CHECK(filter("20250609", 75) == "ph_5");
  CHECK(filter("20250609", 76) == "z_20");
  CHECK(filter("20250609", 578) == "z_20");
  CHECK(filter("20250609", 579) == "ph_5");
  CHECK(filter("20260315", 48) == "ph_5");
  CHECK(filter("20260315", 49) == "i_39");
  CHECK(filter("20260315", 109) == "i_39");
  CHECK(filter("20260315", 110) == "ph_5");
}

TEST_CASE("Rubin: filters and bands") {
  ObservationInfo const three =
      lsstcam({{"FILTER", "ef_43"}, {"FILTER1", "empty"}, {"FILTER2", "empty"}});
  CHECK(three.text("physical_filter") == "ef_43");
  CHECK(three.text("band") == "white");
  CHECK(lsstcam({{"FILTER", "empty"}, {"FILTER1", "ND_OD1.0"}}).text("physical_filter") ==
        "empty~ND_OD1.0");
  CHECK(lsstcam({{"FILTER", "y_10"}}).text("band") == "y");
  CHECK(lsstcam({}).text("physical_filter") == "unknown");
  CHECK(lsstcam({{"FILTER", "NONE"}}).text("band") == "white");
  CHECK(latiss({{"FILTER", "empty_2"}, {"GRATING", "holo4_003"}}).text("physical_filter") ==
        "empty~holo4_003");
  CHECK(latiss({{"FILTER", "SDSSg_65mm"}}).text("band") == "g");
}

TEST_CASE("Rubin: only what followed the sky has a boresight") {
  auto const ra = [](std::optional<std::string> const& tracking, char const* type) {
    Header h = header(
        {{"RASTART", 10.0}, {"DECSTART", -20.0}, {"RA", 11.0}, {"DEC", -21.0}, {"IMGTYPE", type}});
    if (tracking) h.set("TRACKSYS", *tracking);
    return translate("LSSTCam", h).boresight().has_value();
  };
  CHECK(ra("RADEC", "OBJECT"));
  CHECK(ra("", "OBJECT"));
  CHECK(ra(std::nullopt, "OBJECT"));
  CHECK(ra("RADEC", "DARK"));
  for (char const* other : {"AZEL", "LOCAL", "SIDEREAL"}) CHECK(!ra(other, "OBJECT"));
  CHECK(!ra("RADEC", "BIAS"));
  CHECK(!ra("RADEC", "flat"));
  ObservationInfo const commanded = lsstcam({{"RA", 11.0}, {"DEC", -21.0}, {"RASTART", 10.0}});
  CHECK(commanded.number("ra") == 11.0);  // never one from each pair
  CHECK(commanded.number("dec") == -21.0);
  CHECK_THROWS_WITH_AS(lsstcam({{"RA", 11.0}, {"DEC", 91.0}}), doctest::Contains("card DEC = 91"),
                       DataError);
}

TEST_CASE("Rubin: times of exposure, pressure") {
  CHECK(lsstcam({{"SHUTTIME", 29.9}, {"EXPTIME", 30.0}}).number("exposure_time") == 29.9);
  CHECK(lsstcam({{"SHUTTIME", 0.0}, {"EXPTIME", 30.0}}).number("exposure_time") == 30.0);
  CHECK(lsstcam({{"SHUTTIME", 29.9}, {"EXPTIME", 30.0}}).number("exposure_time_requested") == 30.0);
  CHECK(lsstcam({{"EXPTIME", 30.0}}).number("dark_time") == 30.0);
  CHECK(latiss({{"SHUTTIME", 29.9}, {"EXPTIME", 30.0}}).number("exposure_time") == 30.0);
  CHECK(latiss({}).number("exposure_time") == -1.0);
  CHECK(latiss({{"EXPTIME", 30.0}, {"DARKTIME", -1.0}}).number("dark_time") == 30.0);
  CHECK(lsstcam({{"PRESSURE", 74225.0}}).number("pressure") == doctest::Approx(742.25));
  CHECK(lsstcam({{"PRESSURE", 742.25}}).number("pressure") == doctest::Approx(742.25));
  ObservationInfo const info = lsstcam({{"MJD-BEG", 60781.5}, {"EXPTIME", 43.2}});
  CHECK(info.number("end") == doctest::Approx(60781.5005).epsilon(1e-14));
}

TEST_CASE("LATISS: types of exposures") {
  auto const type = [](std::initializer_list<std::pair<char const*, Value>> cards) {
    return latiss(cards).text("observation_type");
  };
  CHECK(type({{"OBSTYPE", "BIAS"}, {"IMGTYPE", "DARK"}}) == "bias");
  CHECK(type({{"IMGTYPE", "SKYEXP"}}) == "science");
  CHECK(type({{"IMGTYPE", "OBJECT"}, {"OBJECT", "HD1"}}) == "science");
  CHECK(type({{"IMGTYPE", "OBJECT"}}) == "engtest");
  CHECK(type({{"GROUPID", "flat_0001"}, {"DAYOBS", "20191106"}, {"EXPTIME", 1.0}}) == "flat");
  CHECK(type({{"GROUPID", "flat_0001"}, {"DAYOBS", "20191107"}, {"EXPTIME", 1.0}}) == "unknown");
  CHECK(type({{"GROUPID", "sky_0001"}, {"DAYOBS", "20191106"}, {"EXPTIME", 1.0}}) == "unknown");
}

TEST_CASE("LATISS: headers known to be wrong") {
  ObservationInfo const radians = latiss({{"RA", 1.0}, {"DEC", -0.5}, {"MJD-BEG", 58876.9166}});
  CHECK(radians.number("ra") == doctest::Approx(57.29577951308232));
  CHECK(radians.number("dec") == doctest::Approx(-28.64788975654116));
  CHECK(latiss({{"RA", 1.0}, {"DEC", -0.5}, {"MJD-BEG", 58876.9167}}).number("ra") == 1.0);
  ObservationInfo const unset = latiss({{"MJD-BEG", 40587.0000925935},
                                        {"MJD", 58805.9638131126},
                                        {"DATE-END", "1970-01-01T00:00:08"},
                                        {"EXPTIME", 86.4}});
  CHECK(unset.number("begin") == 58805.9638131126);
  CHECK(unset.number("end") == doctest::Approx(58805.9648131126).epsilon(1e-14));
  CHECK(latiss({{"DAYOBS", "20190625"}, {"LSST_NUM", "A"}}).text("detector_serial") ==
        "ITL-3800C-068");
  CHECK(latiss({{"DAYOBS", "20190624"}, {"LSST_NUM", "A"}}).text("detector_serial") == "A");
}

TEST_CASE("ts8: number, detector and filter of a file") {
  Header h;
  h.set("TSTAND", "TS8");
  h.set("DATE-OBS", "2018-07-24T10:28:45.342");
  h.set("RAFTNAME", "LCA-11021_RTM-010-Dev");
  h.set("LSST_NUM", "E2V-CCD250-200-Dev");
  h.set("FILTPOS", 5.0);
  ObservationInfo const info = translate("LSST-TS8", h);
  CHECK(info.integer("exposure") == 201807241028453);
  CHECK(info.integer("detector") == 65);
  CHECK(info.text("physical_filter") == "z");
  h.set("DATE-OBS", "2018-07-24T10:28:45");  // the first 21 characters, or what there is
  CHECK(translate("LSST-TS8", h).integer("exposure") == 20180724102845);
  h.set("RAFTNAME", "LCA-11021_RTM-011");
  CHECK_THROWS_WITH_AS(translate("LSST-TS8", h), doctest::Contains("RTM-011"), DataError);

  h.set("RAFTNAME", "LCA-11021_RTM-004");
  h.set("OBSID", "TS_C_20230601_000021");
  h.set("CONTRLLR", "C");
  h.set("DATE-OBS", "2023-05-24T22:59:59.999");
  CHECK(translate("LSST-TS8", h).integer("exposure") == 202305242259599);
  h.set("DATE-OBS", "2023-06-01T10:00:00.000");
  CHECK(translate("LSST-TS8", h).integer("exposure") == 3023060100021);
  h.set("DATE-OBS", "2023-06-01");
  CHECK(translate("LSST-TS8", h).integer("exposure") == 3023060100021);
  h.erase("OBSID");
  CHECK_THROWS_WITH_AS(translate("LSST-TS8", h), doctest::Contains("DATE-OBS = '2023-06-01'"),
                       DataError);
}

TEST_CASE("Rubin: which camera a file is from") {
  auto const only = [](std::initializer_list<std::pair<char const*, Value>> cards) {
    Header h;
    for (auto const& [name, value] : cards) h.set(name, value);
    std::string found;
    for (auto const& [name, camera] : known_cameras())
      if (camera->recognises(std::span(&h, 1))) found += (found.empty() ? "" : " ") + name;
    return found;
  };
  CHECK(only({{"INSTRUME", "LSSTCAM"}}) == "LSSTCam");
  CHECK(only({{"INSTRUME", "lsstCam"}, {"TESTTYPE", "IMSIM"}}) == "LSSTCam-imSim");
  CHECK(only({{"INSTRUME", "CAMERA"}, {"TESTTYPE", "IMSIM"}}) == "LSSTCam-imSim");
  CHECK(only({{"TESTTYPE", "PHOSIM"}}) == "LSSTCam-PhoSim");
  CHECK(only({{"INSTRUME", "LSST_ATISS"}}) == "LATISS");
  CHECK(only({{"INSTRUME", "ComCam"}, {"TELESCOP", "LSST"}}) == "LSSTComCam");
  CHECK(only({{"INSTRUME", "ComCam"}, {"TELESCOP", "Subaru"}}) == "");
  CHECK(only({{"INSTRUME", "lsst_camera"}, {"TELCODE", "CC"}}) == "LSSTComCam");
  CHECK(only({{"INSTRUME", "comcamsim"}}) == "LSSTComCamSim");
  CHECK(only({{"INSTRUME", "lsstcamsim"}}) == "LSSTCamSim");
  CHECK(only({{"TSTAND", "TS8"}}) == "LSST-TS8");
  CHECK(only({{"INSTRUME", "LSST-TS8"}}) == "LSST-TS8");
  CHECK(only({{"INSTRUME", "DECam"}, {"TSTAND", "TS8"}}) == "");
  CHECK(only({{"INSTRUME", "Hyper Suprime-Cam"}}) == "HSC");
  CHECK(only({{"EXP-ID", "HSCA90402400"}}) == "HSC");
  CHECK(only({{"INSTRUME", "Suprime-Cam"}, {"FRAMEID", "HSCA90402512"}}) == "");
}
