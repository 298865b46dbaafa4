#include "almagest/wcs.hpp"

#include "repository/formatters/fits_formatter.hpp"
#include "repository/formatters/formatters.hpp"
#include "repository/formatters/primary_header.hpp"
#include "repository/formatters/wcs_in_header.hpp"

namespace almagest {
namespace {

Wcs read(fits::Reader& reader, Formatter::ReadRequest const& /*request*/) {
  return wcs_of_image(reader.header(0), {});
}

void write(fits::Writer& writer, Wcs const& wcs, Formatter::WriteRequest const& request) {
  Header header = product_header(ProductTraits<Wcs>::id, request);
  Header const cards = wcs_image_cards(wcs, {});
  for (Header::Card const& card : cards.cards()) header.append(card);
  writer.primary(header);
}

}  // namespace

std::shared_ptr<Formatter const> wcs_formatter() {
  return std::make_shared<FitsFormatter<Wcs>>(&read, &write);
}

}  // namespace almagest
