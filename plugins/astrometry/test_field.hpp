#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "almagest/error.hpp"
#include "almagest/exposure.hpp"
#include "almagest/reference_catalog.hpp"
#include "almagest/source_catalog.hpp"

/// Fields of stars for tests.
namespace astrometry::test {

using namespace almagest;

/// A reference catalogue held in memory.
class ListedObjects final : public ReferenceSource {
 public:
  explicit ListedObjects(std::vector<ReferenceObject> objects, std::string note = {})
      : objects_(std::move(objects)), note_(std::move(note)) {}
  ReferenceObjects load(ReferenceRequest const& request) const override {
    if (request.band != "r") throw DataError("no band '" + request.band + "'; there is: r");
    ReferenceObjects found;
    found.note = note_;
    for (ReferenceObject const& object : objects_)
      if (separation(object.position, request.region.centre) <= request.region.radius)
        found.objects.push_back(object);
    return found;
  }
  std::vector<std::string> bands() const override { return {"r"}; }

 private:
  std::vector<ReferenceObject> objects_;
  std::string note_;
};

inline ReferenceCatalog catalog_of(std::vector<ReferenceObject> objects, std::string note = {}) {
  return {"listed", std::make_shared<ListedObjects>(std::move(objects), std::move(note))};
}

/// The columns that the tasks read.
struct Columns {
  Schema schema = Schema::minimal_source();
  Key<std::int64_t> id = schema.key<std::int64_t>("id");
  Key<double> ra = schema.key<double>("coord_ra");
  Key<double> dec = schema.key<double>("coord_dec");
  Key<std::int32_t> children = schema.add<std::int32_t>("deblend_nChild", "", "");
  Key<double> x = schema.add<double>("base_SdssCentroid_x", "pix", "");
  Key<double> y = schema.add<double>("base_SdssCentroid_y", "pix", "");
  Key<float> x_error = schema.add<float>("base_SdssCentroid_xErr", "pix", "");
  Key<float> y_error = schema.add<float>("base_SdssCentroid_yErr", "pix", "");
  Key<bool> centroid_flag = schema.add_flag("base_SdssCentroid_flag", "");
  Key<double> flux = schema.add<double>("base_PsfFlux_instFlux", "ct", "");
  Key<double> flux_error = schema.add<double>("base_PsfFlux_instFluxErr", "ct", "");
  Key<bool> flux_flag = schema.add_flag("base_PsfFlux_flag", "");
  Key<bool> edge = schema.add_flag("base_PixelFlags_flag_edge", "");
  Key<bool> interpolated = schema.add_flag("base_PixelFlags_flag_interpolatedCenter", "");
  Key<bool> saturated = schema.add_flag("base_PixelFlags_flag_saturatedCenter", "");
  Key<double> extendedness = schema.add<double>("base_ClassificationExtendedness_value", "", "");
};

inline constexpr Box frame{0, 0, 2048, 1361};
inline constexpr double scale = 0.396;  // arcsec per pixel

/// A WCS like SDSS's: east to the right by 90 degrees, a distortion of a pixel at the corners.
inline Wcs true_wcs() {
  double const s = scale / 3600.0;
  Wcs wcs({1023.5, 680.0}, {351.4 * radians_per_degree, 0.12 * radians_per_degree},
          {0.02 * s, s, -s, 0.02 * s});
  SipPolynomial a(3), b(3);
  a.at(2, 0) = 6e-7;
  a.at(0, 2) = -4e-7;
  a.at(3, 0) = 3e-10;
  b.at(1, 1) = 5e-7;
  b.at(0, 3) = -4e-10;
  wcs.set_sip(a, b, {}, {});
  return wcs;
}

/// The same with its field shifted [arcsec] and turned [deg] about the reference direction.
inline Wcs disturbed(Wcs const& wcs, double shift, double towards_deg, double turn_deg,
                     double stretch = 1.0) {
  double const t = towards_deg * radians_per_degree;
  Wcs const plane({}, wcs.crval(), {1.0 / 3600.0, 0.0, 0.0, 1.0 / 3600.0});
  SkyPoint const crval = plane.pixel_to_sky({shift * std::cos(t), shift * std::sin(t)});
  double const c = stretch * std::cos(turn_deg * radians_per_degree);
  double const s = stretch * std::sin(turn_deg * radians_per_degree);
  auto const& m = wcs.cd();
  Wcs result(wcs.crpix(), crval,
             {c * m[0] - s * m[2], c * m[1] - s * m[3], s * m[0] + c * m[2], s * m[1] + c * m[3]});
  result.set_sip(wcs.sip_a(), wcs.sip_b(), wcs.sip_reverse_a(), wcs.sip_reverse_b());
  return result;
}

struct FieldOptions {
  int stars = 90;           ///< on the frame and in the reference catalogue
  int spurious = 150;       ///< sources that are no reference objects
  int missing = 20;         ///< reference objects on the frame without a source
  double centroid = 0.02;   ///< scatter [pixel]
  double catalogue = 0.02;  ///< scatter of the reference positions [arcsec]
  unsigned seed = 1;
};

/// Sources of a field, and the reference catalogue around it. Source id 100 + i is object 1000 + i
/// for the first `stars`.
struct Field {
  explicit Field(FieldOptions const& o) {
    std::mt19937 generator(o.seed);
    std::uniform_real_distribution<double> ux(8.0, frame.width - 8.0), uy(8.0, frame.height - 8.0);
    std::uniform_real_distribution<double> magnitude(0.0, 4.0);
    std::normal_distribution<double> normal;
    int const total = o.stars + o.spurious;
    table = SourceCatalog(columns.schema, static_cast<std::size_t>(total));
    Wcs const plane({}, truth.crval(), {1.0 / 3600.0, 0.0, 0.0, 1.0 / 3600.0});
    auto const object = [&](std::int64_t id, SkyPoint sky, double flux) {
      Point const p = plane.sky_to_pixel(sky);
      ReferenceObject r{id, plane.pixel_to_sky({p.x + o.catalogue * normal(generator),
                                                p.y + o.catalogue * normal(generator)})};
      r.flux = flux;
      r.flux_error = 0.01 * flux;
      objects.push_back(r);
    };
    for (int i = 0; i < total; ++i) {
      auto const row = static_cast<std::size_t>(i);
      Point const pixel{ux(generator), uy(generator)};
      double const flux = 1e5 * std::pow(10.0, -0.4 * magnitude(generator));
      table.set(row, columns.id, std::int64_t{100 + i});
      table.set(row, columns.x, pixel.x + o.centroid * normal(generator));
      table.set(row, columns.y, pixel.y + o.centroid * normal(generator));
      table.set(row, columns.x_error, static_cast<float>(o.centroid));
      table.set(row, columns.y_error, static_cast<float>(o.centroid));
      table.set(row, columns.flux, flux);
      table.set(row, columns.flux_error, 20.0);
      table.set(row, columns.extendedness, 0.0);
      if (i < o.stars) object(1000 + i, truth.pixel_to_sky(pixel), flux);
    }
    for (int i = 0; i < o.missing; ++i)
      object(5000 + i, truth.pixel_to_sky({ux(generator), uy(generator)}),
             1e5 * std::pow(10.0, -0.4 * magnitude(generator)));
  }

  Exposure exposure(Wcs const& wcs) const {
    Exposure image{MaskedImage(frame)};
    image.wcs = wcs;
    image.visit_info.band = "r";
    return image;
  }

  Columns columns;
  Wcs truth = true_wcs();
  SourceCatalog table;
  std::vector<ReferenceObject> objects;
};

}  // namespace astrometry::test
