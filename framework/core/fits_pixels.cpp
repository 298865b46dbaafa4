#include "fits_pixels.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "fits_byte_order.hpp"
#include "fits_checksum.hpp"

namespace almagest::fits {
namespace {

// What is read and converted at a time: small enough to stay in the cache between the two.
constexpr std::size_t chunk_bytes = std::size_t{128} << 10;

struct Scaling {
  double scale = 1.0;
  double zero = 0.0;
  std::optional<std::int64_t> blank;  ///< the stored value of pixels without one
  bool none() const noexcept { return scale == 1.0 && zero == 0.0 && !blank; }
  bool unsigned_16() const noexcept { return scale == 1.0 && zero == unsigned_16_offset && !blank; }
};

Scaling scaling(Hdu const& hdu) {
  Scaling result{hdu.header.number_or("BSCALE", 1.0), hdu.header.number_or("BZERO", 0.0), {}};
  Value const* const blank = hdu.bitpix > 0 ? hdu.header.find("BLANK") : nullptr;
  if (blank && std::holds_alternative<std::int64_t>(*blank))
    result.blank = std::get<std::int64_t>(*blank);
  return result;
}

template <class T>
constexpr char const* pixel_name() {
  if constexpr (std::is_same_v<T, std::uint16_t>)
    return "an unsigned 16-bit pixel";
  else if constexpr (std::is_same_v<T, std::int32_t>)
    return "a 32-bit pixel";
  else
    return "an 8-bit pixel";
}

template <class T>
[[noreturn]] void fail_range(Hdu const& hdu, double value) {
  refuse(hdu, "the value " + to_string(Value(value)) + " does not fit " + pixel_name<T>());
}

/// Stored values to pixels; Raw is the file's type in our byte order.
template <class Raw, class T>
void convert(std::byte const* bytes, T* target, std::size_t count, Scaling const& scaling,
             Hdu const& hdu) {
  auto const stored = [bytes](std::size_t i) {
    Raw value;
    std::memcpy(&value, bytes + i * sizeof(Raw), sizeof(Raw));
    return value;
  };
  if constexpr (std::is_floating_point_v<T>) {
    for (std::size_t i = 0; i < count; ++i)
      target[i] = static_cast<T>(static_cast<double>(stored(i)) * scaling.scale + scaling.zero);
    if constexpr (std::is_integral_v<Raw>)
      if (scaling.blank)
        for (std::size_t i = 0; i < count; ++i)
          if (stored(i) == *scaling.blank) target[i] = std::numeric_limits<T>::quiet_NaN();
  } else {
    constexpr double lowest = std::numeric_limits<T>::min();
    constexpr double highest = std::numeric_limits<T>::max();
    for (std::size_t i = 0; i < count; ++i) {
      double const value =
          std::nearbyint(static_cast<double>(stored(i)) * scaling.scale + scaling.zero);
      if (!(value >= lowest && value <= highest)) fail_range<T>(hdu, value);
      target[i] = static_cast<T>(value);
    }
  }
}

template <class T>
void convert_any(std::byte const* bytes, T* target, std::size_t count, Scaling const& scaling,
                 Hdu const& hdu) {
  switch (hdu.bitpix) {
    case 8:
      return convert<std::uint8_t>(bytes, target, count, scaling, hdu);
    case 16:
      return convert<std::int16_t>(bytes, target, count, scaling, hdu);
    case 32:
      return convert<std::int32_t>(bytes, target, count, scaling, hdu);
    case 64:
      return convert<std::int64_t>(bytes, target, count, scaling, hdu);
    case -32:
      return convert<float>(bytes, target, count, scaling, hdu);
    default:
      return convert<double>(bytes, target, count, scaling, hdu);
  }
}

/// Reads runs of pixels of one HDU.
template <class T>
class PixelReader {
 public:
  PixelReader(InputFile& file, Hdu const& hdu) : file_(file), hdu_(hdu), scaling_(scaling(hdu)) {
    if constexpr (std::is_same_v<T, std::uint16_t>)
      copied_ = hdu.bitpix == 16 && scaling_.unsigned_16();
    else
      copied_ = hdu.bitpix == bitpix_of<T>() && scaling_.none();
  }

  /// \param first  index of the first pixel in the file
  /// \returns the sum of the bytes' words
  Checksum read(std::int64_t first, std::size_t count, T* target) {
    Checksum sum;
    std::size_t const size = stored_size();
    std::size_t const step = chunk_bytes / size;
    for (std::size_t done = 0; done < count; done += step) {
      std::size_t const n = std::min(step, count - done);
      std::int64_t const pixel = first + static_cast<std::int64_t>(done);
      auto const bytes =
          file_.view(hdu_.data_offset + pixel * static_cast<std::int64_t>(size), n * size);
      sum.add_word_sum(read_chunk(bytes, target + done, n));
    }
    return sum;
  }

 private:
  std::size_t stored_size() const { return static_cast<std::size_t>(std::abs(hdu_.bitpix)) / 8; }

  std::uint64_t read_chunk(std::span<std::byte const> bytes, T* target, std::size_t count) {
    std::size_t const size = stored_size();
    if (copied_)
      return copy_from_big_endian(bytes.data(), reinterpret_cast<std::byte*>(target), bytes.size(),
                                  size, std::is_same_v<T, std::uint16_t>);
    std::uint64_t const sum =
        copy_from_big_endian(bytes.data(), native_.data(), bytes.size(), size, false);
    convert_any(native_.data(), target, count, scaling_, hdu_);
    return sum;
  }

  InputFile& file_;
  Hdu const& hdu_;
  Scaling scaling_;
  bool copied_ = false;  // but for the byte order, the file holds T
  std::vector<std::byte> native_ = std::vector<std::byte>(chunk_bytes);
};

/// The bytes that fill the data's last block, and those that do not make a word of the checksum.
std::uint32_t sum_with_fill(InputFile& file, Hdu const& hdu, Checksum sum) {
  // Pixels end on a word, or the fill begins within one: that word was counted as padded with
  // zeros, so the fill is added shifted by as many bytes.
  auto const inside = static_cast<std::size_t>(hdu.data_size % 4);
  auto const size = static_cast<std::size_t>(hdu.stored_size - hdu.data_size);
  auto const fill = file.view(hdu.data_offset + hdu.data_size, size);
  std::vector<std::byte> shifted(inside);
  shifted.insert(shifted.end(), fill.begin(), fill.end());
  sum.add(shifted);
  return sum.value();
}

}  // namespace

Box box_to_read(Hdu const& hdu, ImageSize size, std::optional<Box> const& box) {
  Box const whole{0, 0, size.width, size.height};
  if (!box) return whole;
  if (box->empty() || !whole.contains(*box))
    refuse(hdu, "the box of " + std::to_string(box->width) + " x " + std::to_string(box->height) +
                    " pixels from (" + std::to_string(box->x0) + ", " + std::to_string(box->y0) +
                    ") is not inside the image of " + std::to_string(size.width) + " x " +
                    std::to_string(size.height));
  return *box;
}

template <class T>
Image<T> read_plain_image(InputFile& file, Hdu const& hdu, std::optional<Box> box, bool verify) {
  ImageSize const size = image_size(hdu, hdu.axes);
  Box const part = box_to_read(hdu, size, box);
  auto image = Image<T>::uninitialised(part);
  PixelReader<T> reader(file, hdu);
  if (!box) {
    auto const pixels = image.pixels();
    Checksum const sum = reader.read(0, pixels.size(), pixels.data());
    if (verify) verify_data(hdu, sum_with_fill(file, hdu, sum));
    return image;
  }
  for (int y = 0; y < part.height; ++y)
    reader.read(std::int64_t{part.y0 + y} * size.width + part.x0,
                static_cast<std::size_t>(part.width), image.row(y).data());
  return image;
}

template Image<float> read_plain_image(InputFile&, Hdu const&, std::optional<Box>, bool);
template Image<double> read_plain_image(InputFile&, Hdu const&, std::optional<Box>, bool);
template Image<std::uint16_t> read_plain_image(InputFile&, Hdu const&, std::optional<Box>, bool);
template Image<std::int32_t> read_plain_image(InputFile&, Hdu const&, std::optional<Box>, bool);
template Image<std::uint8_t> read_plain_image(InputFile&, Hdu const&, std::optional<Box>, bool);

}  // namespace almagest::fits
