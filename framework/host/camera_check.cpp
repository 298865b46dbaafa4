#include "host/camera_check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "almagest/error.hpp"
#include "almagest/fits.hpp"
#include "almagest/statistics.hpp"

namespace almagest {

namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

/// As FITS writes sections, from 1.
std::string section(Box const& box) {
  return fmt::format("[{}:{},{}:{}]", box.x0 + 1, box.x0 + box.width, box.y0 + 1,
                     box.y0 + box.height);
}

// ---- pixels

struct Levels {
  double median = unknown;
  double scatter = unknown;
};

Levels levels_of(Image<float> const& image, Box const& where) {
  std::vector<float> values;
  Box const box = intersection(where, {0, 0, image.width(), image.height()});
  for (int y = box.y0; y < box.y0 + box.height; ++y)
    for (int x = box.x0; x < box.x0 + box.width; ++x)
      if (std::isfinite(image(x, y))) values.push_back(image(x, y));
  if (values.empty()) return {};
  double const median = quantile(std::span(values), 0.5);
  return {median,
          clipped_statistics(std::span(values)).scatter};  // quartiles of adu are too coarse
}

CheckedAmplifier checked_amplifier(RawExposure::Channel const& channel,
                                   Amplifier const& amplifier) {
  Levels const overscan = levels_of(channel.image, amplifier.raw_serial_overscan);
  return {amplifier,
          channel.image.width(),
          channel.image.height(),
          levels_of(channel.image, amplifier.raw_data).median,
          overscan.median,
          overscan.scatter};
}

/// What the pixels tell against the sections and numbers of camera.toml.
void compare_with_pixels(CheckedFile& file) {
  std::vector<std::string> below, without_saturation;
  std::vector<double> ratios;
  for (CheckedAmplifier const& a : file.amplifiers) {
    constexpr double significant = 5.0;  // noises
    if (a.data_level < a.overscan_level - significant * a.overscan_noise)
      below.push_back(a.amplifier.name);
    if (std::isnan(a.amplifier.saturation)) without_saturation.push_back(a.amplifier.name);
    double const ratio = a.overscan_noise * a.amplifier.gain / a.amplifier.read_noise;
    if (std::isfinite(ratio) && ratio > 0) ratios.push_back(ratio);
  }
  if (!below.empty())
    file.remarks.push_back(fmt::format("data lie below the overscan in {}: are the sections right?",
                                       fmt::join(below, ", ")));
  if (!without_saturation.empty())
    file.remarks.push_back(fmt::format("no saturation level for {}: nothing will be marked SAT",
                                       fmt::join(without_saturation, ", ")));
  constexpr double doubtful = 2.0;
  if (ratios.empty()) return;
  double const ratio = quantile(std::span(ratios), 0.5);
  if (ratio > doubtful || ratio < 1.0 / doubtful)
    file.remarks.push_back(fmt::format(
        "the overscan scatters {:.2g} times as much as gain and read_noise tell", ratio));
}

// ---- headers

/// The data ID, from the properties that are named like its keys.
DataId data_id_of(ObservationInfo const& observation, Instrument const& camera,
                  std::vector<std::string>& problems) {
  DataId id;
  for (DataIdKey const& key : camera.keys()) {
    Value const* const value = observation.find(key.name);
    bool const text = value && std::holds_alternative<std::string>(*value);
    if (!value)
      problems.push_back(fmt::format("no '{}': a key of the data ID", key.name));
    else if (text != (key.type == DataIdKey::Type::text))
      problems.push_back(fmt::format("'{}' is {}, which is no {}", key.name, to_string(*value),
                                     text ? "integer" : "text"));
    else
      id.set(key.name, *value);
  }
  return id;
}

bool is_science(ObservationInfo const& observation) {
  Value const* const type = observation.find("observation_type");
  return type && *type == Value(std::string("science"));
}

void miss_properties(ObservationInfo const& observation, std::vector<std::string>& remarks) {
  std::vector<std::string> wanted{"observation_type", "begin", "exposure_time"};
  if (is_science(observation))
    wanted.insert(wanted.end(), {"ra", "dec", "boresight_rotation_angle"});
  std::erase_if(wanted, [&](std::string const& name) { return observation.find(name); });
  if (!wanted.empty())
    remarks.push_back(fmt::format("the header gives no {}", fmt::join(wanted, ", ")));
}

void recognise(CheckedFile& file, std::span<Header const> headers, Instrument const& camera,
               std::span<Instrument const* const> others) {
  if (camera.recognises(headers)) file.recognised_by.push_back(camera.name());
  bool const own = !file.recognised_by.empty();
  for (Instrument const* other : others)
    if (other->name() != camera.name() && other->recognises(headers))
      file.recognised_by.push_back(other->name());
  if (!own)
    file.problems.push_back(fmt::format(
        "'match' of camera.toml does not fit it{}",
        file.recognised_by.empty()
            ? ""
            : fmt::format("; it is recognised by {}", fmt::join(file.recognised_by, ", "))));
  else if (file.recognised_by.size() > 1)
    file.remarks.push_back(
        fmt::format("recognised by several cameras: {}", fmt::join(file.recognised_by, ", ")));
}

}  // namespace

std::vector<Header> all_headers(std::filesystem::path const& path) {
  fits::Reader reader(path, fits::Checksums::ignore);
  std::vector<Header> headers;
  for (int hdu = 0; hdu < reader.hdu_count(); ++hdu) headers.push_back(reader.header(hdu));
  return headers;
}

std::vector<std::string> section_problems(RawExposure const& raw) {
  std::vector<std::string> problems;
  std::int64_t filled = 0;
  for (std::size_t i = 0; i < raw.channels.size(); ++i) {
    Amplifier const& amplifier = raw.amplifier(i);
    Image<float> const& image = raw.channels[i].image;
    Box const whole{0, 0, image.width(), image.height()};
    std::pair<char const*, Box const*> const sections[] = {
        {"data", &amplifier.raw_data},
        {"prescan", &amplifier.raw_prescan},
        {"serial overscan", &amplifier.raw_serial_overscan},
        {"parallel overscan", &amplifier.raw_parallel_overscan}};
    auto const add = [&](std::string const& text) {
      problems.push_back(fmt::format("amplifier {}: {}", amplifier.name, text));
    };
    for (auto const& [name, box] : sections) {
      if (!whole.contains(*box))
        add(fmt::format("{} {} is not inside its channel of {} by {} pixels", name, section(*box),
                        whole.width, whole.height));
      // Overscans may meet in the corner.
      if (box != &amplifier.raw_data && !intersection(*box, amplifier.raw_data).empty())
        add(fmt::format("{} {} overlaps the data {}", name, section(*box),
                        section(amplifier.raw_data)));
    }
    if (amplifier.raw_data.width != amplifier.box.width ||
        amplifier.raw_data.height != amplifier.box.height)
      add(fmt::format("data {} go to {}, which is of another size", section(amplifier.raw_data),
                      section(amplifier.box)));
    if (!raw.detector.box.contains(amplifier.box))
      add(fmt::format("its place {} is not inside the detector {}", section(amplifier.box),
                      section(raw.detector.box)));
    for (std::size_t k = 0; k < i; ++k)
      if (!intersection(amplifier.box, raw.amplifier(k).box).empty())
        add(fmt::format("its place {} overlaps that of {}", section(amplifier.box),
                        raw.amplifier(k).name));
    filled += amplifier.box.area();
  }
  if (problems.empty() && filled != raw.detector.box.area())
    problems.push_back(fmt::format("the amplifiers fill {} pixels of the detector's {}", filled,
                                   raw.detector.box.area()));
  return problems;
}

CheckedFile check_file(std::filesystem::path const& path, Instrument const& camera,
                       std::span<Instrument const* const> others,
                       std::function<void(RawExposure const&)> const& look) {
  CheckedFile file;
  file.path = path;
  try {
    std::vector<Header> const headers = all_headers(path);
    recognise(file, headers, camera, others);
    if (!file.problems.empty()) return file;
    file.observation = camera.translate(headers);
    file.id = data_id_of(*file.observation, camera, file.problems);
    miss_properties(*file.observation, file.remarks);
    if (!file.problems.empty()) return file;
    RawExposure const raw = camera.read_raw(path, file.id);
    file.detector = raw.detector.name;
    for (std::size_t i = 0; i < raw.channels.size(); ++i)
      file.amplifiers.push_back(checked_amplifier(raw.channels[i], raw.amplifier(i)));
    file.problems = section_problems(raw);
    compare_with_pixels(file);
    if (is_science(*file.observation) && !raw.wcs)
      file.remarks.emplace_back("no WCS can be made from boresight and rotation");
    look(raw);
  } catch (Error const& error) {
    file.problems.emplace_back(error.what());
  }
  return file;
}

}  // namespace almagest
