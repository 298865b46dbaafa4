#include "repository/formatters/aperture_correction_table.hpp"
#include "repository/formatters/fits_formatter.hpp"
#include "repository/formatters/formatters.hpp"
#include "repository/formatters/primary_header.hpp"

namespace almagest {
namespace {

constexpr char const* extension = "APCORR";

ApertureCorrectionMap read(fits::Reader& reader, Formatter::ReadRequest const& /*request*/) {
  return aperture_corrections_of(reader.table(reader.require(extension)));
}

void write(fits::Writer& writer, ApertureCorrectionMap const& corrections,
           Formatter::WriteRequest const& request) {
  writer.primary(product_header(ProductTraits<ApertureCorrectionMap>::id, request));
  writer.table(extension, aperture_correction_table(corrections));
}

}  // namespace

std::shared_ptr<Formatter const> aperture_correction_map_formatter() {
  return std::make_shared<FitsFormatter<ApertureCorrectionMap>>(&read, &write);
}

}  // namespace almagest
