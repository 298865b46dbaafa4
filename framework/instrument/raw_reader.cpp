#include "instrument/raw_reader.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>

#include "engine/parallel.hpp"

namespace almagest {
namespace {

/// Readers of one file, as many as threads ask for at the same time.
class ReaderPool {
 public:
  ReaderPool(std::filesystem::path path, fits::Checksums checksums, fits::Reader first)
      : path_(std::move(path)), checksums_(checksums) {
    idle_.push_back(std::make_unique<fits::Reader>(std::move(first)));
  }

  template <class Work>
  void with_reader(Work const& work) {
    std::unique_ptr<fits::Reader> reader = take();
    if (!reader) reader = std::make_unique<fits::Reader>(path_, checksums_);
    work(*reader);
    std::lock_guard const lock(mutex_);
    idle_.push_back(std::move(reader));
  }

 private:
  std::unique_ptr<fits::Reader> take() {
    std::lock_guard const lock(mutex_);
    if (idle_.empty()) return nullptr;
    auto reader = std::move(idle_.back());
    idle_.pop_back();
    return reader;
  }

  std::filesystem::path path_;
  fits::Checksums checksums_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<fits::Reader>> idle_;
};

/// Every reader of a gzip'd file would inflate all of it.
bool is_gzip(std::filesystem::path const& path) {
  std::ifstream file(path, std::ios::binary);
  std::array<char, 2> magic{};
  file.read(magic.data(), magic.size());
  return file && magic[0] == '\x1f' && magic[1] == '\x8b';
}

bool has_cards(DetectorRule const& rule, Header const& primary) {
  return !rule.cards.empty() && std::ranges::all_of(rule.cards, [&](auto const& card) {
    Value const* const value = primary.find(card.first);
    return value && to_string(*value) == card.second;
  });
}

/// The rule by which the file is to be read: that of the detector's kind, unless the cards tell of
/// another one. Kinds that have no cards (guiders) are what the tables say.
DetectorRule const& rule_of_file(CameraDetectors const& camera, std::size_t index,
                                 Header const& primary) {
  DetectorRule const& declared = *camera.rules[index];
  if (declared.cards.empty() || has_cards(declared, primary)) return declared;
  for (auto const& kind : camera.kinds)
    if (has_cards(*kind, primary)) return *kind;
  return declared;
}

std::string known_extensions(std::span<Header const> headers) {
  std::string names;
  for (Header const& header : headers)
    if (Value const* name = header.find("EXTNAME"))
      names += (names.empty() ? "" : ", ") + to_string(*name);
  return names.empty() ? "none with a name" : names;
}

bool same_name(std::string_view a, std::string_view b) {
  auto const upper = [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  };
  return std::ranges::equal(a, b, [&](char x, char y) { return upper(x) == upper(y); });
}

/// The HDU in which an amplifier stands.
int hdu_of(AmplifierRule const& rule, Detector const& detector, std::span<Header const> headers,
           std::string const& file) {
  if (auto const* number = std::get_if<int>(&rule.hdu)) {
    if (std::cmp_less(*number, headers.size())) return *number;
    throw DataError(file + ": amplifier '" + rule.name + "' is in HDU " + rule.hdu_name() +
                    ", but the file has only " + std::to_string(headers.size()));
  }
  for (std::size_t i = 0; i < headers.size(); ++i) {
    auto const* const name = headers[i].find("EXTNAME");
    if (name && same_name(to_string(*name), std::get<std::string>(rule.hdu)))
      return static_cast<int>(i);
  }
  if (detector.type == "guider")
    throw NotImplementedError("reading the stamps of a guider (" + file + ")");
  throw DataError(file + ": amplifier '" + rule.name + "' has no extension '" + rule.hdu_name() +
                  "'; there are: " + known_extensions(headers));
}

/// Columns and rows of the image in an HDU.
std::pair<int, int> image_size(Header const& header) {
  constexpr std::int64_t largest_side = 1'000'000;
  auto const side = [&](char const* card) {
    Value const* const value = header.find(card);
    auto const* number = value ? std::get_if<std::int64_t>(value) : nullptr;
    return number && *number > 0 && *number <= largest_side ? static_cast<int>(*number) : 0;
  };
  Value const* const axes = header.find("NAXIS");
  auto const* count = axes ? std::get_if<std::int64_t>(axes) : nullptr;
  int const width = side("NAXIS1"), height = side("NAXIS2");
  if (!count || *count < 2 || width == 0 || height == 0 || header.has("TFIELDS"))
    throw DataError(header.origin() + ": holds no image of two axes, where an amplifier should be");
  return {width, height};
}

/// Pixels to read: one HDU, and the channels that are parts of it.
struct Job {
  int hdu = 0;
  std::vector<std::size_t> channels;
};

std::string file_of(std::span<Header const> headers) {
  std::string const& origin = headers.front().origin();
  return origin.substr(0, origin.rfind('['));
}

void read_job(fits::Reader& reader, Job const& job, std::vector<Box> const& images,
              std::vector<RawExposure::Channel>& channels) {
  Image<float> const whole = reader.image<float>(job.hdu);
  for (std::size_t const i : job.channels) {
    Box const& box = images[i];
    if (box == whole.bbox()) {
      channels[i].image = whole;
      continue;
    }
    auto part = Image<float>::uninitialised({0, 0, box.width, box.height});
    for (int y = 0; y < box.height; ++y)
      std::ranges::copy(
          whole.row(box.y0 + y)
              .subspan(static_cast<std::size_t>(box.x0), static_cast<std::size_t>(box.width)),
          part.row(y).begin());
    channels[i].image = std::move(part);
  }
}

}  // namespace

std::vector<Header> read_headers(fits::Reader& reader) {
  std::vector<Header> headers;
  for (int i = 0; i < reader.hdu_count(); ++i) headers.push_back(reader.header(i));
  return headers;
}

RawExposure read_raw_pixels(std::filesystem::path const& path, fits::Reader opened,
                            fits::Checksums checksums, std::span<Header const> headers,
                            CameraDetectors const& camera, std::size_t index) {
  RawExposure raw;
  raw.detector = camera.detectors[index];
  Header const& primary = headers.front();
  std::string const file = file_of(headers);
  DetectorRule const& rule = rule_of_file(camera, index, primary);
  if (rule.amplifiers.empty())
    throw DataError(file + ": detector '" + raw.detector.name +
                    "' has no amplifiers in camera.toml: its frames come assembled");
  if (&rule != camera.rules[index].get()) {
    raw.detector.box = rule.detector.box;
    raw.detector.vendor = rule.detector.vendor;
    raw.detector.reference_pixel =
        rule.has_reference_pixel ? rule.detector.reference_pixel : centre_of(rule.detector.box);
  }

  std::vector<Amplifier> const known = std::move(raw.detector.amplifiers);
  raw.detector.amplifiers.clear();
  std::vector<Box> images;
  std::vector<Job> jobs;
  for (std::size_t i = 0; i < rule.amplifiers.size(); ++i) {
    AmplifierRule const& amplifier = rule.amplifiers[i];
    int const hdu = hdu_of(amplifier, raw.detector, headers, file);
    Header const& own = headers[static_cast<std::size_t>(hdu)];
    auto const [width, height] = image_size(own);
    auto const constants = std::ranges::find(known, amplifier.name, &Amplifier::name);
    PlacedAmplifier placed = amplifier_of_file(
        amplifier, rule.place_of(i),
        constants == known.end() ? amplifier_without_file(amplifier, rule.place_of(i)).amplifier
                                 : *constants,
        {own, primary}, width, height);
    raw.detector.amplifiers.push_back(std::move(placed.amplifier));
    images.push_back(placed.image);
    auto const job = std::ranges::find(jobs, hdu, &Job::hdu);
    if (job == jobs.end())
      jobs.push_back({hdu, {i}});
    else
      job->channels.push_back(i);
  }

  raw.channels.resize(images.size());
  ReaderPool readers(path, checksums, std::move(opened));
  std::atomic<std::int64_t> elsewhere{0};  // CPU time of other threads: nobody asks for it here
  std::size_t const grain = is_gzip(path) ? jobs.size() : 1;
  isolated_loop(
      jobs.size(), grain,
      [&](std::size_t begin, std::size_t end) {
        readers.with_reader([&](fits::Reader& reader) {
          for (std::size_t i = begin; i < end; ++i) read_job(reader, jobs[i], images, raw.channels);
        });
      },
      elsewhere);
  return raw;
}

VisitInfo visit_info_of(ObservationInfo const& observation, Instrument const& instrument,
                        DataId const& id) {
  VisitInfo visit;
  visit.exposure_id = instrument.exposure_id(id).value;
  visit.exposure_time_s = observation.number("exposure_time");
  visit.dark_time_s = observation.number("dark_time");
  if (std::isnan(visit.dark_time_s)) visit.dark_time_s = visit.exposure_time_s;
  double const begin = observation.number("begin"), end = observation.number("end");
  constexpr double seconds_per_day = 86400.0;
  visit.mid_exposure_mjd_tai =
      std::isnan(end) ? begin + 0.5 * visit.exposure_time_s / seconds_per_day : 0.5 * (begin + end);
  visit.airmass = observation.number("boresight_airmass");
  if (auto const boresight = observation.boresight()) visit.boresight = *boresight;
  visit.rotation_deg = observation.number("boresight_rotation_angle");
  // What all cameras call the band stands above the instrument's own name for its filter.
  visit.band = observation.text("band");
  std::string const role = instrument.role("band");
  if (visit.band.empty() && !role.empty()) {
    Value const* const filter = id.find(role) ? id.find(role) : observation.find(role);
    if (filter) visit.band = to_string(*filter);
  }
  visit.physical_filter = observation.text("physical_filter");
  if (visit.physical_filter.empty()) visit.physical_filter = visit.band;
  visit.observation_type = observation.text("observation_type");
  return visit;
}

}  // namespace almagest
