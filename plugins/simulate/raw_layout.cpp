#include "raw_layout.hpp"

#include <algorithm>

#include "almagest/error.hpp"

namespace simulate {

using namespace almagest;

namespace {

constexpr int usual_overscan = 50;

/// Widens what was declared up to an edge that nobody knows.
void open_out(Amplifier& a, int width, int height) {
  Box& serial = a.raw_serial_overscan;
  Box& parallel = a.raw_parallel_overscan;
  if (serial.width == 1 && serial.x0 > a.raw_data.x1())
    serial.width = std::max(width - serial.x0, 0) > 0 ? width - serial.x0 : usual_overscan;
  if (parallel.height == 1 && parallel.y0 > a.raw_data.y1())
    parallel.height = std::max(height - parallel.y0, 0) > 0 ? height - parallel.y0 : usual_overscan;
  if (!serial.empty() && serial.y1() < a.raw_data.y1())
    serial.height = a.raw_data.y1() + 1 - serial.y0;
}

Channel channel_of(Detector const& detector, Amplifier const& declared, int width, int height) {
  Channel channel{.amplifier = declared};
  Amplifier& a = channel.amplifier;
  // A camera with one amplifier need not say that it has all pixels.
  if (a.box.empty() && detector.amplifiers.size() == 1) a.box = detector.box;
  if (a.raw_data.empty()) {
    a.raw_prescan = a.raw_parallel_overscan = {};
    a.raw_data = {0, 0, a.box.width, a.box.height};
    a.raw_serial_overscan = {a.box.width, 0, usual_overscan, a.box.height};
  }
  open_out(a, width, height);
  bool const fits = !a.box.empty() && detector.box.contains(a.box) &&
                    a.raw_data.width == a.box.width && a.raw_data.height == a.box.height;
  for (Box const& box :
       {a.raw_data, a.raw_prescan, a.raw_serial_overscan, a.raw_parallel_overscan}) {
    if (box.empty()) continue;
    if (!fits || box.x0 < 0 || box.y0 < 0)
      throw ConfigError("detector " + detector.name + ", amplifier " + a.name +
                        ": its sections do not fit together; a frame cannot be made of it");
    channel.width = std::max(channel.width, box.x1() + 1);
    channel.height = std::max(channel.height, box.y1() + 1);
  }
  return channel;
}

}  // namespace

std::vector<Channel> channels_of(Detector const& detector, int width, int height) {
  if (detector.amplifiers.empty())
    throw ConfigError("detector " + detector.name +
                      " has no amplifiers in camera.toml; raw frames cannot be made of it");
  std::vector<Channel> channels;
  for (Amplifier const& amplifier : detector.amplifiers)
    channels.push_back(channel_of(detector, amplifier, width, height));
  return channels;
}

}  // namespace simulate
