#include "almagest/photo_calib.hpp"

#include "repository/formatters/fits_formatter.hpp"
#include "repository/formatters/formatters.hpp"
#include "repository/formatters/photo_calib_cards.hpp"
#include "repository/formatters/primary_header.hpp"

namespace almagest {
namespace {

PhotoCalib read(fits::Reader& reader, Formatter::ReadRequest const& /*request*/) {
  Header const header = reader.header(0);
  if (auto const calib = photo_calib_of(header)) return *calib;
  throw DataError(header.origin() + ": has no card FLUXMAG0");
}

void write(fits::Writer& writer, PhotoCalib const& calib, Formatter::WriteRequest const& request) {
  Header header = product_header(ProductTraits<PhotoCalib>::id, request);
  set_photo_calib(header, calib);
  writer.primary(header);
}

}  // namespace

void set_photo_calib(Header& header, PhotoCalib const& calib) {
  header.set("FLUXMAG0", calib.flux_mag0, "[adu] counts of an AB magnitude 0 source");
  header.set("FLUXMAG0ERR", calib.flux_mag0_error, "[adu]");
}

std::optional<PhotoCalib> photo_calib_of(Header const& header) {
  if (!header.has("FLUXMAG0")) return std::nullopt;
  return PhotoCalib{header.number("FLUXMAG0"), header.number("FLUXMAG0ERR")};
}

std::shared_ptr<Formatter const> photo_calib_formatter() {
  return std::make_shared<FitsFormatter<PhotoCalib>>(&read, &write);
}

}  // namespace almagest
