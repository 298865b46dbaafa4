#include "repository/formatters/image_planes.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "almagest/error.hpp"

namespace almagest {
namespace {

constexpr std::string_view mask_card_prefix = "MP_";

double number_option(ConfigValue const& value) {
  if (auto const* number = std::get_if<double>(&value.data)) return *number;
  if (auto const* integer = std::get_if<std::int64_t>(&value.data))
    return static_cast<double>(*integer);
  throw ConfigError(value.where, std::string("quantize wants a number, got ") + value.type_name());
}

fits::Compression compression_option(ConfigValue const& value) {
  std::string const& name = value.string();
  if (name == "none") return fits::Compression::none;
  if (name == "gzip") return fits::Compression::gzip;
  if (name == "rice") return fits::Compression::rice;
  throw ConfigError(value.where, "compression '" + name + "' is none of 'none', 'gzip', 'rice'");
}

int origin_from(Header const& header, char const* name) {
  double const value = -header.number_or(name, 0.0);
  constexpr double farthest = 1e9;  // keeps a box's corners within an int
  if (value != std::floor(value) || std::abs(value) > farthest)
    throw DataError(header.origin() + ": " + name + " is no whole number of pixels");
  return static_cast<int>(value);
}

bool is_card_name(std::string const& name) {
  constexpr std::size_t longest = 40;
  return !name.empty() && name.size() <= longest && std::ranges::all_of(name, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

std::map<std::string, int> planes_of(Header const& header) {
  std::map<std::string, int> planes;
  for (Header::Card const& card : header.cards())
    if (card.name.starts_with(mask_card_prefix)) {
      std::int64_t const bit = header.integer(card.name);
      constexpr std::int64_t bits = 31;
      if (bit < 0 || bit >= bits)
        throw DataError(header.origin() + ": " + card.name + " = " + std::to_string(bit) +
                        " is no bit number");
      planes.emplace(card.name.substr(mask_card_prefix.size()), static_cast<int>(bit));
    }
  return planes;
}

std::string squared(std::string const& unit) {
  bool const plain = std::ranges::all_of(
      unit, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
  return plain ? unit + "2" : "(" + unit + ")**2";
}

Header with_unit(Header cards, std::string const& unit) {
  if (!unit.empty()) cards.set("BUNIT", unit, "unit of the pixels");
  return cards;
}

}  // namespace

fits::Writer::ImageOptions plane_options(ConfigValue const& options, bool is_float) {
  fits::Writer::ImageOptions result;
  if (ConfigValue const* const quantize = options.find("quantize")) {
    result.quantize = number_option(*quantize);
    if (!(result.quantize >= 0.0) || !std::isfinite(result.quantize))
      throw ConfigError(quantize->where, "quantize must not be negative");
    if (result.quantize > 0.0) result.compression = fits::Compression::rice;
  }
  if (ConfigValue const* const compression = options.find("compression"))
    result.compression = compression_option(*compression);
  bool const lossless_float = is_float && result.quantize == 0.0;
  if (lossless_float && result.compression == fits::Compression::rice)
    result.compression = fits::Compression::gzip;
  return result;
}

Header origin_cards(Pixel origin) {
  Header cards;
  if (origin == Pixel{}) return cards;
  cards.set("LTV1", -static_cast<double>(origin.x), "column of the file = LTV1 + parent column");
  cards.set("LTV2", -static_cast<double>(origin.y), "row of the file = LTV2 + parent row");
  return cards;
}

Pixel origin_of(Header const& header) {
  return {origin_from(header, "LTV1"), origin_from(header, "LTV2")};
}

template <class T>
void write_plane(fits::Writer& writer, std::string const& extname, Image<T> const& plane,
                 Header cards, ConfigValue const& options) {
  Header const origin = origin_cards({plane.bbox().x0, plane.bbox().y0});
  for (Header::Card const& card : origin.cards()) cards.append(card);
  writer.image(extname, plane, cards, plane_options(options, std::is_floating_point_v<T>));
}

template <class T>
Image<T> read_plane(fits::Reader& reader, int hdu, std::optional<Box> const& box) {
  Pixel const origin = origin_of(reader.header(hdu));
  std::optional<Box> part = box;
  if (part) {
    part->x0 -= origin.x;
    part->y0 -= origin.y;
  }
  auto plane = reader.image<T>(hdu, part);
  plane.set_origin({plane.bbox().x0 + origin.x, plane.bbox().y0 + origin.y});
  return plane;
}

template void write_plane(fits::Writer&, std::string const&, Image<float> const&, Header,
                          ConfigValue const&);
template void write_plane(fits::Writer&, std::string const&, Image<std::uint16_t> const&, Header,
                          ConfigValue const&);
template void write_plane(fits::Writer&, std::string const&, Image<MaskPixel> const&, Header,
                          ConfigValue const&);
template Image<float> read_plane(fits::Reader&, int, std::optional<Box> const&);
template Image<std::uint16_t> read_plane(fits::Reader&, int, std::optional<Box> const&);
template Image<MaskPixel> read_plane(fits::Reader&, int, std::optional<Box> const&);

void write_mask(fits::Writer& writer, Mask const& mask, Header cards, ConfigValue const& options) {
  for (auto const& [name, bit] : mask.planes()) {
    if (!is_card_name(name))
      throw DataError("mask plane '" + name +
                      "' cannot be stored: its name needs capital letters, digits and '_' only");
    cards.set(std::string(mask_card_prefix) + name, std::int64_t{bit}, "bit number");
  }
  write_plane(writer, "MASK", mask.image(), std::move(cards), options);
}

Mask read_mask(fits::Reader& reader, int hdu, std::optional<Box> const& box) {
  auto planes = planes_of(reader.header(hdu));
  return Mask(read_plane<MaskPixel>(reader, hdu, box), std::move(planes));
}

void write_masked_image(fits::Writer& writer, MaskedImage const& pixels, Header const& cards,
                        std::string const& unit, ConfigValue const& options) {
  if (pixels.mask.bbox() != pixels.bbox() || pixels.variance.bbox() != pixels.bbox())
    throw DataError("image, mask and variance have different boxes");
  write_plane(writer, "IMAGE", pixels.image, with_unit(cards, unit), options);
  write_mask(writer, pixels.mask, cards, options);
  // Without UTYPE astropy takes the plane for a standard deviation.
  Header variance = with_unit(cards, unit.empty() ? unit : squared(unit));
  variance.set("UTYPE", std::string("VarianceUncertainty"), "what astropy's CCDData calls it");
  write_plane(writer, "VARIANCE", pixels.variance, std::move(variance), options);
}

MaskedImage read_masked_image(fits::Reader& reader, std::optional<Box> const& box) {
  MaskedImage pixels;
  pixels.image = read_plane<float>(reader, reader.require("IMAGE"), box);
  pixels.mask = read_mask(reader, reader.require("MASK"), box);
  pixels.variance = read_plane<float>(reader, reader.require("VARIANCE"), box);
  if (pixels.mask.bbox() != pixels.bbox() || pixels.variance.bbox() != pixels.bbox())
    throw DataError(reader.header(0).origin() + ": IMAGE, MASK and VARIANCE have different boxes");
  return pixels;
}

}  // namespace almagest
