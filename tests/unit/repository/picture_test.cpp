// Pictures in PNG files: read back bit by bit, always the same bytes, nothing in them but pixels.
#include "almagest/picture.hpp"

#include <doctest/doctest.h>

#include <cstring>

#include "almagest/error.hpp"
#include "repository/formatters/formatters.hpp"
#include "unit/temporary_directory.hpp"

namespace {

using namespace almagest;

Picture sample_picture(int width, int height) {
  Picture picture{Image<std::uint8_t>(width, height), Image<std::uint8_t>(width, height),
                  Image<std::uint8_t>(width, height)};
  unsigned state = 1;
  for (auto* plane : {&picture.red, &picture.green, &picture.blue})
    for (std::uint8_t& value : plane->pixels())
      value = static_cast<std::uint8_t>((state = state * 1664525u + 1013904223u) >> 24);
  return picture;
}

void write(Picture const& picture, std::filesystem::path const& path) {
  picture_formatter()->write(AnyProduct::make(picture), path, {});
}
Picture read(std::filesystem::path const& path) {
  return picture_formatter()->read(path, {}).get<Picture>();
}

bool same(Image<std::uint8_t> const& a, Image<std::uint8_t> const& b) {
  return a.bbox() == b.bbox() &&
         std::memcmp(a.pixels().data(), b.pixels().data(), a.pixels().size_bytes()) == 0;
}

TEST_CASE("picture: what is written is read back, in the same bytes each time") {
  TemporaryDirectory const directory;
  for (auto const& [width, height] : {std::pair(37, 21), std::pair(1, 1), std::pair(2, 300)}) {
    Picture const picture = sample_picture(width, height);
    write(picture, directory / "a.png");
    write(picture, directory / "b.png");
    Picture const back = read(directory / "a.png");
    CHECK(same(back.red, picture.red));
    CHECK(same(back.green, picture.green));
    CHECK(same(back.blue, picture.blue));
    CHECK(bytes_of(directory / "a.png") == bytes_of(directory / "b.png"));
  }
}

TEST_CASE("picture: row 0 is the bottom of the PNG, and there are no dates or texts in it") {
  TemporaryDirectory const directory;
  Picture picture = sample_picture(2, 2);
  picture.red(0, 0) = 201;
  picture.red(0, 1) = 17;
  write(picture, directory / "a.png");
  std::string const bytes = bytes_of(directory / "a.png");
  for (char const* chunk : {"tIME", "tEXt", "iTXt", "zTXt"})
    CHECK(bytes.find(chunk) == std::string::npos);
  CHECK(read(directory / "a.png").red(0, 0) == 201);
  CHECK(read(directory / "a.png").red(0, 1) == 17);
}

TEST_CASE("picture: what is no picture is refused by its name") {
  TemporaryDirectory const directory;
  CHECK_THROWS_AS(read(directory / "none.png"), NotFoundError);
  put_bytes(directory / "text.png", "no picture");
  CHECK_THROWS_WITH_AS(read(directory / "text.png"), doctest::Contains("text.png: is no PNG"),
                       DataError);
  write(sample_picture(40, 40), directory / "cut.png");
  std::string const bytes = bytes_of(directory / "cut.png");
  put_bytes(directory / "cut.png", bytes.substr(0, bytes.size() / 2));
  CHECK_THROWS_WITH_AS(read(directory / "cut.png"), doctest::Contains("cut.png: cannot be read"),
                       DataError);
  std::string huge = bytes;  // the header's width: its checksum no longer fits either
  huge[16] = '\x7f';
  put_bytes(directory / "huge.png", huge);
  CHECK_THROWS_AS(read(directory / "huge.png"), DataError);
  CHECK_THROWS_AS(write({}, directory / "empty.png"), DataError);
  CHECK_THROWS_AS(write(sample_picture(3, 3), directory / "none" / "a.png"), DataError);
  Picture uneven = sample_picture(3, 3);
  uneven.blue = Image<std::uint8_t>(3, 4);
  CHECK_THROWS_AS(write(uneven, directory / "uneven.png"), DataError);
}

}  // namespace
