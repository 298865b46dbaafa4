// A WCS as header cards, and back: wcs_cards and wcs_from_header of wcs.hpp.
#include <cmath>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <wcslib/wcshdr.h>
#include <wcslib/wcs.h>
#include <wcslib/wcsmath.h>

#include "almagest/error.hpp"
#include "almagest/wcs.hpp"

namespace almagest {
namespace {

// ---- writing --------------------------------------------------------------------------------

void set_polynomial(Header& header, std::string const& name, SipPolynomial const& p) {
  if (p.empty()) return;
  header.set(name + "_ORDER", std::int64_t{p.order()}, "SIP polynomial order");
  for (int i = 0; i <= p.order(); ++i) {
    for (int j = 0; j <= p.order() - i; ++j) {
      if (p.at(i, j) != 0.0) header.set(fmt::format("{}_{}_{}", name, i, j), p.at(i, j));
    }
  }
}

// ---- reading --------------------------------------------------------------------------------

[[noreturn]] void refuse(Header const& header, std::string const& what) {
  throw DataError(fmt::format(
      "{}: WCS: {}", header.origin().empty() ? std::string("header") : header.origin(), what));
}

/// Whether wcslib needs the card; the others are kept from it, SIP's among them, which are read
/// here.
bool describes_linear_wcs(std::string_view name) {
  for (std::string_view const whole :
       {"WCSAXES", "NAXIS", "LONPOLE", "LATPOLE", "EQUINOX", "EPOCH", "RADESYS", "RADECSYS"}) {
    if (name == whole) return true;
  }
  for (std::string_view const start :
       {"CTYPE", "CRPIX", "CRVAL", "CDELT", "CROTA", "CUNIT", "CD", "PC", "PV"}) {
    if (!name.starts_with(start) || name.size() == start.size()) continue;
    // Only the primary description: digits, with one underscore for the matrices.
    if (name.find_first_not_of("0123456789_", start.size()) == std::string_view::npos) return true;
  }
  return false;
}

std::string quoted(std::string const& text) {
  std::string result = "'";
  for (char const c : text) {
    result += c;
    if (c == '\'') result += c;
  }
  return result + "'";
}

/// The header as wcslib wants it: 80 columns per card, nothing between them.
std::string fits_text(Header const& header) {
  std::string text;
  for (Header::Card const& card : header.cards()) {
    if (!card.value || !describes_linear_wcs(card.name)) continue;
    std::string value;
    if (auto const* number = std::get_if<double>(&*card.value)) {
      if (!std::isfinite(*number)) refuse(header, card.name + " is not finite");
      value = fmt::format("{:24.16E}", *number);
    } else if (auto const* integer = std::get_if<std::int64_t>(&*card.value)) {
      value = fmt::format("{:20}", *integer);
    } else if (auto const* string = std::get_if<std::string>(&*card.value)) {
      value = quoted(*string);
    } else {
      continue;
    }
    if (value.size() > 70) refuse(header, card.name + " has too long a value");
    text += fmt::format("{:<80}", fmt::format("{:<8}= {}", card.name, value));
  }
  return text + fmt::format("{:<80}", "END");
}

/// Owns what wcspih allocates.
class ParsedWcs {
 public:
  explicit ParsedWcs(std::string text) {
    int rejected = 0;
    status_ = wcspih(text.data(), static_cast<int>(text.size() / 80), WCSHDR_all, 0, &rejected,
                     &count_, &wcs_);
  }
  ParsedWcs(ParsedWcs const&) = delete;
  ParsedWcs& operator=(ParsedWcs const&) = delete;
  ~ParsedWcs() {
    if (wcs_ != nullptr) wcsvfree(&count_, &wcs_);
  }
  bool found() const { return status_ == 0 && count_ > 0; }
  wcsprm& first() { return *wcs_; }

 private:
  int status_ = 0;
  int count_ = 0;
  wcsprm* wcs_ = nullptr;
};

std::string trimmed(char const* text) {
  std::string result = text;
  result.erase(result.find_last_not_of(' ') + 1);
  return result;
}

/// Our sky is ICRS; FK5 of J2000 agrees with it to some hundredths of an arcsecond, others do not.
void check_frame(Header const& header, wcsprm const& wcs) {
  std::string frame = trimmed(wcs.radesys);
  double const equinox = wcs.equinox;
  bool const has_equinox = !undefined(equinox);
  if (frame.empty()) frame = !has_equinox ? "ICRS" : equinox < 1984.0 ? "FK4" : "FK5";
  if (frame == "ICRS") return;
  if (frame != "FK5" || (has_equinox && equinox != 2000.0)) {
    refuse(header, fmt::format("frame {}{} is not supported; expected ICRS or FK5 of 2000", frame,
                               has_equinox ? fmt::format(" of equinox {}", equinox) : ""));
  }
}

void check_projection(Header const& header, wcsprm const& wcs) {
  std::string const first = trimmed(wcs.ctype[0]);
  std::string const second = trimmed(wcs.ctype[1]);
  std::string const axes = fmt::format("'{}', '{}'", first, second);
  auto const of_tan = [](std::string const& type, std::string_view axis) {
    return type == std::string(axis) + "TAN" || type == std::string(axis) + "TAN-SIP";
  };
  bool const known = (of_tan(first, "RA---") && of_tan(second, "DEC--")) ||
                     (of_tan(first, "DEC--") && of_tan(second, "RA---"));
  if (!known) {
    refuse(header, fmt::format("axes {} are not supported; expected 'RA---TAN' and 'DEC--TAN', "
                               "or both with '-SIP'",
                               axes));
  }
  for (int k = 0; k < wcs.npv; ++k) {
    if (wcs.pv[k].value != 0.0) {
      refuse(header, fmt::format("PV{}_{} is set: TAN with PV parameters is not supported",
                                 wcs.pv[k].i, wcs.pv[k].m));
    }
  }
}

SipPolynomial read_polynomial(Header const& header, std::string const& name) {
  if (!header.has(name + "_ORDER")) return {};
  auto const order = header.integer(name + "_ORDER");
  if (order < 0 || order > 9) {
    refuse(header, fmt::format("{}_ORDER is {}, not within 0..9", name, order));
  }
  SipPolynomial p(static_cast<int>(order));
  for (int i = 0; i <= p.order(); ++i) {
    for (int j = 0; j <= p.order() - i; ++j) {
      double const value = header.number_or(fmt::format("{}_{}_{}", name, i, j), 0.0);
      if (!std::isfinite(value)) {
        refuse(header, fmt::format("{}_{}_{} is not finite", name, i, j));
      }
      p.at(i, j) = value;
    }
  }
  return p;
}

}  // namespace

namespace {

/// The angle in degrees whose conversion back gives the same radians, where there is one: a WCS
/// that was read from a file, or fitted, is then written and read again without change.
double degrees_for(double radians) {
  double const nearest = radians / radians_per_degree;
  for (double const candidate :
       {nearest, std::nextafter(nearest, -1e9), std::nextafter(nearest, 1e9)})
    if (candidate * radians_per_degree == radians) return candidate;
  return nearest;
}

}  // namespace

Header wcs_cards(Wcs const& wcs) {
  std::string const suffix = wcs.has_sip() ? "-SIP" : "";
  Header header;
  header.set("WCSAXES", std::int64_t{2}, "number of coordinate axes");
  header.set("CTYPE1", "RA---TAN" + suffix, "gnomonic projection");
  header.set("CTYPE2", "DEC--TAN" + suffix, "gnomonic projection");
  header.set("CUNIT1", std::string("deg"));
  header.set("CUNIT2", std::string("deg"));
  header.set("CRVAL1", degrees_for(wcs.crval().ra), "[deg] right ascension at CRPIX");
  header.set("CRVAL2", degrees_for(wcs.crval().dec), "[deg] declination at CRPIX");
  header.set("CRPIX1", wcs.crpix().x + 1.0, "[pixel] first pixel's centre is 1");
  header.set("CRPIX2", wcs.crpix().y + 1.0, "[pixel] first pixel's centre is 1");
  header.set("CD1_1", wcs.cd()[0], "[deg/pixel]");
  header.set("CD1_2", wcs.cd()[1], "[deg/pixel]");
  header.set("CD2_1", wcs.cd()[2], "[deg/pixel]");
  header.set("CD2_2", wcs.cd()[3], "[deg/pixel]");
  // The default of LONPOLE jumps at the pole; ours is always this one.
  header.set("LONPOLE", 180.0, "[deg] native longitude of the pole");
  header.set("RADESYS", std::string("ICRS"), "celestial reference system");
  header.set("EQUINOX", 2000.0, "[yr]");
  set_polynomial(header, "A", wcs.sip_a());
  set_polynomial(header, "B", wcs.sip_b());
  set_polynomial(header, "AP", wcs.sip_reverse_a());
  set_polynomial(header, "BP", wcs.sip_reverse_b());
  return header;
}

Wcs wcs_from_header(Header const& header) {
  for (char const* const card : {"CTYPE1", "CTYPE2", "CRVAL1", "CRVAL2", "CRPIX1", "CRPIX2"}) {
    if (!header.has(card)) refuse(header, std::string("card ") + card + " is missing");
  }
  ParsedWcs parsed(fits_text(header));
  if (!parsed.found()) refuse(header, "the cards cannot be parsed");
  wcsprm& wcs = parsed.first();
  if (wcs.naxis != 2) {
    refuse(header, fmt::format("it has {} axes; expected two celestial ones", wcs.naxis));
  }
  check_projection(header, wcs);
  if (int const status = wcsset(&wcs); status != 0) {
    refuse(header, fmt::format("{} (wcslib status {})", wcs_errmsg[status], status));
  }
  check_frame(header, wcs);

  // wcsset has put CD, PC + CDELT and CROTA alike into lin.pc and lin.cdelt, and angles into
  // degrees. Rows follow the world axes of the header: take them in the order (ra, dec).
  auto const element = [&](int world, int pixel) {
    return wcs.lin.cdelt[world] * wcs.lin.pc[2 * world + pixel];
  };
  std::array<double, 4> const linear{element(wcs.lng, 0), element(wcs.lng, 1), element(wcs.lat, 0),
                                     element(wcs.lat, 1)};
  if (linear[0] * linear[3] == linear[1] * linear[2]) refuse(header, "its matrix is singular");
  // Another LONPOLE than 180 turns the tangent plane.
  double const turn = (180.0 - wcs.lonpole) * radians_per_degree;
  double const c = wcs.lonpole == 180.0 ? 1.0 : std::cos(turn);
  double const s = wcs.lonpole == 180.0 ? 0.0 : std::sin(turn);
  std::array<double, 4> const cd{c * linear[0] - s * linear[2], c * linear[1] - s * linear[3],
                                 s * linear[0] + c * linear[2], s * linear[1] + c * linear[3]};
  Wcs result({wcs.crpix[0] - 1.0, wcs.crpix[1] - 1.0},
             {wcs.crval[wcs.lng] * radians_per_degree, wcs.crval[wcs.lat] * radians_per_degree},
             cd);
  // Coefficients count even where the CTYPE lacks its "-SIP", as astropy has it.
  result.set_sip(read_polynomial(header, "A"), read_polynomial(header, "B"),
                 read_polynomial(header, "AP"), read_polynomial(header, "BP"));
  return result;
}

}  // namespace almagest
