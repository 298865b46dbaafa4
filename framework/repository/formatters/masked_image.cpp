#include "repository/formatters/fits_formatter.hpp"
#include "repository/formatters/formatters.hpp"
#include "repository/formatters/image_planes.hpp"
#include "repository/formatters/primary_header.hpp"

namespace almagest {
namespace {

MaskedImage read(fits::Reader& reader, Formatter::ReadRequest const& request) {
  return read_masked_image(reader, request.box);
}

void write(fits::Writer& writer, MaskedImage const& pixels,
           Formatter::WriteRequest const& request) {
  writer.primary(product_header(ProductTraits<MaskedImage>::id, request));
  write_masked_image(writer, pixels, {}, "adu", request.options);
}

}  // namespace

std::shared_ptr<Formatter const> masked_image_formatter() {
  return std::make_shared<FitsFormatter<MaskedImage>>(&read, &write, Boxes::read);
}

}  // namespace almagest
