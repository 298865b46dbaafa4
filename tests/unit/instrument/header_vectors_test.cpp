#include <doctest/doctest.h>

#include <cmath>

#include "almagest/fits.hpp"
#include "header_files.hpp"
#include "known_cameras.hpp"

using namespace almagest;
namespace fs = std::filesystem;

namespace {

std::vector<Header> headers_of(std::string const& name) {
  fs::path const data = cameras::test_data(".");
  if (name.starts_with("ticket1738"))
    return {fits::Reader(data / "hsc/pixels/ticket1738.fits").header(0)};
  fs::path const lsst = data / "lsst/headers" / name;
  return {header_files::read(fs::exists(lsst) ? lsst : data / "hsc/headers" / name)};
}

bool equal(Value const& got, nlohmann::json const& want) {
  if (want.is_number_integer()) {
    auto const* whole = std::get_if<std::int64_t>(&got);
    return whole && *whole == want.get<std::int64_t>();
  }
  if (want.is_number_float()) {
    auto const* real = std::get_if<double>(&got);
    double const wanted = want.get<double>();
    return real && std::abs(*real - wanted) <= 1e-9 * std::abs(wanted);
  }
  auto const* text = std::get_if<std::string>(&got);
  return text && want.is_string() && *text == want.get<std::string>();
}

/// What an independent translator has made of the real headers (INDEX.md of the data); null where
/// there are none.
nlohmann::json vectors() {
  fs::path const file = cameras::test_data("vectors_dev.json");
  return file.empty() ? nlohmann::json() : nlohmann::json::parse(header_files::contents(file));
}

}  // namespace

TEST_CASE("headers: every value of the published vectors") {
  int values = 0;
  nlohmann::json const all = vectors();
  for (auto const& [file, properties] : all.items()) {
    if (file == "FRAMEID") continue;
    CAPTURE(file);
    std::vector<Header> const headers = headers_of(file);
    std::string const own = properties.at("instrument").get<std::string>();
    for (auto const& [name, camera] : known_cameras()) {
      CAPTURE(name);
      CHECK(camera->recognises(headers) == (name == own));  // no other camera wants it
    }
    ObservationInfo const info = known_cameras().at(own)->translate(headers);
    for (auto const& [name, want] : properties.items()) {
      Value const* const got = info.find(name);
      INFO(name, ": ", got ? to_string(*got) : "absent", ", want ", want.dump());
      CHECK((got && equal(*got, want)));
      ++values;
    }
  }
  CHECK(values == (all.is_null() ? 0 : 820));
}

TEST_CASE("headers: HSC's frame numbers alone") {
  nlohmann::json const all = vectors();
  if (all.is_null()) return;
  for (auto const& [frame, want] : all.at("FRAMEID").items()) {
    Header header;
    header.set("FRAMEID", frame);
    ObservationInfo const info = known_cameras().at("HSC")->translate(std::vector{header});
    CHECK(info.integer("visit") == want.at("visit").get<std::int64_t>());
    CHECK(info.integer("ccd") == want.at("ccd").get<std::int64_t>());
    CHECK(info.text("detector_unique_name") == want.at("sdo").get<std::string>());
  }
  CHECK(all.at("FRAMEID").size() == 9);
}

TEST_CASE("headers: times and boresights agree with the cards that say them in another way") {
  nlohmann::json const all = vectors();
  if (all.is_null()) return;
  constexpr double second = 1.0 / 86400.0;
  int begins = 0, ends = 0, boresights = 0;
  for (auto const& [file, properties] : all.items()) {
    if (file == "FRAMEID") continue;
    CAPTURE(file);
    std::vector<Header> const headers = headers_of(file);
    Header const& h = headers[0];
    std::string const own = properties.at("instrument").get<std::string>();
    ObservationInfo const info = known_cameras().at(own)->translate(headers);
    double const begin = info.number("begin"), end = info.number("end");
    CHECK(end >= begin);
    bool const clock_was_set = !(h.find("DATE-BEG") && h.text("DATE-BEG").starts_with("1970"));
    if (own == "HSC") {
      // MJD-STR and MJD-END are UTC; TAI was 35 s ahead, 36 s from 2015-07-01.
      double const ahead = begin < 57204.0 ? 35.0 : 36.0;
      if (h.find("MJD-STR")) {
        CHECK(begin == doctest::Approx(h.number("MJD-STR") + ahead * second).epsilon(1e-12));
        ++begins;
      }
      if (h.find("MJD-END")) {
        double const stated = h.number("MJD-END") + ahead * second;
        double const least = begin + info.number("exposure_time") * second;
        CHECK(end == doctest::Approx(std::max(stated, least)).epsilon(1e-12));
        ++ends;
      }
      if (h.find("CRVAL1")) {  // the raw's is the boresight, here still in degrees
        CHECK(info.number("ra") == doctest::Approx(h.number("CRVAL1")).epsilon(1e-9));
        CHECK(info.number("dec") == doctest::Approx(h.number("CRVAL2")).epsilon(1e-9));
        ++boresights;
      }
      continue;
    }
    if (h.find("MJD-BEG") && h.find("DATE-BEG") && clock_was_set) {
      CHECK(begin == h.number("MJD-BEG"));
      ++begins;
    }
    if (h.find("MJD-END") && h.find("DATE-END") && clock_was_set && end > begin) {
      CHECK(end == doctest::Approx(h.number("MJD-END")).epsilon(1e-12));
      ++ends;
    }
    if (info.find("ra")) {
      char const* const ra = h.find("RATEL") ? "RATEL" : h.find("RASTART") ? "RASTART" : "RA";
      char const* const dec = h.find("DECTEL") ? "DECTEL" : h.find("DECSTART") ? "DECSTART" : "DEC";
      CHECK(info.number("ra") == h.number(ra));
      CHECK(info.number("dec") == h.number(dec));
      ++boresights;
    }
  }
  CHECK(begins >= 14);
  CHECK(ends >= 10);
  CHECK(boresights >= 12);
}
