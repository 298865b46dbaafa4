#include "frame_mask.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "almagest/error.hpp"
#include "almagest/fits.hpp"
#include "table_lookup.hpp"

namespace obs_sdss {

using namespace almagest;

namespace {

/// y, x0 and x1, two bytes each, the more significant one first.
constexpr std::size_t bytes_per_span = 6;

int two_bytes(std::span<std::uint8_t const> bytes, std::size_t at) {
  return 256 * bytes[at] + bytes[at + 1];
}

/// Where an object's spans are counted from. A frame is far smaller than the limit.
int origin(double value, std::string const& column, std::filesystem::path const& path) {
  constexpr double limit = 1e6;
  if (!(std::abs(value) <= limit))
    throw DataError(path.string() + ": " + column + " = " + to_string(Value(value)) +
                    " lies outside any frame");
  return static_cast<int>(value);
}

/// The planes come first, one table each; the table behind them names them in the same order.
std::size_t hdu_of_plane(fits::Table const& names, std::string const& plane,
                         std::filesystem::path const& path) {
  auto const& attributes = names.texts("attributeName");
  auto const place = std::find(attributes.begin(), attributes.end(), plane);
  if (place == attributes.end())
    throw DataError(path.string() + ": its table of mask planes does not name '" + plane + "'");
  return static_cast<std::size_t>(place - attributes.begin()) + 1;
}

std::vector<Span> read_plane(fits::Reader& reader, fits::Table const& names,
                             std::string const& plane, std::filesystem::path const& path) {
  fits::Table const table = require_table(reader, hdu_of_plane(names, plane, path), plane, path);
  std::vector<Span> spans;
  if (table.rows == 0) return spans;
  Numbers const row0(table, "row0", 1, path);
  Numbers const col0(table, "col0", 1, path);
  auto const& objects = table.byte_arrays("s");
  for (std::size_t object = 0; object < objects.size(); ++object) {
    std::span<std::uint8_t const> const bytes = objects[object];
    if (bytes.size() % bytes_per_span != 0)
      throw DataError(path.string() + ": " + plane + ", row " + std::to_string(object + 1) + ": " +
                      std::to_string(bytes.size()) + " bytes of spans are no multiple of " +
                      std::to_string(bytes_per_span));
    int const first_row = origin(row0(object), "row0", path);
    int const first_column = origin(col0(object), "col0", path);
    // The column nspan is not asked: where `s` is empty it may still be positive.
    for (std::size_t at = 0; at < bytes.size(); at += bytes_per_span) {
      spans.push_back({two_bytes(bytes, at) - first_row, two_bytes(bytes, at + 2) - first_column,
                       two_bytes(bytes, at + 4) - first_column});
    }
  }
  return spans;
}

}  // namespace

FrameMask read_frame_mask(std::filesystem::path const& path, Formatter::ReadRequest const&) {
  fits::Reader reader(path);
  Header const header = reader.header(0);
  auto const plane_count = header.integer("NPLANE");
  if (plane_count < 0) throw DataError(path.string() + ": NPLANE = " + std::to_string(plane_count));
  fits::Table const names = require_table(reader, static_cast<std::size_t>(plane_count) + 1,
                                          "the names of the mask planes", path);
  FrameMask mask;
  mask.width = static_cast<int>(header.integer("MASKCOLS"));
  mask.height = static_cast<int>(header.integer("MASKROWS"));
  mask.interpolated = read_plane(reader, names, "S_MASK_INTERP", path);
  mask.saturated = read_plane(reader, names, "S_MASK_SATUR", path);
  mask.cosmic_rays = read_plane(reader, names, "S_MASK_CR", path);
  return mask;
}

void paint(Mask& mask, std::string_view plane, std::vector<Span> const& spans) {
  MaskPixel const bit = mask.bit(plane);
  Image<MaskPixel>& image = mask.image();
  for (Span const& span : spans) {
    if (span.y < 0 || span.y >= image.height()) continue;
    int const x0 = std::max(span.x0, 0);
    int const x1 = std::min(span.x1, image.width() - 1);
    if (x0 > x1) continue;
    for (MaskPixel& pixel : image.row(span.y).subspan(static_cast<std::size_t>(x0),
                                                      static_cast<std::size_t>(x1 - x0 + 1)))
      pixel |= bit;
  }
}

}  // namespace obs_sdss
