// What check-camera says of the sections of a frame, and what it draws.
#include "host/camera_check.hpp"

#include <doctest/doctest.h>

#include "host/camera_figure.hpp"
#include "unit/temporary_directory.hpp"

namespace {

using namespace almagest;

/// Two amplifiers of 20 x 30 data pixels side by side, each with an overscan of five columns.
RawExposure sample_frame() {
  RawExposure raw;
  raw.detector.name = "A";
  raw.detector.box = {0, 0, 40, 30};
  for (int i = 0; i < 2; ++i) {
    Amplifier amplifier;
    amplifier.name = i == 0 ? "left" : "right";
    amplifier.box = {20 * i, 0, 20, 30};
    amplifier.raw_data = {0, 0, 20, 30};
    amplifier.raw_serial_overscan = {20, 0, 5, 30};
    amplifier.flip_x = i == 1;
    raw.detector.amplifiers.push_back(amplifier);
    RawExposure::Channel channel{Image<float>(25, 30), {}};
    for (int y = 0; y < 30; ++y)
      for (int x = 0; x < 25; ++x)
        channel.image(x, y) = (x < 20 ? 1500.0f : 1000.0f) + static_cast<float>((7 * x + y) % 5);
    raw.channels.push_back(channel);
  }
  return raw;
}

TEST_CASE("camera check: sections that fit together are no problem") {
  CHECK(section_problems(sample_frame()).empty());
}

TEST_CASE("camera check: each mistake in the sections is told with the amplifier") {
  using Change = void (*)(Amplifier&);
  std::pair<Change, char const*> const mistakes[] = {
      {[](Amplifier& a) { a.raw_serial_overscan.width = 6; }, "is not inside its channel of 25 by"},
      {[](Amplifier& a) { a.raw_serial_overscan.x0 = 19; }, "[20:24,1:30] overlaps the data [1:20"},
      {[](Amplifier& a) { a.raw_data.width = 19; },
       "data [1:19,1:30] go to [21:40,1:30], which is"},
      {[](Amplifier& a) { a.box.x0 = 21; }, "[22:41,1:30] is not inside the detector [1:40,1:30]"},
      {[](Amplifier& a) { a.box.x0 = 10; }, "overlaps that of left"}};
  for (auto const& [change, expected] : mistakes) {
    RawExposure raw = sample_frame();
    change(raw.detector.amplifiers[1]);
    auto const problems = section_problems(raw);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].starts_with("amplifier right: "));
    CHECK_MESSAGE(problems[0].find(expected) != std::string::npos, problems[0]);
  }
  RawExposure raw = sample_frame();
  raw.detector.box.height = 31;
  CHECK(section_problems(raw) ==
        std::vector<std::string>{"the amplifiers fill 1200 pixels of the detector's 1240"});
}

TEST_CASE("camera figure: equal frames give equal pictures, also of frames that are half wrong") {
  TemporaryDirectory const directory;
  RawExposure raw = sample_frame();
  for (int wrong = 0; wrong < 3; ++wrong) {
    if (wrong == 1) raw.detector.amplifiers[0].raw_serial_overscan = {};
    if (wrong == 2) raw.detector.amplifiers[1].raw_data = {0, 0, 400, 500};
    draw_figure(camera_figure(raw, "frame"), directory / "a.png", PictureFormat::png);
    draw_figure(camera_figure(raw, "frame"), directory / "b.png", PictureFormat::png);
    CHECK(bytes_of(directory / "a.png").starts_with("\x89PNG"));
    CHECK(bytes_of(directory / "a.png") == bytes_of(directory / "b.png"));
  }
}

}  // namespace
