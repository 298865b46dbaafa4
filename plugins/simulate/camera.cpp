#include "camera.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <set>
#include <utility>

#include "almagest/camera_geometry.hpp"
#include "almagest/error.hpp"
#include "almagest/raw_exposure.hpp"
#include "almagest/text.hpp"
#include "calendar.hpp"
#include "camera_calibrations.hpp"
#include "charge_repulsion.hpp"
#include "reference_shards.hpp"
#include "whole_directory.hpp"

namespace simulate {

using namespace almagest;
namespace fs = std::filesystem;

namespace {

/// Between the end of an exposure and the start of the next: reading, moving.
constexpr double overhead_s = 40.0;

double median_gain(Detector const& detector) {
  std::vector<double> gains;
  for (Amplifier const& amplifier : detector.amplifiers) gains.push_back(amplifier.gain);
  std::ranges::sort(gains);
  return gains[gains.size() / 2];
}

SkyPoint moved(SkyPoint from, double east, double north) {
  return {from.ra + east / std::max(std::cos(from.dec), 1e-6), from.dec + north};
}

std::unique_ptr<RawFormat const> format_of(Instrument const& instrument,
                                           CameraTraits const& traits) {
  switch (traits.raw) {
    case CameraTraits::Raw::hsc:
      return hsc_format(traits);
    case CameraTraits::Raw::rubin:
      return rubin_format(instrument.name(), traits);
    case CameraTraits::Raw::declared:
      break;
  }
  return declared_format(instrument, traits);
}

fits::Compression compression_of(std::string const& word) {
  if (word == "rice") return fits::Compression::rice;
  return word == "gzip" ? fits::Compression::gzip : fits::Compression::none;
}

Image<double> zeros_like(Image<double> const& image) {
  return Image<double>(image.bbox());
}

template <class T>
void refuse_repeated(std::vector<T> const& values, std::string const& parameter) {
  if (std::set<T>(values.begin(), values.end()).size() != values.size())
    throw ConfigError("parameter '" + parameter + "' names something twice");
}

/// The data ID that a file's headers give.
DataId id_of(Instrument const& instrument, RawFile const& file) {
  ObservationInfo const info = instrument.translate(headers_of(file));
  DataId id;
  for (DataIdKey const& key : instrument.keys())
    if (Value const* value = info.find(key.name)) id.set(key.name, *value);
  return id;
}

/// The camera's own reading of a file must find the channels where they were put.
void check_reading(Instrument const& instrument, fs::path const& path, RawFile const& file,
                   std::vector<Channel> const& channels) {
  try {
    RawExposure const raw = instrument.read_raw(path, id_of(instrument, file));
    bool same = raw.channels.size() == channels.size();
    for (std::size_t k = 0; same && k < channels.size(); ++k) {
      Amplifier const& read = raw.amplifier(k);
      Amplifier const& made = channels[k].amplifier;
      same = read.raw_data.width == made.raw_data.width &&
             read.raw_data.height == made.raw_data.height &&
             read.raw_serial_overscan.width == made.raw_serial_overscan.width;
    }
    if (!same)
      throw ConfigError("camera '" + instrument.name() +
                        "' reads other sections from the simulated file " +
                        path.filename().string() + " than were put there");
  } catch (NotImplementedError const&) {
    return;  // a camera that cannot read its files
  } catch (DataError const& error) {
    throw ConfigError("camera '" + instrument.name() +
                      "' cannot read the file that was simulated for it: " + error.what());
  }
}

}  // namespace

struct Camera::Setup {
  Instrument const& instrument;
  std::uint64_t seed;
  CameraTraits traits;
  Effects effects;
  std::unique_ptr<RawFormat const> format;
  std::vector<Detector const*> detectors;
  std::vector<std::string> filters;
  double start_mjd = 0.0;
  std::vector<PlannedExposure> exposures;

  bool has_fringes(std::string const& filter) const {
    return std::ranges::find(traits.fringe_filters, filter) != traits.fringe_filters.end();
  }
  bool any_fringes() const {
    return effects.has(Effect::fringe) &&
           std::ranges::any_of(filters, [&](auto const& filter) { return has_fringes(filter); });
  }
};

Effects Camera::chosen_effects() const {
  Effects chosen;
  for (std::string const& name : *effects) chosen.set(effect_of_name(name));
  for (std::string const& name : *with) chosen.set(effect_of_name(name));
  for (std::string const& name : *without) chosen.set(effect_of_name(name), false);
  return chosen;
}

Camera::Setup Camera::set_up(Request const& request) const {
  if (!request.instrument)
    throw ConfigError("simulator 'camera' wants a camera: almagest simulate CAMERA OUT");
  Instrument const& instrument = *request.instrument;
  Setup setup{.instrument = instrument,
              .seed = request.seed,
              .traits = traits_of(instrument.name()),
              .effects = chosen_effects(),
              .format = nullptr,
              .detectors = {},
              .filters = *filters,
              .exposures = {}};
  if (*first_exposure > 0) setup.traits.first_exposure = *first_exposure;
  if (!fringe_filters->empty()) setup.traits.fringe_filters = *fringe_filters;
  setup.format = format_of(instrument, setup.traits);

  refuse_repeated(*detectors, "detectors");
  refuse_repeated(*filters, "filters");
  std::vector<int> ids = detectors->empty() ? setup.traits.detectors : *detectors;
  if (ids.empty() && !instrument.detectors().empty()) ids = {instrument.detectors().front().id};
  for (int const id : ids) setup.detectors.push_back(&instrument.detector(id));
  if (setup.detectors.empty())
    throw ConfigError("camera '" + instrument.name() + "' declares no detectors");
  for (Detector const* detector : setup.detectors)
    if (!(detector->pixel_mm > 0.0) || detector->box.empty())
      throw ConfigError("camera '" + instrument.name() + "': detector " + detector->name +
                        " has no size or no pixel size; frames cannot be made of it");

  if (setup.filters.empty()) setup.filters = setup.traits.filters;
  if (setup.filters.empty())
    if (auto const known = setup.format->filters(); !known.empty()) setup.filters = {known[0]};
  if (setup.filters.empty() && *flat_exposures + *science_exposures > 0)
    throw ConfigError("camera '" + instrument.name() +
                      "' does not say which filters it has; give parameter 'filters'");
  if (pointing->size() != 0 && pointing->size() != 2)
    throw ConfigError("parameter 'pointing' wants a right ascension and a declination");
  if (pointing->size() == 2 && std::abs((*pointing)[1]) > 89.0)
    throw ConfigError("parameter 'pointing' is too near to a pole");
  setup.start_mjd = mjd_of(date->empty() ? setup.traits.date : *date);
  setup.exposures = plan(setup);
  return setup;
}

void Camera::aim(PlannedExposure& e, Setup const& setup, int step) const {
  bool const given = pointing->size() == 2;
  SkyPoint const centre{(given ? (*pointing)[0] : setup.traits.ra_deg) * radians_per_degree,
                        (given ? (*pointing)[1] : setup.traits.dec_deg) * radians_per_degree};
  // Steps turn by the golden angle, so that no two are alike.
  double const angle = step * std::numbers::pi * (3.0 - std::sqrt(5.0));
  double const reach = step == 0 ? 0.0 : *dither * radians_per_arcsec;
  e.boresight = moved(centre, reach * std::cos(angle), reach * std::sin(angle));
  e.rotation_deg = *rotation > 360.0 ? setup.traits.rotation_deg : *rotation;
  e.true_boresight = e.boresight;
  e.true_rotation_deg = e.rotation_deg;
  if (!setup.effects.has(Effect::pointing_error)) return;
  Random random(setup.seed, "pointing " + std::to_string(e.number));
  double const size = *pointing_error * random.uniform(0.6, 1.5) * radians_per_arcsec;
  double const towards = random.uniform(0.0, 2.0 * std::numbers::pi);
  e.true_boresight = moved(e.boresight, size * std::cos(towards), size * std::sin(towards));
  e.true_rotation_deg += *rotation_error * (random.uniform() < 0.5 ? -1.0 : 1.0);
}

std::vector<PlannedExposure> Camera::plan(Setup const& setup) const {
  using Type = PlannedExposure::Type;
  std::vector<PlannedExposure> exposures;
  double begin = setup.start_mjd;
  auto const add = [&](Type type, std::string const& filter, double time,
                       std::string const& name) -> PlannedExposure& {
    PlannedExposure e;
    e.type = type;
    e.sequence = static_cast<int>(exposures.size()) + 1;
    e.begin_mjd = begin;
    e.number = setup.format->number(e.sequence, begin);
    e.filter = filter;
    e.exposure_time_s = time;
    e.object = name;
    aim(e, setup, 0);
    begin += (time + overhead_s) / 86400.0;
    return exposures.emplace_back(std::move(e));
  };
  std::string const closed = setup.filters.empty() ? "" : setup.filters.front();
  for (int i = 0; i < *bias_exposures; ++i) add(Type::bias, closed, 0.0, "BIAS");
  for (int i = 0; i < *dark_exposures; ++i) add(Type::dark, closed, *dark_time, "DARK");
  for (std::string const& filter : setup.filters) {
    for (int i = 0; i < *flat_exposures; ++i) {
      PlannedExposure& e = add(Type::flat, filter, *flat_time, "DOMEFLAT");
      Random random(setup.seed, "lamp " + std::to_string(e.number));
      if (!flat_levels->empty())
        e.flat_level = (*flat_levels)[static_cast<std::size_t>(i) % flat_levels->size()];
      e.flat_level *= std::max(1.0 + *flat_scatter * random.normal(), 0.1);
    }
    for (int i = 0; i < *science_exposures; ++i)
      aim(add(Type::science, filter, *exposure_time, *object), setup, i);
  }
  return exposures;
}

SceneSettings Camera::scene_settings(Setup const& setup, std::string const& filter) const {
  std::size_t const band = band_index(band_of_filter(filter));
  SceneSettings s;
  s.effects = setup.effects;
  s.zero_point = setup.traits.zero_point[band];
  s.sky_magnitude = *sky > 0.0 ? *sky : setup.traits.sky[band];
  s.seeing_arcsec = *seeing;
  s.ellipticity = *ellipticity;
  s.vignetted_deg = setup.traits.vignetted_deg;
  s.fringe_amplitude = setup.has_fringes(filter) ? *fringe_amplitude : 0.0;
  return s;
}

SiliconSettings Camera::silicon_settings(Setup const& setup, Detector const& detector,
                                         std::vector<Channel> const& channels) const {
  constexpr double seconds_per_hour = 3600.0;
  constexpr double usual_full_well = 150'000.0;  // of HSC's CCDs (ISR document 6.10)
  // Charge beyond the level from which the camera calls a pixel saturated [adu].
  constexpr double above_saturation = 500.0;
  SiliconSettings s;
  s.effects = setup.effects;
  s.dark_rate =
      (*dark_current < 0.0 ? setup.traits.dark_current : *dark_current) / seconds_per_hour;
  s.pixel_um = detector.pixel_mm * 1000.0;
  s.silicon_um = setup.traits.silicon_um;
  s.repulsion = declared_repulsion(setup.instrument).value_or(usual_repulsion());
  if (!setup.effects.has(Effect::brighter_fatter)) s.repulsion = zeros_like(s.repulsion);
  for (Channel const& channel : channels) {
    Amplifier const& a = channel.amplifier;
    InverseLinearity const answer(
        setup.effects.has(Effect::nonlinearity) ? a.linearity : Linearity{}, setup.traits.largest);
    double const well = std::isfinite(a.saturation)
                            ? a.gain * answer.true_signal(a.saturation + above_saturation)
                            : usual_full_well;
    s.full_wells.emplace_back(a.box, well);
  }
  return s;
}

Electronics Camera::electronics(Setup const& setup, Detector const& detector,
                                std::vector<Channel> const& channels) const {
  CameraTraits const& traits = setup.traits;
  Electronics e;
  e.effects = setup.effects;
  e.largest = traits.largest;
  e.crosstalk_first = traits.crosstalk_first;
  e.crosstalk_in_electrons = traits.crosstalk_in_electrons;
  std::uint64_t const own = stream_seed(setup.seed, "electronics " + std::to_string(detector.id));
  e.crosstalk =
      declared_crosstalk(setup.instrument, detector).value_or(usual_crosstalk(detector, own));
  if (!setup.effects.has(Effect::crosstalk)) {
    e.crosstalk.linear = zeros_like(e.crosstalk.linear);
    e.crosstalk.quadratic = {};
  }
  Random random(own, "bias");
  for (std::size_t k = 0; k < channels.size(); ++k) {
    Amplifier const& a = channels[k].amplifier;
    double const usual_noise = traits.read_noise > 0.0 ? traits.read_noise : a.read_noise;
    e.read_noise.push_back(*read_noise > 0.0 ? *read_noise : usual_noise);
    e.bias.push_back(traits.bias[k % traits.bias.size()] + traits.bias_scatter * random.normal());
    auto const further = [&](char const* name, double absent) {
      auto const found = a.further.find(name);
      return found == a.further.end() ? absent : found->second;
    };
    e.deferred.push_back(
        {further("cti", *cti < 0.0 ? traits.cti : *cti), further("cti_release", *cti_release),
         further("drift_scale", *drift_scale), further("drift_length", *drift_length)});
  }
  return e;
}

std::vector<SkySource> Camera::make_sky(Setup const& setup) const {
  std::vector<SkyCircle> regions;
  for (PlannedExposure const& e : setup.exposures) {
    if (e.type != PlannedExposure::Type::science) continue;
    Pointing const truth{e.true_boresight, e.true_rotation_deg * radians_per_degree};
    for (Detector const* detector : setup.detectors) {
      SkyCircle region;
      region.centre = pixel_to_sky(setup.instrument, truth, *detector, centre_of(detector->box));
      SkyPoint const corner = pixel_to_sky(setup.instrument, truth, *detector,
                                           {double(detector->box.x0), double(detector->box.y0)});
      // Bright stars shine from outside.
      constexpr double margin = 60.0 * radians_per_arcsec;
      region.radius = separation(region.centre, corner) + margin;
      regions.push_back(region);
    }
  }
  if (regions.empty()) return {};
  if (!reference_catalog->empty())
    return sky_of_shards(*reference_catalog, *position_catalog, regions, setup.seed);
  if (*brightest >= *faintest) throw ConfigError("parameter 'brightest' is not above 'faintest'");
  return synthetic_sky(
      regions,
      {.stars = *stars, .galaxies = *galaxies, .brightest = *brightest, .faintest = *faintest},
      setup.seed);
}

void Camera::write_detector(fs::path const& root, Setup const& setup, Detector const& detector,
                            std::vector<SkySource> const& sources, std::vector<TruthRow>& truth,
                            Log& log) const {
  PatternSettings pattern_settings;
  pattern_settings.effects = setup.effects;
  pattern_settings.bad_columns = static_cast<int>(*bad_columns);
  pattern_settings.known_defects =
      declared_defects(setup.instrument, detector, iso_date(setup.start_mjd))
          .value_or(std::vector<Box>());
  pattern_settings.fringes = setup.any_fringes();
  DetectorPattern const pattern = make_pattern(detector, pattern_settings, setup.seed);

  std::vector<Channel> const channels = setup.format->channels(detector);
  Electronics const electronics_here = electronics(setup, detector, channels);
  SiliconSettings silicon = silicon_settings(setup, detector, channels);
  write_calibrations(root / "calib", setup, detector, pattern, electronics_here, silicon);
  std::string const of_detector = "detector " + std::to_string(detector.id);
  Readout const readout(channels, electronics_here,
                        stream_seed(setup.seed, of_detector + " columns"));
  double const area_cm2 =
      static_cast<double>(detector.box.area()) * detector.pixel_mm * detector.pixel_mm / 100.0;
  std::map<std::string, DetectorScene> scenes;
  for (std::string const& filter : setup.filters)
    scenes.try_emplace(filter, setup.instrument, detector, pattern, scene_settings(setup, filter));
  bool checked = false;
  for (PlannedExposure exposure : setup.exposures) {
    exposure.flat_level *= median_gain(detector);
    std::vector<SeenSource> seen;
    Image<float> light(detector.box);
    if (exposure.type == PlannedExposure::Type::flat ||
        exposure.type == PlannedExposure::Type::science)
      light = scenes.at(exposure.filter).light(exposure, sources, setup.seed, seen);
    silicon.cosmic_ray_count = *cosmic_rays * area_cm2 * exposure.exposure_time_s;
    std::string const name = of_detector + " exposure " + std::to_string(exposure.number);
    ExposureCharge const charge =
        collect_charge(std::move(light), pattern, silicon, exposure.exposure_time_s,
                       stream_seed(setup.seed, name + " charge"));
    auto const numbers =
        readout.read(charge.electrons, stream_seed(setup.seed, name + " read-out"));

    RawFile file = setup.format->describe(exposure, detector, channels);
    add_cards(file, *cards, exposure, detector);
    check_translation(setup.instrument, file, exposure, detector);
    fs::path const path = root / "raw" / file.name;
    write_raw(path, file, numbers, compression_of(*compression));
    if (!std::exchange(checked, true)) check_reading(setup.instrument, path, file, channels);
    for (SeenSource const& source : seen)
      truth.push_back({exposure.number, detector.id, exposure.filter, source});
    if (*truth_images && exposure.type == PlannedExposure::Type::science)
      write_truth_image(root / "truth" / file.name, exposure, detector.id, charge,
                        electronics_here.read_noise.front());
    log.info(file.name + ": " + std::string(type_word(exposure.type)) +
             (seen.empty() ? "" : ", " + std::to_string(seen.size()) + " objects"));
  }
}

void Camera::write_calibrations(fs::path const& directory, Setup const& setup,
                                Detector const& detector, DetectorPattern const& pattern,
                                Electronics const& electronics_here,
                                SiliconSettings const& silicon) const {
  // From the day before the first exposure, whatever the time scale says of midnight.
  constexpr double some_years = 3650.0;
  CalibrationValidity const validity{setup.instrument.role("detector"), detector.id,
                                     iso_date(setup.start_mjd - 1.0),
                                     iso_date(setup.start_mjd + some_years)};
  std::string const number = std::to_string(detector.id);
  std::string const ending =
      "-" + std::string(3 - std::min<std::size_t>(number.size(), 3), '0') + number + ".fits";
  // All of them always: what is left out shows as nothing, so that correcting for it does nothing.
  write_defects(directory / ("defects" + ending), pattern.defects, validity);
  write_crosstalk(directory / ("crosstalk" + ending), electronics_here.crosstalk, validity);
  write_brighter_fatter_kernel(directory / ("bf_kernel" + ending), silicon.repulsion, validity);
  write_linearity(directory / ("linearity" + ending), detector,
                  setup.effects.has(Effect::nonlinearity), validity);
  write_deferred_charge(directory / ("deferred_charge" + ending), detector, electronics_here,
                        validity);
}

void Camera::write_references(fs::path const& directory, Setup const& setup,
                              std::vector<SkySource> const& sources) const {
  std::vector<ReferenceStar> stars_seen;
  for (SkySource const& source : sources)
    if (!source.galaxy)
      stars_seen.push_back(
          {source.id, source.position, {source.magnitude.begin(), source.magnitude.end()}});
  std::vector<std::string> bands;
  for (char const band : sky_bands) bands.emplace_back(1, band);
  write_reference_shards(directory, stars_seen, bands, band_index('r'),
                         {.depth = *reference_depth,
                          .position_error = *reference_position_error,
                          .flux_error = *reference_flux_error,
                          .proper_motion = *proper_motion,
                          .observed_mjd = setup.start_mjd},
                         setup.seed);
}

void Camera::write_all(fs::path const& root, Setup const& setup, Log& log) const {
  for (char const* folder : {"raw", "calib"}) fs::create_directories(root / folder);
  if (*truth_images) fs::create_directories(root / "truth");
  std::vector<SkySource> const sources = make_sky(setup);
  std::vector<TruthRow> truth;
  for (Detector const* detector : setup.detectors)
    write_detector(root, setup, *detector, sources, truth, log);
  write_camera_truth_csv(root / "truth.csv", truth);
  write_camera_truth_fits(root / "truth.fits", truth);
  if (reference_catalog->empty() && !sources.empty())
    write_references(root / "ref_cats/simulated", setup, sources);
}

void Camera::write(Request const& request, Log& log) const {
  Setup const setup = set_up(request);
  write_whole_directory(request.directory,
                        [&](fs::path const& root) { write_all(root, setup, log); });
}

}  // namespace simulate
