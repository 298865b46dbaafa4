#include "fits_rice.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <vector>

#include "fits_byte_order.hpp"
#include "fits_table.hpp"
#include "fits_tiles.hpp"

namespace almagest::fits {
namespace {

/// Bits from the front of a byte string. Reading beyond its end gives zeros, and is seen in
/// exhausted().
class BitReader {
 public:
  explicit BitReader(std::span<std::byte const> data) noexcept
      : next_(data.data()), end_(data.data() + data.size()) {}

  /// Makes at least 56 bits available.
  void refill() noexcept {
    if (end_ - next_ >= 8) {
      bits_ |= load_big_endian<std::uint64_t>(next_) >> count_;
      int const bytes = (63 - count_) >> 3;
      next_ += bytes;
      count_ += 8 * bytes;
      return;
    }
    while (count_ < 56) {
      if (next_ < end_)
        bits_ |= std::to_integer<std::uint64_t>(*next_++) << (56 - count_);
      else
        beyond_ += 8;
      count_ += 8;
    }
  }
  /// \param n  1 … 32; refill() came first
  std::uint32_t take(int n) noexcept {
    auto const value = static_cast<std::uint32_t>(bits_ >> (64 - n));
    skip(n);
    return value;
  }
  void skip(int n) noexcept {
    bits_ <<= n;
    count_ -= n;
  }
  /// Takes a number whose part above the `low` bits is in unary, zeros and a one.
  /// \returns false, having done nothing, when it is not all there
  bool take_unary(int low, std::uint32_t& value) noexcept {
    int const zeros = this->zeros();
    int const length = zeros + 1 + low;
    if (length > count_) return false;
    // Behind the zeros stand the one and the low bits; the one counts as one more high bit.
    auto const rest = static_cast<std::uint32_t>((bits_ << zeros) >> (63 - low));
    value = ((static_cast<std::uint32_t>(zeros) - 1U) << low) + rest;
    bits_ <<= length;
    count_ -= length;
    return true;
  }
  int available() const noexcept { return count_; }
  /// Zeros in front of the next one; 64 when there is none among what is available.
  int zeros() const noexcept { return std::countl_zero(bits_); }
  /// Whether bits were taken that the data do not have.
  bool exhausted() const noexcept { return beyond_ > count_; }

 private:
  std::byte const* next_;
  std::byte const* end_;
  std::uint64_t bits_ = 0;  // the next ones, from the top; zeros below
  int count_ = 0;
  int beyond_ = 0;  // of the bits loaded, how many were made up
};

/// How pixels of one width are coded.
struct Coding {
  int width;            // of a pixel [bit]
  int parameter_width;  // of the number of low bits that stands in front of a block
  int verbatim;         // that number for blocks whose differences are stored as they are
};
constexpr Coding coding_of(int bytes_per_pixel) noexcept {
  switch (bytes_per_pixel) {
    case 1:
      return {8, 3, 6};
    case 2:
      return {16, 4, 14};
    default:
      return {32, 5, 25};
  }
}

/// A number whose part above the `low` bits is in unary: that many zeros, and a one. This is for
/// the rare long ones, and for those at the end of the data.
/// \returns false at the end of the data
bool take_long_unary(BitReader& bits, int low, std::uint32_t& value) noexcept {
  std::uint32_t high = 0;
  bits.refill();
  while (bits.zeros() >= bits.available()) {
    high += static_cast<std::uint32_t>(bits.available());
    bits.skip(bits.available() - 1);  // a shift by 64 is none
    bits.skip(1);
    bits.refill();
    if (bits.exhausted()) return false;
  }
  int const zeros = bits.zeros();
  high += static_cast<std::uint32_t>(zeros);
  bits.skip(zeros);
  bits.skip(1);
  bits.refill();
  value = low == 0 ? high : (high << low) | bits.take(low);
  return true;
}

/// Folded differences: 0, −1, 1, −2, 2 … were stored as 0, 1, 2, 3, 4 …
constexpr std::uint32_t unfolded(std::uint32_t value) noexcept {
  return (value >> 1) ^ (0U - (value & 1U));
}

template <int BytesPerPixel>
bool decode(std::span<std::byte const> data, std::size_t block,
            std::span<std::int32_t> pixels) noexcept {
  constexpr Coding coding = coding_of(BytesPerPixel);
  auto const as_pixel = [](std::uint32_t value) {  // sums are modulo the pixel's range
    if constexpr (BytesPerPixel == 1) return static_cast<std::int32_t>(value & 0xFFU);
    if constexpr (BytesPerPixel == 2)
      return static_cast<std::int32_t>(static_cast<std::int16_t>(value & 0xFFFFU));
    return static_cast<std::int32_t>(value);
  };
  BitReader bits(data);
  bits.refill();
  std::uint32_t last = bits.take(coding.width);
  for (std::size_t first = 0; first < pixels.size(); first += block) {
    auto const target = pixels.subspan(first, std::min(block, pixels.size() - first));
    bits.refill();
    int const low = static_cast<int>(bits.take(coding.parameter_width)) - 1;
    if (low < 0) {
      std::ranges::fill(target, as_pixel(last));
    } else if (low == coding.verbatim) {
      for (std::int32_t& pixel : target) {
        bits.refill();
        last += unfolded(bits.take(coding.width));
        pixel = as_pixel(last);
      }
    } else if (low > coding.verbatim) {
      return false;
    } else {
      for (std::int32_t& pixel : target) {
        std::uint32_t difference = 0;
        if (!bits.take_unary(low, difference)) {
          bits.refill();
          if (!bits.take_unary(low, difference) && !take_long_unary(bits, low, difference))
            return false;
        }
        last += unfolded(difference);
        pixel = as_pixel(last);
      }
    }
    if (bits.exhausted()) return false;
  }
  return !bits.exhausted();
}

/// What a HDU says of its tiles.
struct Tiling {
  int width = 0, height = 0;            // of the image
  int tile_width = 0, tile_height = 0;  // but for the last ones in a row or column
  int block = 32;
  int bytes_per_pixel = 4;
  double scale = 1.0, zero = 0.0;
  std::vector<ArrayDescriptor> tiles;
  std::span<std::byte const> heap;

  int per_row() const noexcept { return (width + tile_width - 1) / tile_width; }
  Box box(int column, int row) const noexcept {
    int const x = column * tile_width, y = row * tile_height;
    return {x, y, std::min(tile_width, width - x), std::min(tile_height, height - y)};
  }
  ArrayDescriptor const& tile(int column, int row) const noexcept {
    return tiles[static_cast<std::size_t>(row) * static_cast<std::size_t>(per_row()) +
                 static_cast<std::size_t>(column)];
  }
};

/// The algorithm's parameters; `name` in upper case.
std::int64_t parameter(Hdu const& hdu, std::string_view name, std::int64_t absent) {
  for (int i = 1; hdu.header.has("ZNAME" + std::to_string(i)); ++i)
    if (hdu.header.text("ZNAME" + std::to_string(i)) == name)
      return hdu.header.integer("ZVAL" + std::to_string(i));
  return absent;
}

bool is_plain_rice(Hdu const& hdu) {
  std::string const& type = hdu.header.text("ZCMPTYPE");
  if (type != "RICE_1" && type != "RICE_ONE") return false;
  std::int64_t const bitpix = hdu.header.integer("ZBITPIX");
  if (bitpix != 8 && bitpix != 16 && bitpix != 32) return false;
  for (char const* card : {"BLANK", "ZBLANK", "ZSCALE", "ZZERO", "ZQUANTIZ", "ZMASKCMP"})
    if (hdu.header.has(card)) return false;
  for (int i = 1; hdu.header.has("TTYPE" + std::to_string(i)); ++i)  // a scale for each tile
    for (char const* column : {"ZSCALE", "ZZERO", "ZBLANK"})
      if (hdu.header.text("TTYPE" + std::to_string(i)) == column) return false;
  return true;
}

std::optional<Tiling> tiling_of(Hdu const& hdu, std::span<std::byte const> data) {
  if (!is_plain_rice(hdu)) return std::nullopt;
  auto const axes = compressed_axes(hdu);
  if (axes.size() != 2) return std::nullopt;
  auto const layouts = column_layouts(hdu);
  std::size_t column = 0;
  while (column < layouts.size() &&
         text_card_or_empty(hdu.header, "TTYPE" + std::to_string(column + 1)) != "COMPRESSED_DATA")
    ++column;
  if (column == layouts.size() || layouts[column].element_type != 'B') return std::nullopt;

  Tiling tiling;
  ImageSize const size = image_size(hdu, axes);
  tiling.width = size.width;
  tiling.height = size.height;
  tiling.tile_width = static_cast<int>(integer_card_or(hdu, "ZTILE1", size.width, 1, axes[0]));
  tiling.tile_height = static_cast<int>(integer_card_or(hdu, "ZTILE2", 1, 1, axes[1]));
  tiling.block = static_cast<int>(parameter(hdu, "BLOCKSIZE", 32));
  tiling.bytes_per_pixel = static_cast<int>(parameter(hdu, "BYTEPIX", 4));
  if (tiling.bytes_per_pixel != 1 && tiling.bytes_per_pixel != 2 && tiling.bytes_per_pixel != 4)
    return std::nullopt;
  tiling.scale = hdu.header.number_or("BSCALE", 1.0);
  tiling.zero = hdu.header.number_or("BZERO", 0.0);
  tiling.tiles = array_descriptors(hdu, layouts[column], data);
  Heap const heap = heap_of(hdu);
  tiling.heap =
      data.subspan(static_cast<std::size_t>(heap.offset), static_cast<std::size_t>(heap.size));
  return tiling;
}

/// A tile that could not hold its pixels is refused before memory is asked for them.
bool can_hold(Tiling const& tiling, ArrayDescriptor const& tile, Box const& box) {
  Coding const coding = coding_of(tiling.bytes_per_pixel);
  std::int64_t const blocks = (box.area() + tiling.block - 1) / tiling.block;
  constexpr std::int64_t bits_per_byte = 8;
  return coding.width + blocks * coding.parameter_width <= bits_per_byte * tile.length;
}

void scale_into(std::int32_t const* stored, float* target, std::size_t count,
                Tiling const& tiling) noexcept {
  if (tiling.scale == 1.0 && tiling.zero == 0.0) {
    for (std::size_t i = 0; i < count; ++i) target[i] = static_cast<float>(stored[i]);
    return;
  }
  for (std::size_t i = 0; i < count; ++i)
    target[i] = static_cast<float>(static_cast<double>(stored[i]) * tiling.scale + tiling.zero);
}

}  // namespace

bool decode_rice(std::span<std::byte const> data, int block, int bytes_per_pixel,
                 std::span<std::int32_t> pixels) noexcept {
  auto const n = static_cast<std::size_t>(block);
  switch (bytes_per_pixel) {
    case 1:
      return decode<1>(data, n, pixels);
    case 2:
      return decode<2>(data, n, pixels);
    default:
      return decode<4>(data, n, pixels);
  }
}

std::optional<Image<float>> read_rice_image(Hdu const& hdu, std::span<std::byte const> data,
                                            Box const& part) {
  auto const tiling = tiling_of(hdu, data);
  if (!tiling) return std::nullopt;
  int const first_column = part.x0 / tiling->tile_width,
            last_column = part.x1() / tiling->tile_width;
  int const first_row = part.y0 / tiling->tile_height, last_row = part.y1() / tiling->tile_height;
  for (int row = first_row; row <= last_row; ++row)
    for (int column = first_column; column <= last_column; ++column) {
      ArrayDescriptor const& tile = tiling->tile(column, row);
      if (tile.length == 0) return std::nullopt;  // stored in another column
      if (!can_hold(*tiling, tile, tiling->box(column, row)))
        refuse(hdu, "a compressed tile is too short for its pixels");
    }

  auto image = Image<float>::uninitialised(part);
  std::vector<std::int32_t> pixels;
  for (int row = first_row; row <= last_row; ++row)
    for (int column = first_column; column <= last_column; ++column) {
      Box const box = tiling->box(column, row);
      ArrayDescriptor const& tile = tiling->tile(column, row);
      pixels.resize(static_cast<std::size_t>(box.area()));
      auto const bytes = tiling->heap.subspan(static_cast<std::size_t>(tile.offset),
                                              static_cast<std::size_t>(tile.length));
      if (!decode_rice(bytes, tiling->block, tiling->bytes_per_pixel, pixels))
        refuse(hdu, "cannot decode the compressed image: tile (" + std::to_string(column) + ", " +
                        std::to_string(row) + ") is damaged");
      Box const wanted = intersection(box, part);
      for (int y = wanted.y0; y <= wanted.y1(); ++y) {
        auto const from =
            static_cast<std::size_t>(y - box.y0) * static_cast<std::size_t>(box.width) +
            static_cast<std::size_t>(wanted.x0 - box.x0);
        scale_into(pixels.data() + from,
                   image.row(y - part.y0).data() + static_cast<std::size_t>(wanted.x0 - part.x0),
                   static_cast<std::size_t>(wanted.width), *tiling);
      }
    }
  return image;
}

}  // namespace almagest::fits
