// Raw files of the Rubin Observatory's cameras and of their simulations: an HDU per amplifier
// (ISR documents 2.2, 3.3).
#include <algorithm>
#include <cmath>

#include "almagest/error.hpp"
#include "calendar.hpp"
#include "raw_file.hpp"

namespace simulate {

using namespace almagest;

namespace {

/// "R22_S11" in its two parts.
std::pair<std::string, std::string> raft_and_slot(Detector const& detector) {
  auto const bar = detector.name.find('_');
  if (bar == std::string::npos)
    throw ConfigError("detector " + std::to_string(detector.id) + " is called '" + detector.name +
                      "'; expected a name such as R22_S11");
  return {detector.name.substr(0, bar), detector.name.substr(bar + 1)};
}

std::string padded(std::int64_t value, std::size_t digits) {
  std::string const text = std::to_string(value);
  return std::string(digits > text.size() ? digits - text.size() : 0, '0') + text;
}

/// "[4:512,1:2000]"; backwards where the frame runs against the section.
std::string section(Box const& box, bool back_x = false, bool back_y = false) {
  auto const range = [](int first, int last, bool back) {
    return back ? std::to_string(last) + ":" + std::to_string(first)
                : std::to_string(first) + ":" + std::to_string(last);
  };
  return "[" + range(box.x0 + 1, box.x1() + 1, back_x) + "," +
         range(box.y0 + 1, box.y1() + 1, back_y) + "]";
}

std::string image_type(PlannedExposure::Type type) {
  switch (type) {
    case PlannedExposure::Type::bias:
      return "BIAS";
    case PlannedExposure::Type::dark:
      return "DARK";
    case PlannedExposure::Type::flat:
      return "FLAT";
    case PlannedExposure::Type::science:
      break;
  }
  return "SKYEXP";
}

/// LSST's observing day ends at noon UTC.
std::int64_t observing_day(double begin_mjd) {
  return day_number(begin_mjd - 0.5);
}

class RubinFormat : public RawFormat {
 public:
  explicit RubinFormat(std::string camera) : camera_(std::move(camera)) {}

  std::int64_t number(int sequence, double begin_mjd) const override {
    return observing_day(begin_mjd) * 100'000 + sequence;
  }

  std::vector<Channel> channels(Detector const& detector) const override {
    return channels_of(detector, 576, 2048);
  }

  RawFile describe(PlannedExposure const& exposure, Detector const& detector,
                   std::span<Channel const> channels) const override {
    RawFile file;
    file.sixteen_bits = false;
    file.hdus.emplace_back();
    Header& primary = file.hdus.front().header;
    primary.set("SIMULATED", true, "This frame comes from a simulator");
    primary.set("DETSIZE", section(detector.box));
    time_cards(primary, exposure);
    describe_exposure(primary, exposure, detector);
    file.name = file_name(exposure, detector);
    for (std::size_t const k : order(channels)) {
      Channel const& channel = channels[k];
      Amplifier const& a = channel.amplifier;
      RawHdu hdu;
      hdu.extname = "Segment" + a.name.substr(1);
      hdu.width = channel.width;
      hdu.height = channel.height;
      hdu.places.push_back({k, {0, 0}});
      hdu.header.set("DATASEC", section(a.raw_data));
      hdu.header.set("DETSEC", section(a.box, a.flip_x, a.flip_y));
      if (!a.raw_serial_overscan.empty()) hdu.header.set("BIASSEC", section(a.raw_serial_overscan));
      hdu.header.set("GAIN", a.gain, "[electron/adu]");
      file.hdus.push_back(std::move(hdu));
    }
    return file;
  }

 protected:
  virtual std::string file_name(PlannedExposure const& e, Detector const& detector) const {
    return observation_id(e) + "_" + chip(detector) + ".fits";
  }

  virtual void describe_exposure(Header& h, PlannedExposure const& e,
                                 Detector const& detector) const {
    auto const [raft, slot] = raft_and_slot(detector);
    bool const latiss = camera_ == "latiss";
    h.set("INSTRUME", camera_ == "comcam"      ? std::string("ComCam")
                      : camera_ == "lsstcam"   ? std::string("lsstCam")
                      : latiss                 ? std::string("LATISS")
                      : camera_ == "comcamsim" ? std::string("ComCamSim")
                                               : std::string("LSSTCamSim"));
    h.set("TELESCOP",
          std::string(latiss ? "Rubin Auxiliary Telescope" : "Simonyi Survey Telescope"));
    h.set("RAFTBAY", latiss ? std::string("R00") : raft);
    h.set("CCDSLOT", slot);
    h.set("LSST_NUM", detector.serial);
    h.set("OBSID", observation_id(e));
    h.set("CONTRLLR", std::string("O"));
    h.set("DAYOBS", std::to_string(observing_day(e.begin_mjd)));
    h.set("SEQNUM", std::int64_t{e.sequence});
    h.set("GROUPID", iso_date_time(e.begin_mjd));
    h.set("CURINDEX", std::int64_t{1});
    h.set("MAXINDEX", std::int64_t{1});
    h.set("PROGRAM", std::string("SIMULATED"));
    h.set("REASON", std::string("simulation"));
    filter_cards(h, e.filter);
    h.set("SHUTTIME", e.exposure_time_s, "[s] The shutter was open");
    if (e.type == PlannedExposure::Type::science) {
      h.set("TRACKSYS", std::string("RADEC"));
      h.set("RASTART", e.boresight.ra / radians_per_degree, "[deg]");
      h.set("DECSTART", e.boresight.dec / radians_per_degree, "[deg]");
      h.set("RA", e.boresight.ra / radians_per_degree, "[deg]");
      h.set("DEC", e.boresight.dec / radians_per_degree, "[deg]");
      h.set("ROTCOORD", std::string("sky"));
      h.set("ROTPA", e.rotation_deg, "[deg]");
      h.set("AMSTART", 1.1);
      h.set("ELSTART", 65.38, "[deg]");
      h.set("AZSTART", 0.0, "[deg]");
    }
    h.set("FOCUSZ", 0.0, "[mm]");
  }

  std::string const& camera() const noexcept { return camera_; }
  static std::string chip(Detector const& detector) {
    auto const [raft, slot] = raft_and_slot(detector);
    return (raft == "RXX" ? "R00" : raft) + "_" + slot;
  }

 private:
  std::string observation_id(PlannedExposure const& e) const {
    std::string const start = camera_ == "latiss"             ? "AT"
                              : camera_.starts_with("comcam") ? "CC"
                                                              : "MC";
    return start + "_O_" + std::to_string(observing_day(e.begin_mjd)) + "_" + padded(e.sequence, 6);
  }

  void filter_cards(Header& h, std::string const& filter) const {
    // LATISS has a wheel of filters and one of gratings: "SDSSr_65mm~empty".
    auto const mark = filter.find('~');
    h.set("FILTER", filter.substr(0, mark));
    if (mark != std::string::npos)
      h.set(camera_ == "latiss" ? "GRATING" : "FILTER1", filter.substr(mark + 1));
  }

  static void time_cards(Header& h, PlannedExposure const& e) {
    h.set("TIMESYS", std::string("TAI"));
    h.set("DATE-OBS", iso_date_time(e.begin_mjd));
    h.set("MJD-OBS", e.begin_mjd, "[d]");
    h.set("DATE-BEG", iso_date_time(e.begin_mjd));
    h.set("MJD-BEG", e.begin_mjd, "[d]");
    h.set("DATE-END", iso_date_time(e.end_mjd()));
    h.set("MJD-END", e.end_mjd(), "[d]");
    h.set("EXPTIME", e.exposure_time_s, "[s]");
    h.set("DARKTIME", e.exposure_time_s, "[s]");
    h.set("IMGTYPE", image_type(e.type));
    h.set("OBSTYPE", image_type(e.type));
    h.set("OBJECT", e.object);
  }

  /// As the controllers number them: 10 to 17, then 07 to 00.
  static std::vector<std::size_t> order(std::span<Channel const> channels) {
    std::vector<std::size_t> result(channels.size());
    for (std::size_t k = 0; k < result.size(); ++k) result[k] = k;
    auto const place = [&](std::size_t k) {
      std::string const& name = channels[k].amplifier.name;  // "C13"
      if (name.size() != 3)
        throw ConfigError("an amplifier is called '" + name + "'; expected a name such as C10");
      int const column = name[2] - '0';
      return name[1] == '1' ? column : 15 - column;
    };
    std::ranges::sort(result, {}, place);
    return result;
  }

  std::string camera_;
};

/// imSim and phoSim: one number per visit, angles of the telescope.
class SimulationFormat final : public RubinFormat {
 public:
  SimulationFormat(std::string camera, std::int64_t first)
      : RubinFormat(std::move(camera)), first_(first) {}

  std::int64_t number(int sequence, double) const override { return first_ + sequence - 1; }
  std::vector<Channel> channels(Detector const& detector) const override {
    return channels_of(detector, 544, 2048);
  }

 protected:
  std::string file_name(PlannedExposure const& e, Detector const& detector) const override {
    return camera() + "_" + padded(e.number, 8) + "_" + chip(detector) + ".fits";
  }
  void describe_exposure(Header& h, PlannedExposure const& e,
                         Detector const& detector) const override {
    auto const [raft, slot] = raft_and_slot(detector);
    bool const phosim = camera() == "phosim";
    h.set("TESTTYPE", std::string(phosim ? "PHOSIM" : "IMSIM"));
    h.set("TELESCOP", std::string("LSST"));
    h.set("OBSID", e.number);
    h.set("RUNNUM", std::to_string(e.number));
    h.set("RAFTNAME", raft);
    h.set("SENSNAME", slot);
    h.set("CHIPID", raft + "_" + slot);
    h.set("LSST_NUM", phosim ? raft + "_" + slot : detector.serial);
    auto const version = e.filter.find("_sim_");
    h.set("FILTER", e.filter.substr(0, version));
    if (version != std::string::npos) {
      h.set("PKG00000", std::string("throughputs"));
      h.set("VER00000", e.filter.substr(version + 5));
    }
    double angle = std::fmod(90.0 - e.rotation_deg, 360.0);
    if (angle < 0) angle += 360.0;
    h.set("ROTANGLE", angle, "[deg]");
    if (phosim) h.set("ROTANGZ", angle, "[deg]");
    h.set("RATEL", e.boresight.ra / radians_per_degree, "[deg]");
    h.set("DECTEL", e.boresight.dec / radians_per_degree, "[deg]");
    h.set("AIRMASS", 1.1);
    h.set("AMSTART", 1.1);
  }

 private:
  std::int64_t first_;
};

/// The raft test stand, as in 2018.
class TestStandFormat final : public RubinFormat {
 public:
  using RubinFormat::RubinFormat;

  std::int64_t number(int, double begin_mjd) const override {
    std::string digits;
    for (char const c : iso_date_time(begin_mjd).substr(0, 21))
      if (c >= '0' && c <= '9') digits += c;
    return std::stoll(digits);
  }

 protected:
  std::string file_name(PlannedExposure const& e, Detector const& detector) const override {
    return "ts8_" + std::to_string(e.number) + "_" + chip(detector) + ".fits";
  }
  void describe_exposure(Header& h, PlannedExposure const& e,
                         Detector const& detector) const override {
    constexpr int detectors_per_raft = 9;
    int const raft = detector.id / detectors_per_raft;
    int const slot = detector.id % detectors_per_raft;
    h.set("TSTAND", std::string("TS8"));
    h.set("INSTRUME", std::string("LSST-TS8"));
    h.set("TELESCOP", std::string("LSST"));
    // The modules whose places are known.
    h.set("RAFTNAME", std::string(raft == 2   ? "LCA-11021_RTM-004"
                                  : raft == 7 ? "LCA-11021_RTM-010"
                                              : "LCA-11021_RTM-000"));
    h.set("CCDSLOT", "S" + std::to_string(slot / 3) + std::to_string(slot % 3));
    h.set("LSST_NUM", detector.serial);
    h.set("FILENAME", "ts8_" + std::to_string(e.number) + ".fits");
    h.set("TESTTYPE", image_type(e.type));
    h.set("SEQNUM", std::int64_t{e.sequence});
    std::string const wheel = "grizy";
    if (auto const place = wheel.find(e.filter); place != std::string::npos)
      h.set("FILTPOS", static_cast<std::int64_t>(place) + 2);
    else
      h.set("FILTER", e.filter);
  }
};

}  // namespace

std::unique_ptr<RawFormat const> rubin_format(std::string const& camera,
                                              CameraTraits const& traits) {
  if (camera == "imsim" || camera == "phosim")
    return std::make_unique<SimulationFormat>(camera, traits.first_exposure);
  if (camera == "ts8") return std::make_unique<TestStandFormat>(camera);
  return std::make_unique<RubinFormat>(camera);
}

}  // namespace simulate
