#include "instrument/camera.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "almagest/camera_geometry.hpp"
#include "instrument/raw_reader.hpp"

namespace almagest {
namespace {

/// The cards of a raw frame's own, rough WCS, with its alternates (CRVAL1A).
bool is_wcs_card(std::string_view name) {
  constexpr std::array<std::string_view, 12> stems{"CTYPE", "CRPIX", "CRVAL", "CDELT",
                                                   "CUNIT", "CROTA", "CD1_",  "CD2_",
                                                   "PC1_",  "PC2_",  "PV1_",  "PV2_"};
  constexpr std::array<std::string_view, 6> names{"WCSAXES",  "WCSNAME", "RADESYS",
                                                  "RADECSYS", "LONPOLE", "LATPOLE"};
  auto const digit_follows = [&](std::string_view stem) {
    return name.size() > stem.size() && name.starts_with(stem) && name[stem.size()] >= '0' &&
           name[stem.size()] <= '9';
  };
  return std::ranges::any_of(stems, digit_follows) ||
         std::ranges::any_of(names, [&](std::string_view n) {
           return name == n || (name.size() == n.size() + 1 && name.starts_with(n));
         });
}

/// The cards that a raw frame keeps; the first HDU that has a card wins.
Header metadata_of(std::vector<Header> const& headers, std::vector<int> const& hdus,
                   bool without_wcs) {
  Header metadata;
  metadata.set_origin(headers.front().origin());
  for (int const hdu : hdus) {
    if (std::cmp_greater_equal(hdu, headers.size())) continue;
    Header const before = metadata;
    for (Header::Card const& card : headers[static_cast<std::size_t>(hdu)].cards()) {
      if (without_wcs && is_wcs_card(card.name)) continue;
      if (!card.name.empty() && card.value && before.has(card.name)) continue;
      metadata.append(card);
    }
  }
  return metadata;
}

class DeclaredInstrument final : public Instrument {
 public:
  DeclaredInstrument(CameraFile file, std::filesystem::path directory)
      : file_(std::move(file)), directory_(std::move(directory)) {}

  std::string const& name() const override { return file_.name; }
  std::vector<DataIdKey> const& keys() const override { return file_.data_id.keys; }
  std::string role(std::string_view role) const override { return file_.data_id.role(role); }
  ExposureId exposure_id(DataId const& id) const override {
    return evaluate_exposure_id(file_.data_id, id);
  }
  std::vector<Detector> const& detectors() const override { return file_.camera.detectors; }
  std::filesystem::path const& directory() const override { return directory_; }
  ConfigValue const& constants() const override { return file_.constants; }

  ObservationInfo translate(std::span<Header const> headers) const override {
    if (file_.headers.empty()) return Instrument::translate(headers);
    return file_.headers.translate(headers);
  }
  bool recognises(std::span<Header const> headers) const override {
    return !file_.headers.empty() && file_.headers.recognises(headers);
  }

  RawExposure read_raw(std::filesystem::path const& path, DataId const& id) const override;

  Point field_angle(Point focal_plane_mm) const override {
    return distortion().field_angle(focal_plane_mm);
  }
  Point focal_plane(Point field_angle) const override {
    return distortion().focal_plane(field_angle);
  }
  std::optional<Wcs> initial_wcs(ObservationInfo const& observation,
                                 Detector const& detector) const override;

 private:
  Distortion const& distortion() const {
    if (!file_.optics.distortion)
      throw DataError("instrument '" + file_.name + "': camera.toml gives no plate scale");
    return *file_.optics.distortion;
  }
  std::size_t detector_index(DataId const& id, ObservationInfo const& observation) const;

  CameraFile file_;
  std::filesystem::path directory_;
};

std::size_t DeclaredInstrument::detector_index(DataId const& id,
                                               ObservationInfo const& observation) const {
  auto const& detectors = file_.camera.detectors;
  std::string const key = role("detector");
  Value const* value = key.empty() ? nullptr : id.find(key);
  if (!value && !key.empty()) value = observation.find(key);
  if (!value) value = observation.find("detector_num");
  if (!value && detectors.size() == 1) return 0;
  auto const found = std::ranges::find_if(detectors, [&](Detector const& detector) {
    if (!value) return false;
    auto const* number = std::get_if<std::int64_t>(value);
    auto const* text = std::get_if<std::string>(value);
    return (number && *number == detector.id) || (text && *text == detector.name);
  });
  if (found != detectors.end()) return static_cast<std::size_t>(found - detectors.begin());
  throw DataError("instrument '" + file_.name + "' has no detector " +
                  (value ? "'" + to_string(*value) + "'" : "for " + id.str()) + "; it has " +
                  std::to_string(detectors.size()) + " detectors");
}

RawExposure DeclaredInstrument::read_raw(std::filesystem::path const& path,
                                         DataId const& id) const {
  fits::Reader reader(path, file_.checksums);
  std::vector<Header> const headers = read_headers(reader);
  ObservationInfo const observation = translate(headers);
  RawExposure raw = read_raw_pixels(path, std::move(reader), file_.checksums, headers, file_.camera,
                                    detector_index(id, observation));
  raw.id = id;
  raw.visit_info = visit_info_of(observation, *this, id);
  raw.wcs = initial_wcs(observation, raw.detector);
  raw.metadata = metadata_of(headers, file_.metadata_hdus, raw.wcs.has_value());
  return raw;
}

std::optional<Wcs> DeclaredInstrument::initial_wcs(ObservationInfo const& observation,
                                                   Detector const& detector) const {
  auto const boresight = observation.boresight();
  double const rotation = observation.number("boresight_rotation_angle");
  if (!boresight || std::isnan(rotation) || !file_.optics.distortion || !(detector.pixel_mm > 0))
    return std::nullopt;
  double const turned = file_.optics.rotation_sign * rotation + file_.optics.rotation_offset_deg;
  return camera_wcs(*this, {*boresight, turned * radians_per_degree}, detector);
}

}  // namespace

std::shared_ptr<Instrument const> declared_instrument(CameraFile camera,
                                                      std::filesystem::path directory) {
  return std::make_shared<DeclaredInstrument>(std::move(camera), std::move(directory));
}

}  // namespace almagest
