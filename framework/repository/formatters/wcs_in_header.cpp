#include "repository/formatters/wcs_in_header.hpp"

namespace almagest {
namespace {

Wcs rounded_wcs(Header const& header, Pixel origin) {
  return wcs_from_header(header).shifted({-origin.x, -origin.y});
}

/// The difference of two values that agree but for rounding is exact.
void set_difference(Header& header, char const* name, double exact, double rounded,
                    char const* comment) {
  if (exact != rounded) header.set(name, exact - rounded, comment);
}

}  // namespace

Header wcs_image_cards(Wcs const& wcs, Pixel origin) {
  Header header = wcs_cards(wcs.shifted(origin));
  Wcs const rounded = rounded_wcs(header, origin);
  set_difference(header, "LOWPIX1", wcs.crpix().x, rounded.crpix().x,
                 "[pixel] lost by rounding CRPIX1");
  set_difference(header, "LOWPIX2", wcs.crpix().y, rounded.crpix().y,
                 "[pixel] lost by rounding CRPIX2");
  set_difference(header, "LOWVAL1", wcs.crval().ra, rounded.crval().ra,
                 "[rad] lost by rounding CRVAL1");
  set_difference(header, "LOWVAL2", wcs.crval().dec, rounded.crval().dec,
                 "[rad] lost by rounding CRVAL2");
  return header;
}

Wcs wcs_of_image(Header const& header, Pixel origin) {
  Wcs const rounded = rounded_wcs(header, origin);
  auto const low = [&header](char const* name) { return header.number_or(name, 0.0); };
  Wcs wcs({rounded.crpix().x + low("LOWPIX1"), rounded.crpix().y + low("LOWPIX2")},
          {rounded.crval().ra + low("LOWVAL1"), rounded.crval().dec + low("LOWVAL2")},
          rounded.cd());
  wcs.set_sip(rounded.sip_a(), rounded.sip_b(), rounded.sip_reverse_a(), rounded.sip_reverse_b());
  return wcs;
}

}  // namespace almagest
