#include "almagest/header.hpp"

#include "repository/formatters/fits_formatter.hpp"
#include "repository/formatters/formatters.hpp"
#include "repository/formatters/primary_header.hpp"

namespace almagest {
namespace {

Header read(fits::Reader& reader, Formatter::ReadRequest const& /*request*/) {
  Header const stored = reader.header(0);
  Header header = metadata_of(stored);
  header.set_origin(stored.origin());
  return header;
}

void write(fits::Writer& writer, Header const& cards, Formatter::WriteRequest const& request) {
  Header header = product_header(ProductTraits<Header>::id, request);
  append_metadata(header, cards);
  writer.primary(header);
}

}  // namespace

std::shared_ptr<Formatter const> header_formatter() {
  return std::make_shared<FitsFormatter<Header>>(&read, &write);
}

}  // namespace almagest
