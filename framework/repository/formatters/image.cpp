#include "almagest/image.hpp"

#include "repository/formatters/fits_formatter.hpp"
#include "repository/formatters/formatters.hpp"
#include "repository/formatters/image_planes.hpp"
#include "repository/formatters/primary_header.hpp"

namespace almagest {
namespace {

template <class T>
Image<T> read(fits::Reader& reader, Formatter::ReadRequest const& request) {
  // A tile-compressed image is never the primary HDU.
  return read_plane<T>(reader, reader.find("IMAGE").value_or(0), request.box);
}

template <class T>
void write(fits::Writer& writer, Image<T> const& image, Formatter::WriteRequest const& request) {
  Header const header = product_header(ProductTraits<Image<T>>::id, request);
  auto const options = plane_options(request.options, std::is_floating_point_v<T>);
  if (options.compression == fits::Compression::none)
    return write_plane(writer, "", image, header, request.options);
  writer.primary(header);
  write_plane(writer, "IMAGE", image, {}, request.options);
}

template <class T>
std::shared_ptr<Formatter const> make() {
  return std::make_shared<FitsFormatter<Image<T>>>(&read<T>, &write<T>, Boxes::read);
}

}  // namespace

std::shared_ptr<Formatter const> float_image_formatter() {
  return make<float>();
}

std::shared_ptr<Formatter const> uint16_image_formatter() {
  return make<std::uint16_t>();
}

}  // namespace almagest
