#include <cmath>

#include <doctest/doctest.h>

#include "almagest/error.hpp"
#include "almagest/wcs.hpp"
#include "wcslib_oracle.hpp"

using namespace almagest;
using almagest::test::WcslibOracle;

namespace {

constexpr double degree = radians_per_degree;

Header tan_header() {
  Header header;
  header.set_origin("example.fits[0]");
  header.set("NAXIS", std::int64_t{2});
  header.set("NAXIS1", std::int64_t{2048});
  header.set("NAXIS2", std::int64_t{1489});
  header.set("CTYPE1", std::string("RA---TAN"));
  header.set("CTYPE2", std::string("DEC--TAN"));
  header.set("CRPIX1", 1024.5);
  header.set("CRPIX2", 744.5);
  header.set("CRVAL1", 351.6495369);
  header.set("CRVAL2", 0.10366058);
  header.set("RADECSYS", std::string("ICRS"));
  return header;
}

Header with_cd(Header header) {
  // The matrix of SDSS frame 4192-r4-300.
  header.set("CD1_1", 1.9531218040668e-08);
  header.set("CD1_2", 0.000109985048488936);
  header.set("CD2_1", 0.000110004399414063);
  header.set("CD2_2", 9.73790322581041e-09);
  return header;
}

/// That our reading of a header puts pixels where wcslib puts them.
void check_against_wcslib(Header const& header) {
  Wcs const wcs = wcs_from_header(header);
  WcslibOracle oracle(header);
  for (Point const p : {Point{0.0, 0.0}, Point{2047.0, 100.0}, Point{300.0, 1488.0}}) {
    CHECK(separation(wcs.pixel_to_sky(p), oracle.pixel_to_sky(p)) < 1e-14);
  }
}

}  // namespace

TEST_CASE("WCS header: CD, PC with CDELT, CROTA and CDELT alone are read as wcslib reads them") {
  check_against_wcslib(with_cd(tan_header()));

  Header pc = tan_header();
  pc.set("CDELT1", -1.1e-4);
  pc.set("CDELT2", 1.2e-4);
  check_against_wcslib(pc);
  Header rotated = pc;
  rotated.set("CROTA2", 31.0);
  check_against_wcslib(rotated);
  pc.set("PC1_1", 0.8);
  pc.set("PC1_2", -0.6);
  pc.set("PC2_1", 0.55);
  pc.set("PC2_2", 0.85);
  check_against_wcslib(pc);
}

TEST_CASE("WCS header: declination first, a turned pole, arcseconds, whole numbers") {
  Header swapped = with_cd(tan_header());
  swapped.set("CTYPE1", std::string("DEC--TAN"));
  swapped.set("CTYPE2", std::string("RA---TAN"));
  swapped.set("CRVAL1", 0.10366058);
  swapped.set("CRVAL2", 351.6495369);
  check_against_wcslib(swapped);

  Header turned = with_cd(tan_header());
  turned.set("LONPOLE", 137.0);
  check_against_wcslib(turned);

  Header polar = with_cd(tan_header());
  polar.set("CRVAL2", std::int64_t{90});  // LONPOLE's default is 0 here, not 180
  check_against_wcslib(polar);

  Header arcsec = tan_header();
  arcsec.set("CUNIT1", std::string("arcsec"));
  arcsec.set("CUNIT2", std::string("arcsec"));
  arcsec.set("CRVAL1", 351.65 * 3600.0);
  arcsec.set("CRVAL2", 0.1 * 3600.0);
  arcsec.set("CDELT1", -0.4);
  arcsec.set("CDELT2", 0.4);
  CHECK(wcs_from_header(arcsec).crval().ra == doctest::Approx(351.65 * degree).epsilon(1e-15));
  check_against_wcslib(arcsec);
}

TEST_CASE("WCS header: SIP is read as wcslib reads it") {
  Header header = with_cd(tan_header());
  header.set("CTYPE1", std::string("RA---TAN-SIP"));
  header.set("CTYPE2", std::string("DEC--TAN-SIP"));
  header.set("A_ORDER", std::int64_t{3});
  header.set("B_ORDER", std::int64_t{2});
  header.set("A_2_0", 2e-6);
  header.set("A_1_2", -3e-9);
  header.set("B_1_1", -1.5e-6);
  header.set("B_0_2", 4e-6);
  check_against_wcslib(header);
  Wcs const wcs = wcs_from_header(header);
  CHECK(wcs.sip_a().order() == 3);
  CHECK(wcs.sip_b().at(0, 2) == 4e-6);
  CHECK(wcs.sip_reverse_a().empty());
}

TEST_CASE("WCS header: what is written is read back") {
  Wcs wcs({1023.5, 680.25}, {6.1374, 0.0018}, {1.95e-8, 1.0999e-4, 1.1e-4, 9.7e-9});
  Wcs const plain = wcs_from_header(wcs_cards(wcs));
  CHECK(plain.cd() == wcs.cd());
  CHECK(plain.crpix() == wcs.crpix());
  CHECK_FALSE(plain.has_sip());

  SipPolynomial a(3);
  a.at(2, 1) = 1.0 / 3e9;
  SipPolynomial b(3);
  b.at(0, 2) = -2.0 / 7e6;
  SipPolynomial reverse(4);
  reverse.at(0, 0) = 0.01;
  wcs.set_sip(a, b, reverse, reverse);
  Header const cards = wcs_cards(wcs);
  CHECK(cards.text("CTYPE1") == "RA---TAN-SIP");
  CHECK(cards.number("CRPIX2") == 681.25);
  Wcs const again = wcs_from_header(cards);
  CHECK(again.sip_a() == wcs.sip_a());
  CHECK(again.sip_b() == wcs.sip_b());
  CHECK(again.sip_reverse_b() == wcs.sip_reverse_b());
  CHECK(separation(again.crval(), wcs.crval()) < 1e-15);
}

TEST_CASE("WCS header: what cannot be used is refused, with the file's name") {
  auto const message = [](Header const& header) -> std::string {
    try {
      wcs_from_header(header);
    } catch (DataError const& error) {
      return error.what();
    }
    return "accepted";
  };
  Header const good = with_cd(tan_header());
  CHECK(message(good) == "accepted");

  Header missing = good;
  missing.erase("CRVAL2");
  CHECK(message(missing) == "example.fits[0]: WCS: card CRVAL2 is missing");

  Header tpv = good;
  tpv.set("CTYPE1", std::string("RA---TPV"));
  tpv.set("CTYPE2", std::string("DEC--TPV"));
  CHECK(message(tpv) ==
        "example.fits[0]: WCS: axes 'RA---TPV', 'DEC--TPV' are not supported; expected 'RA---TAN' "
        "and 'DEC--TAN', or both with '-SIP'");

  Header scamp = good;  // TAN with PV: SCAMP's distortion
  scamp.set("PV1_1", 1.01);
  CHECK(message(scamp).find("example.fits[0]: WCS: ") == 0);

  Header singular = good;
  for (char const* card : {"CD1_1", "CD1_2", "CD2_1", "CD2_2"}) singular.set(card, 1e-4);
  CHECK(message(singular).find("example.fits[0]: WCS: ") == 0);

  Header old = good;
  old.set("RADECSYS", std::string("FK4"));
  old.set("EQUINOX", 1950.0);
  CHECK(message(old).find("frame FK4 of equinox 1950 is not supported") != std::string::npos);

  Header infinite = good;
  infinite.set("CRVAL1", std::nan(""));
  CHECK(message(infinite) == "example.fits[0]: WCS: CRVAL1 is not finite");

  Header order = good;
  order.set("A_ORDER", std::int64_t{99});
  CHECK(message(order) == "example.fits[0]: WCS: A_ORDER is 99, not within 0..9");

  Header cube = good;
  cube.set("CTYPE3", std::string("FREQ"));
  CHECK(message(cube).find("it has 3 axes") != std::string::npos);
}
