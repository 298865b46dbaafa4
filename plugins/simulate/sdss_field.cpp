#include "sdss_field.hpp"

#include <cmath>
#include <set>
#include <string>
#include <utility>

#include "almagest/error.hpp"
#include "almagest/text.hpp"
#include "ccd.hpp"
#include "reference_shards.hpp"
#include "registry.hpp"
#include "signal_to_noise.hpp"
#include "star_layout.hpp"
#include "whole_directory.hpp"

namespace simulate {

using namespace almagest;
namespace fs = std::filesystem;

namespace {

constexpr int pedestal = 1000;
/// Light below this is not drawn [adu per pixel]; the noise is some thousand times larger.
constexpr double faintest_light = 1e-3;

std::string padded(std::int64_t value, std::size_t digits) {
  std::string const text = std::to_string(value);
  return std::string(digits > text.size() ? digits - text.size() : 0, '0') + text;
}

/// An object as a filter's frame sees it, flux 1.
Mixture profile(SkyObject const& object, Point position, FieldPsfModel const& psf) {
  Mixture const point = psf.at(position);
  if (object.type == SkyObject::Type::star) return point;
  return convolve(exponential_disc(object.half_light_radius, object.axis_ratio, object.angle),
                  point);
}

void add_image(Image<double>& to, Image<double> const& from) {
  Box const box = intersection(to.bbox(), from.bbox());
  for (int y = box.y0; y < box.y0 + box.height; ++y)
    for (int x = box.x0; x < box.x0 + box.width; ++x) to.at({x, y}) += from.at({x, y});
}

struct FilterView {
  CcdFrame frame;
  std::vector<Appearance> appearances;
};

void mark_saturated(std::vector<Appearance>& appearances, Defects const& defects, int width) {
  std::set<std::int64_t> full;
  for (Span const& span : defects.saturated)
    for (int x = span.x0; x <= span.x1; ++x) full.insert(std::int64_t{span.y} * width + x);
  for (Appearance& seen : appearances) {
    Pixel const pixel = nearest_pixel(seen.position);
    seen.saturated =
        pixel.x >= 0 && pixel.x < width && full.contains(std::int64_t{pixel.y} * width + pixel.x);
  }
}

FilterView observe(FieldDescription const& field, std::size_t filter,
                   std::vector<SkyObject> const& objects, CcdSettings const& settings,
                   Random& random) {
  FilterProperties const& properties = filter_table[filter];
  double const zero_flux = std::pow(10.0, -0.4 * properties.zero_point) * exposure_time_s;
  Image<double> light(field.width, field.height);
  for (double& value : light.pixels()) value = field.sky[filter];

  FilterView view;
  for (SkyObject const& object : objects) {
    Appearance seen;
    seen.position = field.geometry[filter].pixel(object.mu_nu);
    seen.flux = zero_flux * std::pow(10.0, -0.4 * object.magnitude[filter]);
    Mixture const shape = profile(object, seen.position, field.psf[filter]);
    Image<double> stamp(extent(shape, seen.flux, seen.position, faintest_light));
    add(stamp, shape, seen.flux, seen.position, faintest_light);
    seen.signal_to_noise = signal_to_noise(stamp, field.sky[filter], properties);
    add_image(light, stamp);
    view.appearances.push_back(seen);
  }
  view.frame = expose(std::move(light), settings, random);
  mark_saturated(view.appearances, view.frame.defects, field.width);
  return view;
}

}  // namespace

FieldDescription SdssField::describe(std::uint64_t seed) const {
  FieldDescription description;
  description.run = *run;
  description.rerun = *rerun;
  description.camcol = *camcol;
  description.field = *field;
  description.width = static_cast<int>(*width);
  description.height = static_cast<int>(*height);
  description.mjd = 52000.25;
  description.airmass = 1.15;

  // A scan of the survey's northern stripes: any place does, an inclined circle tests more.
  constexpr double node = 95.0;
  constexpr double inclination = 12.5;
  constexpr double mu_centre = 187.3;
  constexpr double nu_centre = 0.11;
  for (std::size_t filter = 0; filter < filter_count; ++filter) {
    std::string const name(filter_table[filter].name);
    Random astrometry(seed, "astrometry " + name);
    ScanGeometry geometry =
        ScanGeometry::make(mu_centre, nu_centre, description.width, description.height, astrometry);
    geometry.node = node;
    geometry.inclination = inclination;
    description.geometry[filter] = geometry;
    Random psf(seed, "psf " + name);
    description.psf[filter] = FieldPsfModel::make(*fwhm * filter_table[filter].seeing,
                                                  description.width, description.height, psf);
    description.sky[filter] = *sky_scale * filter_table[filter].sky;
  }
  return description;
}

double SdssField::pair_separation(FieldDescription const& description) const {
  Point const middle{0.5 * description.width, 0.5 * description.height};
  Mixture const psf = description.psf[filter_index(filters->front())].at(middle);
  double const width_of_psf = full_width_half_maximum(psf);
  if (*separation * width_of_psf > largest_pair(*spacing))
    throw ConfigError("parameter 'separation': stars " + fixed(*separation, 2) + " FWHM of " +
                      fixed(width_of_psf, 2) +
                      " pixel apart need cells of at least twice that: 'spacing' is " +
                      fixed(*spacing, 2) + " pixel");
  return *separation * width_of_psf;
}

std::vector<SkyObject> SdssField::make_objects(FieldDescription const& description,
                                               std::uint64_t seed) const {
  std::size_t const reference = filter_index("r");
  if (*layout == "random")
    return make_scene(
        {static_cast<int>(*stars), static_cast<int>(*galaxies), static_cast<int>(*saturated_stars)},
        description.geometry[reference], description.width, description.height, seed);
  StarLayout grid{.spacing = *spacing,
                  .lowest_snr = *lowest_snr,
                  .highest_snr = *highest_snr,
                  .calibration_stars = static_cast<int>(*calibration_stars)};
  if (*layout == "pairs") grid.pair_separation = pair_separation(description);
  return lay_out(grid, description, reference, seed);
}

void SdssField::write_files(fs::path const& root, FieldDescription const& description,
                            std::vector<SkyObject> objects, std::uint64_t seed, Log& log) const {
  std::string const camera_column = std::to_string(*camcol);
  std::string const run_name = padded(*run, 6);
  std::string const field_name = padded(*field, 4);
  fs::path const base = root / std::to_string(*run) / std::to_string(*rerun);
  fs::path const frames = base / "corr" / camera_column;
  fs::path const psf_and_masks = base / "objcs" / camera_column;
  fs::path const calibration = base / "calibChunks" / camera_column;
  fs::path const astrometry = base / "astrom";
  for (fs::path const& folder : {frames, psf_and_masks, calibration, astrometry})
    fs::create_directories(folder);

  std::string const of_field = run_name + "-" + camera_column + "-" + field_name + ".fit";
  write_field_psf(psf_and_masks / ("psField-" + of_field), description);
  write_field_calibration(calibration / ("tsField-" + run_name + "-" + camera_column + "-" +
                                         std::to_string(*rerun) + "-" + field_name + ".fit"),
                          description);
  write_astrometric_solutions(astrometry / ("asTrans-" + run_name + ".fit"), description);

  Truth truth;
  truth.filters = *filters;
  // Objects are spread over the r frame; the other filters see them within a pixel of there.
  ScanGeometry const& reference = description.geometry[filter_index("r")];
  truth.objects = std::move(objects);
  for (SkyObject const& object : truth.objects) truth.sky.push_back(reference.sky(object.mu_nu));

  for (std::string const& name : *filters) {
    std::size_t const filter = filter_index(name);
    FilterProperties const& properties = filter_table[filter];
    CcdSettings const settings{.gain = properties.gain,
                               .dark_variance = properties.dark_variance,
                               .full_well = properties.full_well,
                               .pedestal = pedestal,
                               .bad_columns = static_cast<int>(*bad_columns),
                               .cosmic_rays = static_cast<int>(*cosmic_rays)};
    Random random(seed, "frame " + name);
    FilterView view = observe(description, filter, truth.objects, settings, random);
    std::string const of_frame = run_name + "-" + name + camera_column + "-" + field_name + ".fit";
    write_frame(frames / ("fpC-" + of_frame + ".gz"), description, filter, view.frame.pixels,
                pedestal);
    write_frame_mask(psf_and_masks / ("fpM-" + of_frame), description, view.frame.defects);
    truth.appearances.push_back(std::move(view.appearances));
    log.info("run=" + std::to_string(*run) + " camcol=" + camera_column +
             " field=" + std::to_string(*field) + " filter=" + name + ": " +
             std::to_string(truth.objects.size()) + " objects");
  }
  write_truth_csv(root / "truth.csv", truth);
  write_truth_fits(root / "truth.fits", truth);
  write_reference_shards(root / "ref_cats/simulated", truth.objects, truth.sky,
                         {.depth = *reference_depth,
                          .position_error = *reference_position_error,
                          .flux_error = *reference_flux_error,
                          .proper_motion = *proper_motion,
                          .observed_mjd = description.mjd},
                         seed);
  write_gen2_registry(root, description, *filters);
}

void SdssField::write(Request const& request, Log& log) const {
  std::uint64_t const seed = request.seed;
  if (filters->empty()) throw ConfigError("parameter 'filters' names no filter");
  if (std::set<std::string>(filters->begin(), filters->end()).size() != filters->size())
    throw ConfigError("parameter 'filters' names a filter twice");
  if (*lowest_snr > *highest_snr) throw ConfigError("parameter 'lowest_snr' exceeds 'highest_snr'");

  FieldDescription const description = describe(seed);
  std::vector<SkyObject> objects = make_objects(description, seed);

  write_whole_directory(request.directory, [&](fs::path const& directory) {
    write_files(directory, description, std::move(objects), seed, log);
  });
}

}  // namespace simulate
