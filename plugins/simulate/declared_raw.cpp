// Raw files of a camera that is nothing but its camera.toml.
#include <algorithm>
#include <map>
#include <set>

#include "almagest/error.hpp"
#include "calendar.hpp"
#include "camera_rules.hpp"
#include "raw_file.hpp"

namespace simulate {

using namespace almagest;

namespace {

/// "[1:2048,1:4096]"
std::string section(Box const& box) {
  return "[" + std::to_string(box.x0 + 1) + ":" + std::to_string(box.x1() + 1) + "," +
         std::to_string(box.y0 + 1) + ":" + std::to_string(box.y1() + 1) + "]";
}

std::string padded(std::int64_t value, std::size_t digits) {
  std::string const text = std::to_string(value);
  return std::string(digits > text.size() ? digits - text.size() : 0, '0') + text;
}

Box moved(Box box, Pixel by) {
  box.x0 += by.x;
  box.y0 += by.y;
  return box;
}

void set_section(Header& header, AmplifierFileRule::Section const& rule, Box const& box) {
  if (box.empty()) return;
  if (rule.cards.size() == 1) header.set(rule.cards[0], section(box));
  if (rule.cards.size() != 4) return;
  header.set(rule.cards[0], std::int64_t{box.x0 + 1});
  header.set(rule.cards[1], std::int64_t{box.x1() + 1});
  header.set(rule.cards[2], std::int64_t{box.y0 + 1});
  header.set(rule.cards[3], std::int64_t{box.y1() + 1});
}

class DeclaredFormat final : public RawFormat {
 public:
  DeclaredFormat(Instrument const& instrument, CameraTraits const& traits)
      : name_(instrument.name()),
        rules_(instrument.directory() / "camera.toml"),
        first_(traits.first_exposure),
        step_(traits.exposure_step),
        detector_key_(instrument.role("detector")),
        band_key_(instrument.role("band")) {
    for (char const* role : {"exposure", "visit"}) exposure_keys_.insert(instrument.role(role));
    exposure_keys_.insert({"exposure_id", "visit_id"});
    for (DataIdKey const& key : instrument.keys())
      if (key.name == band_key_) filters_ = key.values;
    for (std::string const& property : {band_key_, std::string("physical_filter")})
      if (CardRule const* rule = rules_.find(property); rule && filters_.empty())
        for (auto const& [card, meaning] : rule->map) filters_.push_back(meaning);
  }

  std::int64_t number(int sequence, double) const override {
    return first_ + std::int64_t{sequence - 1} * step_;
  }
  std::vector<std::string> filters() const override { return filters_; }

  RawFile describe(PlannedExposure const& exposure, Detector const& detector,
                   std::span<Channel const> channels) const override {
    RawFile file;
    file.name = name_ + "-" + padded(exposure.number, 8) + "-" + padded(detector.id, 3) + ".fits";
    file.hdus.emplace_back();
    place_channels(file, detector, channels);
    Header& primary = file.hdus.front().header;
    for (auto const& [card, value] : rules_.match()) primary.set(card, value);
    for (CardRule const& rule : rules_.cards())
      if (auto const value = property(rule.property, exposure, detector); value)
        write_card(primary, rule, *value);
    primary.set("SIMULATED", true, "This frame comes from a simulator");
    return file;
  }

 private:
  /// What a property of the header should read back as; none where the header need not say.
  std::optional<Value> property(std::string const& name, PlannedExposure const& e,
                                Detector const& detector) const {
    if (exposure_keys_.contains(name)) return Value(e.number);
    if (name == detector_key_ || name == "detector_num") return Value(std::int64_t{detector.id});
    if (name == band_key_ || name == "physical_filter") return Value(e.filter);
    if (name == "detector_name" || name == "detector_unique_name") return Value(detector.name);
    if (name == "detector_serial") return Value(detector.serial);
    if (name == "observation_type") return Value(std::string(type_word(e.type)));
    if (name == "exposure_time" || name == "dark_time") return Value(e.exposure_time_s);
    if (name == "begin") return Value(e.begin_mjd);
    if (name == "end") return Value(e.end_mjd());
    if (name == "ra") return Value(e.boresight.ra / radians_per_degree);
    if (name == "dec") return Value(e.boresight.dec / radians_per_degree);
    if (name == "boresight_rotation_angle") return Value(e.rotation_deg);
    if (name == "boresight_airmass") return Value(1.1);
    if (name == "object") return Value(e.object);
    return std::nullopt;
  }

  static void write_card(Header& header, CardRule const& rule, Value const& value) {
    header.set(rule.card, card_value(rule, value));
    if (auto const* mjd = std::get_if<double>(&value); mjd && !rule.second_card.empty())
      header.set(rule.second_card, iso_time(*mjd));
  }

  void place_channels(RawFile& file, Detector const& detector,
                      std::span<Channel const> channels) const {
    std::map<std::size_t, int> free_column;  // by HDU, for channels whose place nobody declared
    for (std::size_t k = 0; k < channels.size(); ++k) {
      Amplifier const& a = channels[k].amplifier;
      AmplifierFileRule const rule =
          rules_.amplifier(detector.id, detector.name, detector.vendor, a.name);
      std::size_t const number = hdu_of(file, rule);
      RawHdu& hdu = file.hdus[number];
      Pixel first{free_column[number], 0};
      // Sections that are the amplifier's own image begin at the same pixel as the HDU.
      if (rule.data) first = {rule.data->x - a.raw_data.x0, rule.data->y - a.raw_data.y0};
      free_column[number] = std::max(free_column[number], first.x + channels[k].width);
      hdu.places.push_back({k, first});
      hdu.width = std::max({hdu.width, rule.width, first.x + channels[k].width});
      hdu.height = std::max({hdu.height, rule.height, first.y + channels[k].height});
      set_section(hdu.header, rule.image,
                  {first.x, first.y, channels[k].width, channels[k].height});
      set_section(hdu.header, rule.data_cards, moved(a.raw_data, first));
      set_section(hdu.header, rule.prescan, moved(a.raw_prescan, first));
      set_section(hdu.header, rule.serial_overscan, moved(a.raw_serial_overscan, first));
      set_section(hdu.header, rule.parallel_overscan, moved(a.raw_parallel_overscan, first));
      set_section(hdu.header, rule.overscan, moved(a.raw_serial_overscan, first));
      if (!rule.gain.empty()) hdu.header.set(rule.gain, a.gain, "[electron/adu]");
      if (!rule.read_noise.empty()) hdu.header.set(rule.read_noise, a.read_noise, "[electron]");
      if (!rule.saturation.empty()) hdu.header.set(rule.saturation, a.saturation, "[adu]");
    }
  }

  static std::size_t hdu_of(RawFile& file, AmplifierFileRule const& rule) {
    if (auto const* name = std::get_if<std::string>(&rule.hdu)) {
      auto const found = std::ranges::find(file.hdus, *name, &RawHdu::extname);
      if (found != file.hdus.end()) return static_cast<std::size_t>(found - file.hdus.begin());
      file.hdus.emplace_back().extname = *name;
      return file.hdus.size() - 1;
    }
    auto const number = static_cast<std::size_t>(std::get<int>(rule.hdu));
    while (file.hdus.size() <= number)
      file.hdus.emplace_back().extname = "HDU" + std::to_string(file.hdus.size() - 1);
    return number;
  }

  std::string name_;
  CameraRules rules_;
  std::int64_t first_;
  int step_;
  std::set<std::string> exposure_keys_;
  std::string detector_key_;
  std::string band_key_;
  std::vector<std::string> filters_;
};

}  // namespace

std::unique_ptr<RawFormat const> declared_format(Instrument const& instrument,
                                                 CameraTraits const& traits) {
  return std::make_unique<DeclaredFormat>(instrument, traits);
}

}  // namespace simulate
