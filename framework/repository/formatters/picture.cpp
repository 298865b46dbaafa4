#include "almagest/picture.hpp"

#include <png.h>

#include <string>
#include <vector>

#include "almagest/error.hpp"
#include "repository/formatters/formatters.hpp"

/// PNG by libpng's simplified interface, which stores neither dates nor texts.
namespace almagest {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t channels = 3;
/// More is no picture to look at, and what is no picture should not take all of the memory.
constexpr std::int64_t most_pixels = 400'000'000;

/// What libpng keeps while it works is released whatever happens.
class Png {
 public:
  Png() {
    png_.version = PNG_IMAGE_VERSION;
    png_.format = PNG_FORMAT_RGB;
  }
  ~Png() { png_image_free(&png_); }
  Png(Png const&) = delete;
  Png& operator=(Png const&) = delete;
  png_image* get() noexcept { return &png_; }

  /// \throws DataError with libpng's words unless all went well
  void require(int done, fs::path const& path, char const* what) const {
    if (!done) throw DataError(path.string() + ": " + what + ": " + png_.message);
  }

 private:
  png_image png_{};
};

Picture read(fs::path const& path, Formatter::ReadRequest const& /*request*/) {
  if (!fs::exists(path)) throw NotFoundError(path.string() + ": no such file");
  Png png;
  png.require(png_image_begin_read_from_file(png.get(), path.c_str()), path, "is no PNG");
  Box const box{0, 0, static_cast<int>(png.get()->width), static_cast<int>(png.get()->height)};
  if (box.empty() || box.area() > most_pixels)
    throw DataError(path.string() + ": a picture of " + std::to_string(png.get()->width) + " by " +
                    std::to_string(png.get()->height) + " pixels is too large");
  png.get()->format = PNG_FORMAT_RGB;
  std::vector<png_byte> bytes(PNG_IMAGE_SIZE(*png.get()));
  png_color const paper{255, 255, 255};  // what transparent pixels show
  png.require(png_image_finish_read(png.get(), &paper, bytes.data(), 0, nullptr), path,
              "cannot be read");
  auto const plane = [&](std::size_t channel) {
    auto image = Image<std::uint8_t>::uninitialised(box);
    auto const width = static_cast<std::size_t>(box.width);
    for (int y = 0; y < box.height; ++y) {
      auto const from_top = static_cast<std::size_t>(box.height - 1 - y);
      png_byte const* from = bytes.data() + channels * width * from_top + channel;
      for (std::uint8_t& value : image.row(y)) {
        value = *from;
        from += channels;
      }
    }
    return image;
  };
  return {plane(0), plane(1), plane(2)};
}

void write(Picture const& picture, fs::path const& path, Formatter::WriteRequest const&) {
  Box const& box = picture.red.bbox();
  if (box.empty() || picture.green.bbox() != box || picture.blue.bbox() != box)
    throw DataError(path.string() + ": a picture needs three planes of the same box");
  std::vector<png_byte> bytes;
  bytes.reserve(channels * picture.red.pixels().size());
  for (int y = box.height - 1; y >= 0; --y)  // a PNG's first row is the top
    for (int x = 0; x < box.width; ++x)
      bytes.insert(bytes.end(), {picture.red(x, y), picture.green(x, y), picture.blue(x, y)});
  Png png;
  png.get()->width = static_cast<png_uint_32>(box.width);
  png.get()->height = static_cast<png_uint_32>(box.height);
  png.require(png_image_write_to_file(png.get(), path.c_str(), 0, bytes.data(), 0, nullptr), path,
              "cannot be written");
}

}  // namespace

std::shared_ptr<Formatter const> picture_formatter() {
  return std::make_shared<FunctionFormatter<Picture>>("png", &read, &write);
}

}  // namespace almagest
