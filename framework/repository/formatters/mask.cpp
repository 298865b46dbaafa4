#include "almagest/mask.hpp"

#include "repository/formatters/fits_formatter.hpp"
#include "repository/formatters/formatters.hpp"
#include "repository/formatters/image_planes.hpp"
#include "repository/formatters/primary_header.hpp"

namespace almagest {
namespace {

Mask read(fits::Reader& reader, Formatter::ReadRequest const& request) {
  return read_mask(reader, reader.require("MASK"), request.box);
}

void write(fits::Writer& writer, Mask const& mask, Formatter::WriteRequest const& request) {
  writer.primary(product_header(ProductTraits<Mask>::id, request));
  write_mask(writer, mask, {}, request.options);
}

}  // namespace

std::shared_ptr<Formatter const> mask_formatter() {
  return std::make_shared<FitsFormatter<Mask>>(&read, &write, Boxes::read);
}

}  // namespace almagest
