#include <doctest/doctest.h>

#include <limits>
#include <map>
#include <random>
#include <thread>

#include "header_files.hpp"
#include "known_cameras.hpp"

using namespace almagest;
namespace fs = std::filesystem;

namespace {

struct Sample {
  std::string camera;
  Header header;
};

/// The real headers, and some of our own for where there are no data.
std::vector<Sample> samples() {
  std::vector<Sample> result;
  for (char const* folder : {"lsst/headers", "hsc/headers"}) {
    fs::path const directory = cameras::test_data(folder);
    if (directory.empty()) continue;
    std::vector<fs::path> files;
    for (auto const& entry : fs::directory_iterator(directory)) files.push_back(entry.path());
    std::ranges::sort(files);
    for (fs::path const& file : files) {
      Header header = header_files::read(file);
      for (auto const& [name, camera] : known_cameras())
        if (camera->recognises(std::span(&header, 1))) result.push_back({name, header});
    }
  }
  Header hsc;
  for (auto const& [name, value] :
       std::initializer_list<std::pair<char const*, Value>>{{"INSTRUME", "Hyper Suprime-Cam"},
                                                            {"EXP-ID", "HSCA90402400"},
                                                            {"DET-ID", std::int64_t{50}},
                                                            {"MJD", 56598.26},
                                                            {"DATE-OBS", "2013-11-02"},
                                                            {"UT-STR", "06:15:55.908"},
                                                            {"UT-END", "06:16:27.928"},
                                                            {"EXPTIME", 30.0},
                                                            {"RA2000", "21:22:59.982"},
                                                            {"DEC2000", "+00:30:00.07"},
                                                            {"FILTER01", "HSC-i"},
                                                            {"INST-PA", "0.000"},
                                                            {"T_AG", false},
                                                            {"T_BEEID", std::int64_t{1}},
                                                            {"T_SDOID", std::int64_t{12}}})
    hsc.set(name, value);
  hsc.set_origin("hsc.fits[0]");
  result.push_back({"HSC", hsc});
  Header lsst;
  for (auto const& [name, value] :
       std::initializer_list<std::pair<char const*, Value>>{{"INSTRUME", "lsstCam"},
                                                            {"RAFTBAY", "R22"},
                                                            {"CCDSLOT", "S11"},
                                                            {"DAYOBS", "20250415"},
                                                            {"SEQNUM", std::int64_t{60}},
                                                            {"CONTRLLR", "O"},
                                                            {"OBSID", "MC_O_20250415_000060"},
                                                            {"GROUPID", "2025-04-16T00:53:10.143"},
                                                            {"MJD-BEG", 60781.03696264839},
                                                            {"DATE-END", "2025-04-16T00:53:29.528"},
                                                            {"RASTART", 127.5},
                                                            {"DECSTART", -44.2},
                                                            {"TRACKSYS", "RADEC"},
                                                            {"ROTPA", 46.4},
                                                            {"EXPTIME", 15.0},
                                                            {"SHUTTIME", 15.001},
                                                            {"DARKTIME", 15.95},
                                                            {"FILTER", "i_39"},
                                                            {"PRESSURE", 74390.0}})
    lsst.set(name, value);
  lsst.set_origin("lsst.fits[0]");
  result.push_back({"LSSTCam", lsst});
  return result;
}

std::vector<std::optional<Value>> const& poisons() {
  static std::vector<std::optional<Value>> const values{
      std::nullopt,
      "",
      "   ",
      "abc",
      "nan",
      "-inf",
      "1e999",
      "0x10",
      "12:34",
      "99:99:99.99",
      "2013-13-45",
      "2013-11-02T25:61:61",
      "9999-99-99T99:99:99.999",
      "0000-00-00",
      "HSC",
      "HSCA9040240",
      "HSCZ99999999",
      "MC_O_99999999_999999",
      "../../etc/passwd",
      "{DATE-OBS}",
      "$1",
      "S99",
      "\x01\xff\xfe'\"\n",
      std::string("a\0b", 3),
      std::string(300, '1'),
      std::string(1000, 'a'),
      std::string(100'000, '-'),
      std::string(1'000'000, 'A'),
      true,
      false,
      std::int64_t{0},
      std::int64_t{-1},
      std::int64_t{99'999'999},
      std::numeric_limits<std::int64_t>::max(),
      std::numeric_limits<std::int64_t>::min(),
      0.0,
      -1.5,
      1e300,
      -1e-300,
      std::numeric_limits<double>::quiet_NaN(),
      std::numeric_limits<double>::infinity(),
      -std::numeric_limits<double>::infinity(),
  };
  return values;
}

/// "" when the header is understood, else what the error says; anything but a DataError escapes.
std::string complaint(Sample const& sample) {
  try {
    ObservationInfo const info =
        known_cameras().at(sample.camera)->translate(std::span(&sample.header, 1));
    for (auto const& [name, value] : info.properties())
      if (auto const* real = std::get_if<double>(&value))
        CHECK_MESSAGE(std::isfinite(*real), name << " is not finite");
    return "";
  } catch (DataError const& e) {
    return e.what();
  }
}

void put(Header& header, std::string const& card, std::optional<Value> const& value) {
  header.erase(card);
  header.append({card, value, ""});
}

}  // namespace

TEST_CASE("hostile headers: one card changed gives a result, or an error that names it") {
  int changes = 0, errors = 0;
  for (Sample const& sample : samples()) {
    CAPTURE(sample.header.origin());
    REQUIRE(complaint(sample) == "");
    std::mt19937 random(static_cast<unsigned>(changes));
    std::vector<Header::Card> const& cards = sample.header.cards();
    for (int i = 0; i < 60; ++i) {
      // The first cards are those that mean something.
      std::size_t const range = std::min<std::size_t>(cards.size(), i % 2 == 0 ? 90 : 1000);
      std::string const card = cards[random() % range].name;
      auto const& value = poisons()[random() % poisons().size()];
      Sample changed = sample;
      put(changed.header, card, value);
      std::string const said = complaint(changed);
      ++changes;
      if (said.empty()) continue;
      ++errors;
      INFO(card, " = ", value ? to_string(*value).substr(0, 50) : "none", ": ", said);
      CHECK(said.starts_with(sample.header.origin() + ": "));
      CHECK(said.find("card " + card + " ") != std::string::npos);
      CHECK(said.size() < 2000);
      CHECK(said.find('\n') == std::string::npos);
    }
  }
  CHECK(changes >= 120);
  CHECK(errors >= changes / 50);
}

TEST_CASE("hostile headers: many cards changed, taken away or doubled") {
  int changes = 0;
  for (Sample const& sample : samples()) {
    std::mt19937 random(static_cast<unsigned>(1000 + changes));
    for (int i = 0; i < 25; ++i, ++changes) {
      Sample changed = sample;
      std::size_t const count = 1 + random() % 40;
      for (std::size_t n = 0; n < count; ++n) {
        std::string const card =
            sample.header.cards()[random() % sample.header.cards().size()].name;
        auto const& value = poisons()[random() % poisons().size()];
        if (card == "INSTRUME" || card == "TESTTYPE") continue;
        if (random() % 3 == 0)
          changed.header.append({card, value, ""});
        else
          put(changed.header, card, value);
      }
      std::string const said = complaint(changed);
      CHECK((said.empty() || said.starts_with(sample.header.origin() + ": ")));
    }
  }
  CHECK(changes >= 50);
}

TEST_CASE("hostile headers: no header, an empty one, one of another camera") {
  for (auto const& [name, camera] : known_cameras()) {
    CAPTURE(name);
    CHECK(!camera->recognises({}));
    CHECK_THROWS_AS(camera->translate({}), DataError);
    std::vector<Header> const empty(3);
    CHECK(!camera->recognises(empty));
    CHECK_THROWS_AS(camera->translate(empty), DataError);
  }
}

TEST_CASE("headers: many threads translate at once, to the same values") {
  std::vector<Sample> const all = samples();
  auto const pass = [&] {
    std::vector<ObservationInfo> result;
    for (Sample const& sample : all)
      result.push_back(known_cameras().at(sample.camera)->translate(std::span(&sample.header, 1)));
    return result;
  };
  std::vector<ObservationInfo> const once = pass();
  std::vector<std::vector<ObservationInfo>> results(4);
  std::vector<std::thread> threads;
  for (auto& result : results)
    threads.emplace_back([&pass, &result] {
      for (int i = 0; i < 3; ++i) result = pass();
    });
  for (std::thread& thread : threads) thread.join();
  for (auto const& result : results)
    for (std::size_t i = 0; i < all.size(); ++i)
      CHECK(result[i].properties() == once[i].properties());
}
