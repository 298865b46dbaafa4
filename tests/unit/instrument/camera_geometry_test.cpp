// From pixels to the sky, against the WCSs of real files (ISR document 3.2, 8.19, 8.20).
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "almagest/camera_geometry.hpp"
#include "almagest/fits.hpp"
#include "almagest/raw_exposure.hpp"
#include "cameras.hpp"
#include "header_files.hpp"
#include "instrument/optics.hpp"

using namespace almagest;

namespace {

Pointing pointing_of(ObservationInfo const& observation) {
  return {observation.boresight().value(),
          observation.number("boresight_rotation_angle") * radians_per_degree};
}

double arcsec(SkyPoint const& a, SkyPoint const& b) {
  return separation(a, b) / radians_per_arcsec;
}

/// The pixel of an assembled frame that stands at a pixel of a raw channel.
Point assembled(Amplifier const& amplifier, Point raw) {
  double const x = raw.x - amplifier.raw_data.x0, y = raw.y - amplifier.raw_data.y0;
  return {amplifier.box.x0 + (amplifier.flip_x ? amplifier.box.width - 1 - x : x),
          amplifier.box.y0 + (amplifier.flip_y ? amplifier.box.height - 1 - y : y)};
}

/// How far the model is from a channel's own WCS, at the middle of its data.
double disagreement(Instrument const& camera, Pointing const& pointing, Detector const& detector,
                    Amplifier const& amplifier, Header const& header) {
  Point const raw = centre_of(amplifier.raw_data);
  return arcsec(pixel_to_sky(camera, pointing, detector, assembled(amplifier, raw)),
                wcs_from_header(header).pixel_to_sky(raw));
}

/// The largest disagreement of the first `count` channels of a raw file, and the smallest.
std::pair<double, double> disagreements(char const* package, char const* file, DataId const& id,
                                        std::size_t count) {
  auto const path = cameras::test_data(file);
  if (path.empty()) return {-1, -1};
  auto const camera = cameras::load(package);
  RawExposure const raw = camera->read_raw(path, id);
  fits::Reader reader(path, fits::Checksums::ignore);
  REQUIRE(raw.wcs);
  Pointing const pointing{raw.visit_info.boresight,
                          raw.visit_info.rotation_deg * radians_per_degree};
  std::pair<double, double> range{1e9, 0.0};
  for (std::size_t i = 0; i < count; ++i) {
    double const off = disagreement(*camera, pointing, raw.detector, raw.amplifier(i),
                                    reader.header(static_cast<int>(i) + 1));
    range = {std::min(range.first, off), std::max(range.second, off)};
  }
  return range;
}

DataId lsst_id(std::int64_t exposure, std::int64_t detector) {
  return {{"exposure", exposure}, {"detector", detector}};
}

struct HscCheck {
  double separation_arcsec;
  double x_ratio, y_ratio;  ///< header / model of the large terms
};

/// The model's WCS of an HSC frame beside the one that was fitted to its stars.
HscCheck check_hsc(Header const& cards, Header const& wcs_cards, int ccd) {
  auto const hsc = cameras::load("obs_hsc");
  Pointing const pointing = pointing_of(hsc->translate(std::span(&cards, 1)));
  Point const pixel{wcs_cards.number("CRPIX1") - 1 - wcs_cards.number("LTV1"),
                    wcs_cards.number("CRPIX2") - 1 - wcs_cards.number("LTV2")};
  Detector const& detector = hsc->detector(ccd);
  SkyPoint const fitted{wcs_cards.number("CRVAL1") * radians_per_degree,
                        wcs_cards.number("CRVAL2") * radians_per_degree};
  auto const model = camera_wcs(*hsc, pointing, detector).jacobian(pixel);
  return {arcsec(pixel_to_sky(*hsc, pointing, detector, pixel), fitted),
          wcs_cards.number("CD1_2") * radians_per_degree / model[1],
          wcs_cards.number("CD2_1") * radians_per_degree / model[2]};
}

}  // namespace

TEST_CASE("hsc: the model agrees with the astrometry of visit 14770, ccd 27") {
  auto const path = cameras::test_data("hsc/pixels/ticket1738.fits");
  if (path.empty()) return;
  fits::Reader reader(path, fits::Checksums::ignore);
  HscCheck const check = check_hsc(reader.header(0), reader.header(1), 27);
  CHECK(check.separation_arcsec == doctest::Approx(11.6).epsilon(0.01));
  CHECK(check.x_ratio == doctest::Approx(1.0036).epsilon(1e-4));
  CHECK(check.y_ratio == doctest::Approx(1.0048).epsilon(1e-4));
}

TEST_CASE("hsc: the model agrees with the astrometry of visit 904010, ccd 4") {
  auto const path = cameras::test_data("hsc/pixels/calexp-HSC-904010-004-32x64.fits");
  if (path.empty()) return;
  auto const hsc = cameras::load("obs_hsc");
  fits::Reader reader(path, fits::Checksums::ignore);
  Header const primary = reader.header(0), cards = reader.header(1);
  // The calexp keeps the raw's pointing, INST-PA = 0.
  Pointing const pointing{{primary.number("BORE-RA") * radians_per_degree,
                           primary.number("BORE-DEC") * radians_per_degree},
                          270.0 * radians_per_degree};
  Point const pixel{cards.number("CRPIX1") - 1, cards.number("CRPIX2") - 1};
  Detector const& detector = hsc->detector(4);
  auto const model = camera_wcs(*hsc, pointing, detector).jacobian(pixel);
  CHECK(arcsec(pixel_to_sky(*hsc, pointing, detector, pixel),
               {cards.number("CRVAL1") * radians_per_degree,
                cards.number("CRVAL2") * radians_per_degree}) ==
        doctest::Approx(17.5).epsilon(0.01));
  CHECK(cards.number("CD1_2") * radians_per_degree / model[1] ==
        doctest::Approx(1.0043).epsilon(5e-4));
  CHECK(cards.number("CD2_1") * radians_per_degree / model[2] ==
        doctest::Approx(1.0043).epsilon(5e-4));
}

TEST_CASE("hsc: the plate scale falls from 0.1680 to 0.1524 arcsec per pixel") {
  auto const hsc = cameras::load("obs_hsc");
  auto const scale = [&](double mm) {
    Point const a = hsc->field_angle({mm - 0.0075, 0.0}), b = hsc->field_angle({mm + 0.0075, 0.0});
    return std::hypot(a.x - b.x, a.y - b.y) / radians_per_arcsec;
  };
  CHECK(std::abs(scale(0.0) - 0.1680) < 5e-5);
  CHECK(std::abs(scale(120.0) - 0.1645) < 5e-5);
  CHECK(std::abs(scale(240.0) - 0.1524) < 5e-5);
}

TEST_CASE("lsst: the model agrees with the WCSs of simulated raws") {
  auto const imsim =
      disagreements("obs_lsst/imsim", "lsst/zero_pixel_raws/imsim-00204595-R11-S20-det042.fits",
                    lsst_id(204595, 42), 16);
  if (imsim.first < 0) return;
  CHECK(imsim.first > 8.4);
  CHECK(imsim.second < 11.05);
  auto const phosim =
      disagreements("obs_lsst/phosim", "lsst/zero_pixel_raws/phosim-00204595-R11-S20-det042.fits",
                    lsst_id(204595, 42), 16);
  CHECK(phosim.second < 2.6);
  // The WCSs of this file's lower amplifiers are wrong by up to half a degree.
  auto const lsstcamsim = disagreements(
      "obs_lsst/lsstcamsim", "lsst/zero_pixel_raws/lsstCamSim-7024032100720-R22-S11-det094.fits.fz",
      lsst_id(7024032100720, 94), 8);
  CHECK(lsstcamsim.second < 2.95);
}

TEST_CASE("lsst: the model is a constant 63 arcsec from a ComCamSim header") {
  auto const path = cameras::test_data("lsst/headers/comCamSim-IM_P_20240117_000000_R22_S00.yaml");
  if (path.empty()) return;
  // Of the primary HDU and the first amplifier's, merged. It says it is a bias, which has no
  // boresight: the cards are used as they are.
  Header const header = header_files::read(path);
  auto const camera = cameras::load("obs_lsst/comcamsim");
  Pointing const pointing{
      {header.number("RA") * radians_per_degree, header.number("DEC") * radians_per_degree},
      header.number("ROTPA") * radians_per_degree};
  Detector const& detector = camera->detector(0);
  Amplifier const& amplifier = *detector.find_amplifier("C10");
  Wcs const own = wcs_from_header(header);
  for (Point const raw : {Point{3, 0}, Point{511, 0}, Point{3, 1999}, Point{511, 1999}})
    CHECK(std::abs(arcsec(pixel_to_sky(*camera, pointing, detector, assembled(amplifier, raw)),
                          own.pixel_to_sky(raw)) -
                   63.0) < 1.0);
}

TEST_CASE("geometry: pixel to sky and back, in every corner of every camera") {
  Pointing const pointing{{1.0, -0.3}, 0.7};
  for (char const* package :
       {"obs_hsc", "obs_lsst/lsstcam", "obs_lsst/comcam", "obs_lsst/latiss"}) {
    CAPTURE(package);
    auto const camera = cameras::load(package);
    double worst = 0.0;
    for (Detector const& detector : camera->detectors())
      for (double const x : {0.0, 0.5, 1.0})
        for (double const y : {0.0, 0.3, 1.0}) {
          Point const pixel{x * detector.box.x1(), y * detector.box.y1()};
          Point const back = sky_to_pixel(*camera, pointing, detector,
                                          pixel_to_sky(*camera, pointing, detector, pixel));
          worst = std::max(worst, std::hypot(back.x - pixel.x, back.y - pixel.y));
        }
    CHECK(worst < 1e-6);
  }
}

TEST_CASE("geometry: the TAN-SIP WCS follows the model") {
  Pointing const pointing{{5.5, 0.2}, -1.1};
  auto const worst = [&](Instrument const& camera, Detector const& detector, int order) {
    Wcs const wcs = camera_wcs(camera, pointing, detector, order);
    double most = 0.0;
    for (int i = 0; i <= 10; ++i)
      for (int j = 0; j <= 10; ++j) {
        Point const pixel{0.1 * i * detector.box.x1(), 0.1 * j * detector.box.y1()};
        Point const back = wcs.sky_to_pixel(pixel_to_sky(camera, pointing, detector, pixel));
        most = std::max(most, std::hypot(back.x - pixel.x, back.y - pixel.y));
      }
    return most;
  };
  auto const lsst = cameras::load("obs_lsst/lsstcam");
  CHECK(worst(*lsst, lsst->detector(94), 4) < 1e-3);
  CHECK(worst(*lsst, lsst->detector(0), 4) < 1e-3);
  auto const hsc = cameras::load("obs_hsc");
  CHECK(worst(*hsc, hsc->detector(50), 4) < 1e-3);
  CHECK(worst(*hsc, hsc->detector(103), 4) < 2e-2);  // at the edge of the field
  CHECK(worst(*hsc, hsc->detector(103), 6) < 1e-3);
}

TEST_CASE("geometry: LATISS sees the sky mirrored") {
  auto const latiss = cameras::load("obs_lsst/latiss");
  Point const angle = latiss->field_angle({1.0, 2.0});
  CHECK(angle.x / radians_per_arcsec == doctest::Approx(-9.5695));
  CHECK(angle.y / radians_per_arcsec == doctest::Approx(2 * 9.5695));
  Detector const& detector = latiss->detector(0);
  CHECK(detector.position_mm == Point{-0.515, -0.055});
  // At rotation 0 columns run east, where those of the other cameras run west.
  auto const jacobian = camera_wcs(*latiss, {{1.0, 0.1}, 0.0}, detector).jacobian({2000, 2000});
  CHECK(jacobian[0] > 0);
  CHECK(jacobian[3] > 0);
}

TEST_CASE("geometry: a distortion may have a product of both axes as its highest term") {
  // u = x + 1e-3 x y, v = y, in units of a millimetre and a radian.
  auto const optics = polynomial_distortion({{1, 0, 1.0, 0.0}, {0, 1, 0.0, 1.0}, {1, 1, 1e-3, 0.0}},
                                            1.0, 1.0, false);
  Point const angle = optics->field_angle({20.0, -30.0});
  CHECK(angle.x == doctest::Approx(20.0 - 0.6));
  CHECK(angle.y == doctest::Approx(-30.0));
  CHECK(optics->focal_plane(angle).x == doctest::Approx(20.0));
}

TEST_CASE("geometry: no WCS without a boresight; none beyond the hemisphere") {
  auto const hsc = cameras::load("obs_hsc");
  ObservationInfo observation;
  CHECK_FALSE(hsc->initial_wcs(observation, hsc->detector(50)));
  observation.set("ra", 320.0);
  observation.set("dec", 0.0);
  CHECK_FALSE(hsc->initial_wcs(observation, hsc->detector(50)));
  observation.set("boresight_rotation_angle", 270.0);
  CHECK(hsc->initial_wcs(observation, hsc->detector(50)));
  CHECK_THROWS_AS(sky_to_pixel(*hsc, {{0, 0}, 0}, hsc->detector(50), {3.0, 0.0}), DataError);
  CHECK_THROWS_AS(hsc->focal_plane({0.5, 0.5}), DataError);
}
