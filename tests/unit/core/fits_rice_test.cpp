// Rice tiles decoded by ourselves, against CFITSIO's encoder (behind fits::Writer) and by hand.
#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <random>

#include "almagest/error.hpp"
#include "almagest/fits.hpp"
#include "core/fits_rice.hpp"
#include "unit/temporary_directory.hpp"

using namespace almagest;

namespace {

template <class T>
Image<T> noise(int width, int height, double level, double sigma) {
  std::mt19937 generator(7);
  std::normal_distribution<double> normal(level, sigma);
  Image<T> image(width, height);
  for (T& pixel : image.pixels()) pixel = static_cast<T>(normal(generator));
  return image;
}

template <class T>
void check_round_trip(Image<T> const& image) {
  TemporaryDirectory const directory;
  fits::Writer writer(directory / "a.fits");
  writer.primary({});
  writer.image("A", image, {}, {fits::Compression::rice, 0.0});
  writer.close();
  Image<float> const read = fits::Reader(directory / "a.fits").image<float>(1);
  REQUIRE(read.bbox() == image.bbox());
  std::size_t different = 0;
  for (std::size_t i = 0; i < image.pixels().size(); ++i)
    different += read.pixels()[i] != static_cast<float>(image.pixels()[i]);
  CHECK(different == 0);
  Box const part{3, 5, 20, 9};
  Image<float> const cut = fits::Reader(directory / "a.fits").image<float>(1, part);
  CHECK(cut.bbox() == part);
  CHECK(cut(0, 0) == read(3, 5));
  CHECK(cut(19, 8) == read(22, 13));
}

std::span<std::byte const> bytes(auto const& data) {
  return std::as_bytes(std::span(data));
}

}  // namespace

TEST_CASE("fits rice: what CFITSIO has compressed comes back, whatever its noise") {
  for (double const sigma : {0.0, 0.4, 6.0, 300.0, 2e5}) {
    check_round_trip(noise<std::int32_t>(577, 40, 26000.0, sigma));
    check_round_trip(noise<std::uint16_t>(100, 33, 30000.0, std::min(sigma, 5000.0)));
    check_round_trip(noise<std::uint8_t>(64, 17, 100.0, std::min(sigma, 20.0)));
  }
  auto wild = noise<std::int32_t>(200, 20, 0.0, 5e8);  // blocks stored as they are
  wild(7, 7) = std::numeric_limits<std::int32_t>::min();
  wild(8, 7) = std::numeric_limits<std::int32_t>::max();
  check_round_trip(wild);
}

TEST_CASE("fits rice: a tile written by hand") {
  // 5 as 32 bits; then a block with 1 low bit (parameter 2 in five bits): differences 0, +1, −2.
  // Folded 0, 2, 3 are 1|0, 01|0, 01|1.
  // 00010 10 010 011 → 0001'0100 1001'1000
  std::array<std::uint8_t, 6> const tile{0, 0, 0, 5, 0b00010'10'0, 0b10'011'000};
  std::array<std::int32_t, 3> pixels{};
  REQUIRE(fits::decode_rice(bytes(tile), 32, 4, pixels));
  CHECK(pixels == std::array<std::int32_t, 3>{5, 6, 4});
}

TEST_CASE("fits rice: data that end too early, or are no code, are refused") {
  std::array<std::uint8_t, 6> const tile{0, 0, 0, 5, 0b00010'10'0, 0b10'011'000};
  std::array<std::int32_t, 3> pixels{};
  for (std::size_t length = 0; length < tile.size(); ++length)
    CHECK_FALSE(fits::decode_rice(bytes(tile).first(length), 32, 4, pixels));
  std::array<std::uint8_t, 5> const zeros{0, 0, 0, 5, 0b00010'000};  // unary without an end
  CHECK_FALSE(fits::decode_rice(bytes(zeros), 32, 4, pixels));
  std::array<std::uint8_t, 6> const bad_parameter{0, 0, 0, 5, 0b11111'000, 0};
  CHECK_FALSE(fits::decode_rice(bytes(bad_parameter), 32, 4, pixels));

  std::mt19937 generator(3);
  std::array<std::uint8_t, 200> random{};
  std::array<std::int32_t, 3000> many{};
  for (int i = 0; i < 2000; ++i) {  // whatever the bytes: an answer, within the memory given
    for (std::uint8_t& byte : random) byte = static_cast<std::uint8_t>(generator());
    fits::decode_rice(bytes(random), i % 2 == 0 ? 32 : 16, 1 << (i % 3), many);
  }
}
