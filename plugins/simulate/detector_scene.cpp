#include "detector_scene.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

#include "ccd.hpp"
#include "charge_repulsion.hpp"
#include "fast_random.hpp"

namespace simulate {

using namespace almagest;

namespace {

/// Light that is fainter than this per pixel is not drawn [electron].
constexpr double faintest_light = 0.005;
/// Sources with their centre so far outside are still in the truth [pixel].
constexpr int truth_margin = 20;

/// HSC's throughput off axis, from the model of its pupil (ISR document 6.5), with angles in units
/// of the one where two thirds arrive (0.75 degrees).
double vignetting_curve(double angle) {
  constexpr std::array<double, 6> values{1.0, 0.981, 0.908, 0.83, 0.753, 0.676};
  double const place = std::max(angle, 0.0) * 5.0;
  auto const i = std::min(static_cast<std::size_t>(place), values.size() - 2);
  return std::max(values[i] + (values[i + 1] - values[i]) * (place - static_cast<double>(i)), 0.1);
}

/// The part of an image that a mixture of Gaussians takes, added to it.
void add_mixture(Image<float>& image, Mixture const& mixture, double flux, Point centre) {
  Box const box = intersection(extent(mixture, flux, centre, faintest_light), image.bbox());
  if (box.empty()) return;
  Image<double> stamp(box);
  add(stamp, mixture, flux, centre, faintest_light);
  for (int y = box.y0; y <= box.y1(); ++y)
    for (int x = box.x0; x <= box.x1(); ++x)
      image.at({x, y}) += static_cast<float>(stamp.at({x, y}));
}

}  // namespace

/// How the PSF changes over the field and from exposure to exposure.
class DetectorScene::PsfField {
 public:
  PsfField(SceneSettings const& settings, std::uint64_t seed, std::int64_t exposure)
      : seeing_(settings.seeing_arcsec), field_(settings.vignetted_deg) {
    Random random(seed, "psf " + std::to_string(exposure));
    seeing_ *= random.uniform(0.95, 1.05);
    double const angle = random.uniform(0.0, 2.0 * std::numbers::pi);
    double const e = settings.ellipticity * random.uniform(0.67, 1.5);
    constant_ = {e * std::cos(angle), e * std::sin(angle)};
    for (double& slope : slopes_) slope = 0.5 * settings.ellipticity * random.uniform(-1.0, 1.0);
  }
  /// \param axis  degrees off axis \param scale  of a pixel [arcsec]
  Moffat at(Point axis, double scale) const {
    double const u = axis.x / field_;
    double const v = axis.y / field_;
    double const fwhm = seeing_ * (1.0 + 0.1 * std::min(u * u + v * v, 1.0));
    return Moffat::of(fwhm / scale, constant_.x + slopes_[0] * u + slopes_[1] * v,
                      constant_.y + slopes_[2] * u + slopes_[3] * v);
  }

 private:
  double seeing_;
  double field_;
  Point constant_;
  std::array<double, 4> slopes_{};
};

DetectorScene::DetectorScene(Instrument const& instrument, Detector const& detector,
                             DetectorPattern const& pattern, SceneSettings settings)
    : instrument_(instrument),
      detector_(detector),
      pattern_(pattern),
      settings_(std::move(settings)),
      axis_area_([&] {
        // Two directions of one pixel on the optical axis.
        Point const x = instrument.field_angle({0.5 * detector.pixel_mm, 0.0});
        Point const y = instrument.field_angle({0.0, 0.5 * detector.pixel_mm});
        Point const x0 = instrument.field_angle({-0.5 * detector.pixel_mm, 0.0});
        Point const y0 = instrument.field_angle({0.0, -0.5 * detector.pixel_mm});
        return std::abs((x.x - x0.x) * (y.y - y0.y) - (x.y - x0.y) * (y.x - y0.x));
      }()),
      scale_arcsec_(std::sqrt(axis_area_) / radians_per_arcsec),
      vignetting_(detector.box, [this](Point pixel) { return vignetting(pixel); }),
      area_(detector.box, [this](Point pixel) { return pixel_area(pixel) / axis_area_; }) {}

Point DetectorScene::axis_degrees(Point pixel) const {
  Point const angle = instrument_.field_angle(focal_plane_position(detector_, pixel));
  return {angle.x / radians_per_degree, angle.y / radians_per_degree};
}

double DetectorScene::vignetting(Point pixel) const {
  if (!settings_.effects.has(Effect::vignetting)) return 1.0;
  Point const axis = axis_degrees(pixel);
  return vignetting_curve(std::hypot(axis.x, axis.y) / settings_.vignetted_deg);
}

double DetectorScene::pixel_area(Point pixel) const {
  constexpr double half = 8.0;  // of the side of a square whose area is taken [pixel]
  auto const at = [&](double dx, double dy) {
    return instrument_.field_angle(focal_plane_position(detector_, {pixel.x + dx, pixel.y + dy}));
  };
  Point const left = at(-half, 0), right = at(half, 0), low = at(0, -half), high = at(0, half);
  double const cross =
      (right.x - left.x) * (high.y - low.y) - (right.y - left.y) * (high.x - low.x);
  return std::abs(cross) / (4.0 * half * half);
}

double DetectorScene::sky_rate() const noexcept {
  if (std::isnan(settings_.sky_magnitude)) return 0.0;
  return std::pow(10.0, 0.4 * (settings_.zero_point - settings_.sky_magnitude)) * scale_arcsec_ *
         scale_arcsec_;
}

void DetectorScene::draw_sources(Image<float>& image, PlannedExposure const& exposure,
                                 std::vector<SkySource> const& sources, PsfField const& psf,
                                 std::vector<SeenSource>& seen) const {
  Pointing const pointing{exposure.true_boresight, exposure.true_rotation_deg * radians_per_degree};
  std::size_t const band = band_index(band_of_filter(exposure.filter));
  // No star is so bright that its light is drawn farther from it [pixel].
  constexpr int farthest = 2000;
  Box const reach = detector_.box.grown(farthest);
  SkyPoint const centre = pixel_to_sky(instrument_, pointing, detector_, centre_of(detector_.box));
  SkyPoint const corner = pixel_to_sky(instrument_, pointing, detector_,
                                       {double(detector_.box.x0), double(detector_.box.y0)});
  double const radius = separation(centre, corner) + farthest * scale_arcsec_ * radians_per_arcsec;
  for (SkySource const& source : sources) {
    if (separation(source.position, centre) > radius) continue;
    SeenSource view;
    view.source = &source;
    view.magnitude = source.magnitude[band];
    view.pixel = sky_to_pixel(instrument_, pointing, detector_, source.position);
    if (!reach.contains(nearest_pixel(view.pixel))) continue;
    view.flux =
        exposure.exposure_time_s * std::pow(10.0, 0.4 * (settings_.zero_point - view.magnitude));
    view.throughput = vignetting_.at(view.pixel);
    double const scale = scale_arcsec_ * std::sqrt(area_.at(view.pixel));
    Moffat const point = psf.at(axis_degrees(view.pixel), scale);
    if (source.galaxy) {
      Mixture disc = exponential_disc(source.half_light_radius_arcsec / scale, source.axis_ratio,
                                      source.angle);
      // Sampled in the middle of pixels: a pixel's own width is added.
      for (Gaussian& g : disc) {
        g.xx += 1.0 / 12.0;
        g.yy += 1.0 / 12.0;
      }
      add_mixture(image, convolve(disc, point.mixture()), view.flux, view.pixel);
    } else {
      add_star(image, point, view.flux, view.pixel, faintest_light);
    }
    if (detector_.box.grown(truth_margin).contains(nearest_pixel(view.pixel))) seen.push_back(view);
  }
}

Image<float> DetectorScene::light(PlannedExposure const& exposure,
                                  std::vector<SkySource> const& sources, std::uint64_t seed,
                                  std::vector<SeenSource>& seen) const {
  Image<float> image(detector_.box);
  double level = 0.0;  // [electron], on axis
  if (exposure.type == PlannedExposure::Type::science) {
    PsfField const psf(settings_, seed, exposure.number);
    draw_sources(image, exposure, sources, psf, seen);
    level = sky_rate() * exposure.exposure_time_s;
  } else if (exposure.type == PlannedExposure::Type::flat) {
    level = exposure.flat_level;
  } else {
    return image;
  }
  Effects const& effects = settings_.effects;
  bool const is_science = exposure.type == PlannedExposure::Type::science;
  Random random(seed, "sky " + std::to_string(exposure.number));
  double const towards = random.uniform(0.0, 2.0 * std::numbers::pi);
  double const steepness = is_science && effects.has(Effect::sky_gradient) ? 0.03 : 0.0;
  double const fringe = is_science && effects.has(Effect::fringe) && !pattern_.fringes.empty()
                            ? settings_.fringe_amplitude * level
                            : 0.0;
  FieldMap const background(detector_.box, [&](Point pixel) {
    Point const axis = axis_degrees(pixel);
    double const along =
        (axis.x * std::cos(towards) + axis.y * std::sin(towards)) / settings_.vignetted_deg;
    double const area = effects.has(Effect::pixel_area) ? area_.at(pixel) : 1.0;
    return level * area * (1.0 + steepness * along);
  });
  std::vector<float> sky(static_cast<std::size_t>(image.width()));
  std::vector<float> dimming(sky.size());
  for (int y = 0; y < image.height(); ++y) {
    background.row(detector_.box.y0 + y, sky);
    vignetting_.row(detector_.box.y0 + y, dimming);
    auto const row = image.row(y);
    auto const response = pattern_.response.row(y);
    for (std::size_t x = 0; x < row.size(); ++x) row[x] += sky[x];
    if (fringe != 0.0) {
      auto const fringes = pattern_.fringes.row(y);
      for (std::size_t x = 0; x < row.size(); ++x)
        row[x] += static_cast<float>(fringe) * fringes[x];
    }
    for (std::size_t x = 0; x < row.size(); ++x) row[x] *= dimming[x] * response[x];
  }
  return image;
}

namespace {

void overflow(Image<float>& electrons, SiliconSettings const& settings) {
  auto const well_of = [&](int x, int y) {
    for (auto const& [box, well] : settings.full_wells)
      if (box.contains(x, y)) return well;
    return 1e300;
  };
  double smallest = 1e300;
  for (auto const& [box, well] : settings.full_wells) smallest = std::min(smallest, well);
  std::vector<bool> full(static_cast<std::size_t>(electrons.width()), false);
  for (int y = 0; y < electrons.height(); ++y) {
    auto const row = std::as_const(electrons).row(y);
    for (std::size_t x = 0; x < row.size(); ++x)
      if (static_cast<double>(row[x]) > smallest) full[x] = true;
  }
  std::vector<double> column(static_cast<std::size_t>(electrons.height()));
  std::vector<double> wells(column.size());
  for (int x = 0; x < electrons.width(); ++x) {
    if (!full[static_cast<std::size_t>(x)]) continue;
    for (std::size_t y = 0; y < column.size(); ++y) {
      column[y] = static_cast<double>(electrons(x, static_cast<int>(y)));
      wells[y] = well_of(electrons.bbox().x0 + x, electrons.bbox().y0 + static_cast<int>(y));
    }
    if (!bleed_column(column, wells)) continue;
    for (std::size_t y = 0; y < column.size(); ++y)
      electrons(x, static_cast<int>(y)) = static_cast<float>(column[y]);
  }
}

}  // namespace

ExposureCharge collect_charge(Image<float> light, DetectorPattern const& pattern,
                              SiliconSettings const& settings, double exposure_time_s,
                              std::uint64_t stream) {
  Effects const& effects = settings.effects;
  ExposureCharge result;
  if (effects.has(Effect::dark) && settings.dark_rate > 0.0) {
    auto const dark = static_cast<float>(settings.dark_rate * exposure_time_s);
    for (float& value : light.pixels()) value += dark;
  }
  for (DetectorPattern::HotPixel const& hot : pattern.hot_pixels)
    light.at(hot.pixel) += static_cast<float>(hot.rate * exposure_time_s);
  result.expected = std::move(light);
  result.electrons = result.expected;
  if (effects.has(Effect::noise))
    for (int y = 0; y < result.electrons.height(); ++y) {
      FastRandom random(stream, static_cast<std::uint64_t>(y));
      for (float& value : result.electrons.row(y))
        if (value > 0.0F) value = static_cast<float>(random.poisson(static_cast<double>(value)));
    }
  if (effects.has(Effect::cosmic_rays) && settings.cosmic_ray_count > 0.0) {
    result.cosmic_rays = Image<float>(result.electrons.bbox());
    Random random(stream, "cosmic rays");
    for (CosmicRayHit const& hit : cosmic_rays(result.electrons.bbox(), settings.cosmic_ray_count,
                                               settings.pixel_um, settings.silicon_um, random)) {
      result.electrons.at(hit.pixel) += static_cast<float>(hit.charge);
      result.cosmic_rays.at(hit.pixel) += static_cast<float>(hit.charge);
    }
  }
  if (effects.has(Effect::brighter_fatter) && !settings.repulsion.empty())
    push_charge(result.electrons, settings.repulsion);
  if (effects.has(Effect::saturation)) overflow(result.electrons, settings);
  return result;
}

}  // namespace simulate
