// Raw files of Hyper Suprime-Cam: four channels side by side, 2144 × 4241 pixels of 16 bits, the
// sections in T_ cards (ISR documents 2.1, 3.1, 6.16).
#include <cmath>
#include <cstdio>

#include "almagest/error.hpp"
#include "calendar.hpp"
#include "raw_file.hpp"

namespace simulate {

using namespace almagest;

namespace {

constexpr int channel_width = 536;
constexpr int channel_height = 4241;
constexpr int channel_count = 4;

/// The channel of the headers, counted from 1, that is the k-th amplifier from the left of the
/// assembled frame: most raws are mirrored left to right.
int header_channel(std::size_t k, Amplifier const& amplifier) {
  return amplifier.flip_x ? channel_count - static_cast<int>(k) : static_cast<int>(k) + 1;
}

/// Eight columns of prescan, 512 of data, 16 of overscan; in even channels the other way round. Of
/// 4241 rows 49 are prescan and 16 overscan; they stand at the other end of a file that is mirrored
/// top to bottom.
void set_sections(Amplifier& a, int channel) {
  bool const even = channel % 2 == 0;
  int const y = a.flip_y ? 16 : 49;
  constexpr int rows = 4176;
  a.raw_prescan = {even ? 528 : 0, y, 8, rows};
  a.raw_data = {even ? 16 : 8, y, 512, rows};
  a.raw_serial_overscan = {even ? 0 : 520, y, 16, rows};
  a.raw_parallel_overscan = {a.raw_data.x0, a.flip_y ? 0 : y + rows, 512, 16};
}

struct BeeAndSocket {
  int bee = 0;
  int sdo = 0;
};

/// "1_36": read-out electronics 1, CCD 36 of it.
BeeAndSocket bee_and_socket(Detector const& detector) {
  BeeAndSocket result;
  if (std::sscanf(detector.name.c_str(), "%1d_%2d", &result.bee, &result.sdo) != 2)
    throw ConfigError("HSC detector " + std::to_string(detector.id) + " is called '" +
                      detector.name + "'; expected a name such as 1_36");
  return result;
}

std::string frame_name(std::int64_t shot, int last_two) {
  char text[32];
  std::snprintf(text, sizeof text, "HSC%c%06lld%02d", static_cast<char>('A' + shot / 1'000'000),
                static_cast<long long>(shot % 1'000'000), last_two);
  return text;
}

class HscFormat final : public RawFormat {
 public:
  explicit HscFormat(CameraTraits const& traits)
      : first_(traits.first_exposure), step_(traits.exposure_step) {}

  std::int64_t number(int sequence, double) const override {
    return first_ + std::int64_t{sequence - 1} * step_;
  }

  std::vector<Channel> channels(Detector const& detector) const override {
    if (detector.amplifiers.size() != channel_count)
      throw ConfigError("HSC detector " + detector.name + ": expected 4 amplifiers, got " +
                        std::to_string(detector.amplifiers.size()));
    Detector complete = detector;
    for (std::size_t k = 0; k < complete.amplifiers.size(); ++k)
      set_sections(complete.amplifiers[k], header_channel(k, complete.amplifiers[k]));
    auto channels = channels_of(complete);
    for (Channel& channel : channels) {  // with the rows of prescan
      channel.width = channel_width;
      channel.height = channel_height;
    }
    return channels;
  }

  RawFile describe(PlannedExposure const& exposure, Detector const& detector,
                   std::span<Channel const> channels) const override {
    auto const [bee, sdo] = bee_and_socket(detector);
    RawHdu hdu;
    hdu.width = channel_count * channel_width;
    hdu.height = channel_height;
    std::string const frame = frame_name(exposure.number + bee, sdo);
    observation_cards(hdu.header, exposure, frame);
    detector_cards(hdu.header, detector, bee, sdo);
    rough_wcs(hdu.header, exposure, detector);
    for (std::size_t k = 0; k < channels.size(); ++k) {
      int const channel = header_channel(k, channels[k].amplifier);
      int const x = (channel - 1) * channel_width;
      hdu.places.push_back({k, {x, 0}});
      section_cards(hdu.header, channels[k].amplifier, channel, x);
    }
    return {frame + ".fits", {std::move(hdu)}, true};
  }

 private:
  void observation_cards(Header& h, PlannedExposure const& e, std::string const& frame) const {
    h.set("INSTRUME", std::string("Hyper Suprime-Cam"), "Name of instrument");
    h.set("TELESCOP", std::string("Subaru"), "Telescope name");
    h.set("SIMULATED", true, "This frame comes from a simulator");
    h.set("FRAMEID", frame, "Image sequential number");
    h.set("EXP-ID", frame_name(e.number, 0), "First frame ID");
    h.set("DATA-TYP", data_type(e.type), "Characteristics of this data");
    h.set("OBJECT", e.object, "Object");
    h.set("PROP-ID", std::string("o00000"), "Proposal ID");
    h.set("FILTER01", e.filter, "Filter");
    h.set("EXPTIME", e.exposure_time_s, "[s] Exposure time");
    h.set("TIMESYS", std::string("UTC"), "Time system used in the header");
    h.set("DATE-OBS", iso_date(e.begin_mjd), "Observation start date");
    h.set("UT-STR", iso_time(e.begin_mjd), "UTC at the start of exposure");
    h.set("UT", iso_time(e.begin_mjd), "UTC, typical");
    h.set("UT-END", iso_time(e.end_mjd()), "UTC at the end of exposure");
    h.set("MJD-STR", e.begin_mjd, "[d] Start of exposure, UTC");
    h.set("MJD", e.begin_mjd, "[d] Typical time, UTC");
    h.set("MJD-END", e.end_mjd(), "[d] End of exposure, UTC");
    for (char const* suffix : {"", "2000"}) {
      h.set(std::string("RA") + suffix, sexagesimal_hours(e.boresight.ra), "Right ascension");
      h.set(std::string("DEC") + suffix, sexagesimal_degrees(e.boresight.dec), "Declination");
    }
    double angle = std::fmod(270.0 - e.rotation_deg, 360.0);
    if (angle < 0) angle += 360.0;
    h.set("INST-PA", angle, "[deg] Position angle of the instrument flange");
    h.set("AIRMASS", 1.1, "Average airmass during exposure");
    h.set("ALTITUDE", 65.38, "[deg] Altitude of telescope pointing");
    h.set("AZIMUTH", 0.0, "[deg] Azimuth, 0: south, 90: west");
    h.set("FOC-VAL", 3.7, "[mm] Encoder value of the focus unit");
    h.set("OUT-TMP", 275.0, "[K] Temperature outside the dome");
    h.set("OUT-PRS", 622.0, "[hPa] Pressure outside the dome");
    h.set("OUT-HUM", 20.0, "[%] Humidity outside the dome");
    h.set("T_AG", false, "Autoguider exposure");
  }

  void detector_cards(Header& h, Detector const& detector, int bee, int sdo) const {
    h.set("DET-ID", std::int64_t{detector.id}, "Number of the CCD");
    h.set("T_BEEID", std::int64_t{bee}, "Electronics that read the CCD");
    h.set("T_SDOID", std::int64_t{sdo}, "CCD of the electronics");
    h.set("T_CCDSN", detector.serial.empty() ? std::string("000") : detector.serial,
          "CCD serial number");
    h.set("T_CCDTV", -100.0, "[Celsius] Temperature of the CCD");
    h.set("T_CFGFIL", std::string("simulated.cfg"), "Configuration");
    h.set("GAIN", 0.0, "See T_GAINn");
    for (std::size_t k = 0; k < detector.amplifiers.size(); ++k)
      // The headers' gains are some 7 % below the camera's (ISR document 3.1).
      h.set("T_GAIN" + std::to_string(header_channel(k, detector.amplifiers[k])),
            detector.amplifiers[k].gain / 1.0745, "[electron/adu]");
  }

  /// Good to some minutes of arc, without distortion, as the camera writes it.
  void rough_wcs(Header& h, PlannedExposure const& e, Detector const& detector) const {
    constexpr double degrees_per_pixel = 4.722e-5;
    Point const axis = pixel_position(detector, {0.0, 0.0});
    double const sign = std::cos(detector.yaw_deg * radians_per_degree) < 0 ? -1.0 : 1.0;
    h.set("CTYPE1", std::string("RA---TAN"));
    h.set("CTYPE2", std::string("DEC--TAN"));
    h.set("CUNIT1", std::string("deg"));
    h.set("CUNIT2", std::string("deg"));
    h.set("CRVAL1", e.boresight.ra / radians_per_degree);
    h.set("CRVAL2", e.boresight.dec / radians_per_degree);
    h.set("CRPIX1", detector.box.width - axis.x);
    h.set("CRPIX2", axis.y + 1.0);
    h.set("CD1_1", 0.0);
    h.set("CD1_2", sign * degrees_per_pixel);
    h.set("CD2_1", -sign * degrees_per_pixel);
    h.set("CD2_2", 0.0);
    h.set("WCS-ORIG", std::string("Rough estimation"));
  }

  void section_cards(Header& h, Amplifier const& a, int channel, int x) const {
    auto const edges = [&](std::string const& name, int axis, int first, int last) {
      std::string const number = std::to_string(channel) + std::to_string(axis);
      h.set("T_" + name + "MN" + number, std::int64_t{first + 1});
      h.set("T_" + name + "MX" + number, std::int64_t{last + 1});
    };
    edges("OS", 1, x + a.raw_serial_overscan.x0, x + a.raw_serial_overscan.x1());
    edges("EF", 1, x + a.raw_data.x0, x + a.raw_data.x1());
    edges("OS", 2, a.raw_parallel_overscan.y0, a.raw_parallel_overscan.y1());
    edges("EF", 2, a.raw_data.y0, a.raw_data.y1());
  }

  static std::string data_type(PlannedExposure::Type type) {
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
    return "OBJECT";
  }

  std::int64_t first_;
  int step_;
};

}  // namespace

std::unique_ptr<RawFormat const> hsc_format(CameraTraits const& traits) {
  return std::make_unique<HscFormat>(traits);
}

}  // namespace simulate
