// FITS files: what is written is read back, bit by bit.
#include "almagest/fits.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <csignal>
#include <cstring>
#include <limits>
#include <numeric>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "almagest/error.hpp"
#include "unit/temporary_directory.hpp"

using namespace almagest;

namespace {

constexpr fits::Writer::ImageOptions plain{};

/// Pixels that differ from each other and from their byte-swapped selves.
template <class T>
Image<T> sample_image(int width, int height) {
  Image<T> image(width, height);
  std::uint64_t state = 12345;
  for (T& pixel : image.pixels()) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    if constexpr (std::is_floating_point_v<T>)
      pixel = static_cast<T>(static_cast<double>(state >> 40) / 1000.0 - 8000.0);
    else
      pixel = static_cast<T>(state >> 33);
  }
  return image;
}

/// Equal bits, so that NaN equals NaN and 0 differs from −0.
template <class T>
bool same_bits(Image<T> const& a, Image<T> const& b) {
  return a.bbox() == b.bbox() &&
         std::memcmp(a.pixels().data(), b.pixels().data(), a.pixels().size_bytes()) == 0;
}

template <class T>
void check_image_round_trip(fits::Writer::ImageOptions const& options) {
  TemporaryDirectory const directory;
  // Odd sizes: the data end within a word of the checksum.
  Image<T> image = sample_image<T>(37, 23);
  if constexpr (std::is_floating_point_v<T>) {
    image(0, 0) = std::numeric_limits<T>::quiet_NaN();
    image(1, 0) = -std::numeric_limits<T>::infinity();
    image(2, 0) = T{-0.0};
    image(3, 0) = std::numeric_limits<T>::denorm_min();
  } else {
    image(0, 0) = std::numeric_limits<T>::min();
    image(1, 0) = std::numeric_limits<T>::max();
  }
  fits::Writer writer(directory / "a.fits");
  writer.image("", image, {}, options);
  writer.image("SECOND", image, {}, options);
  writer.close();
  fits::Reader reader(directory / "a.fits");
  CHECK(same_bits(reader.image<T>(reader.require("second")), image));
  CHECK(same_bits(reader.image<T>(reader.require("SECOND") - 1), image));
  Box const box{5, 7, 11, 3};
  CHECK(same_bits(reader.image<T>(reader.require("SECOND"), box), image.cutout(box)));
}

fits::TableColumn column(std::string name, fits::TableColumn::Values values) {
  fits::TableColumn result;
  result.name = std::move(name);
  result.values = std::move(values);
  return result;
}

}  // namespace

TEST_CASE_TEMPLATE("fits: images of each pixel type round-trip bit by bit", T, float, double,
                   std::uint16_t, std::int32_t, std::uint8_t) {
  check_image_round_trip<T>(plain);
  check_image_round_trip<T>({fits::Compression::gzip, 0.0});
  if constexpr (std::is_integral_v<T>) check_image_round_trip<T>({fits::Compression::rice, 0.0});
}

TEST_CASE("fits: quantised float planes stay within half a step, and undefined pixels undefined") {
  TemporaryDirectory const directory;
  Image<float> image = sample_image<float>(128, 64);
  // Noise of 1: sums of uniform deviates are near enough to a Gaussian.
  std::uint64_t state = 1;
  for (float& pixel : image.pixels()) {
    double sum = 0.0;
    for (int i = 0; i < 12; ++i) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      sum += static_cast<double>(state >> 11) * 0x1p-53;
    }
    pixel = static_cast<float>(sum - 6.0 + 100.0);
  }
  image(3, 4) = std::numeric_limits<float>::quiet_NaN();
  fits::Writer writer(directory / "a.fits");
  writer.image("IMAGE", image, {}, {fits::Compression::rice, 8.0});
  writer.close();
  fits::Reader reader(directory / "a.fits");
  auto const back = reader.image<float>(1);
  CHECK(std::isnan(back(3, 4)));
  float largest = 0.0F;
  for (std::size_t i = 0; i < image.pixels().size(); ++i)
    if (!std::isnan(image.pixels()[i]))
      largest = std::max(largest, std::abs(back.pixels()[i] - image.pixels()[i]));
  // A step is the noise / 8; rows of 128 pixels estimate the noise to some 20 %.
  CHECK(largest > 0.02F);
  CHECK(largest < 0.5F / 8.0F * 1.5F);
  CHECK_THROWS_AS(
      fits::Writer(directory / "b.fits").image("I", image, {}, {fits::Compression::rice, 0.0}),
      DataError);
}

TEST_CASE("fits: compressed images are written and read by many threads at once") {
  TemporaryDirectory const directory;
  Image<float> const image = sample_image<float>(64, 64);
  std::atomic<int> equal = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread)
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 10; ++i) {
        auto const path = directory / (std::to_string(thread) + "-" + std::to_string(i));
        fits::Writer writer(path);
        writer.image("IMAGE", image, {}, {fits::Compression::gzip, 0.0});
        writer.close();
        if (same_bits(fits::Reader(path).image<float>(1), image)) ++equal;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(equal == 80);
}

TEST_CASE("fits: integers are scaled, and BLANK is NaN in float images") {
  TemporaryDirectory const directory;
  Image<std::int32_t> image(3, 1);
  image(0, 0) = 10;
  image(1, 0) = -7;
  image(2, 0) = 99;
  fits::Writer writer(directory / "a.fits");
  writer.image("", image, {}, plain);
  writer.close();
  // Put scaling cards into the (now unverified) header, where blanks are.
  std::string bytes = bytes_of(directory / "a.fits");
  std::size_t const end = bytes.find("CHECKSUM=");
  auto const card = [](std::string text) {
    text.resize(80, ' ');
    return text;
  };
  bytes.replace(end, 160, card("BSCALE  = 0.5") + card("BZERO   = 1.0D2"));
  bytes.replace(end + 160, 160, card("BLANK   = 99") + card("END"));
  put_bytes(directory / "b.fits", bytes);
  fits::Reader reader(directory / "b.fits");
  auto const scaled = reader.image<float>(0);
  CHECK(scaled(0, 0) == 105.0F);
  CHECK(scaled(1, 0) == 96.5F);
  CHECK(std::isnan(scaled(2, 0)));
  CHECK_THROWS_WITH_AS(reader.image<std::uint8_t>(0, Box{2, 0, 2, 1}),
                       doctest::Contains("is not inside the image of 3 x 1"), DataError);
}

TEST_CASE("fits: a value that does not fit the pixel type is an error that tells it") {
  TemporaryDirectory const directory;
  Image<float> image(2, 1);
  image(1, 0) = 70000.0F;
  fits::Writer writer(directory / "a.fits");
  writer.image("", image, {}, plain);
  writer.close();
  CHECK_THROWS_WITH_AS(fits::Reader(directory / "a.fits").image<std::uint16_t>(0),
                       doctest::Contains("a.fits[0]: the value 70000.0 does not fit"), DataError);
}

TEST_CASE("fits: header cards of every kind round-trip") {
  Header header;
  header.set("OBJECT", std::string("O'Brien's star / not a comment"), "a name");
  header.set("EMPTY", std::string(), "nothing");
  header.set("YES", true, "logical");
  header.set("LARGE", std::numeric_limits<std::int64_t>::min(), "integer");
  header.set("TENTH", 0.1, "float");
  header.set("WHOLE", 1e20, "a float that looks like an integer");
  header.set("TINY", std::numeric_limits<double>::denorm_min());
  header.set("MINUS0", -0.0);
  header.set("DETECTED_NEGATIVE", std::int64_t{6}, "HIERARCH");
  header.set("ESO DET NAME", std::string("CCD'1"), "HIERARCH with blanks");
  std::string long_text;
  for (int i = 0; i < 60; ++i) long_text += "it''s " + std::to_string(i) + "; ";
  long_text += "end & more'";
  header.set("LONGTEXT", long_text, "on several cards");
  header.set("LONG_NAMED_TEXT", long_text);
  header.append({"UNDEF", std::nullopt, "no value"});
  header.append({"COMMENT", std::nullopt, "  first"});
  header.append({"HISTORY", std::nullopt, "made by a test"});
  header.append({"COMMENT", std::nullopt, "second"});

  TemporaryDirectory const directory;
  fits::Writer writer(directory / "a.fits");
  writer.primary(header);
  writer.close();
  Header const back = fits::Reader(directory / "a.fits").header(0);
  for (Header::Card const& card : header.cards()) {
    auto const same = std::ranges::find(back.cards(), card);
    CHECK_MESSAGE(same != back.cards().end(), card.name);
  }
  CHECK(std::signbit(back.number("MINUS0")));
  CHECK(back.origin() == (directory / "a.fits").string() + "[0]");
}

TEST_CASE("fits: cards of the layout in a product's header do not harm the file") {
  Header header;
  header.set("NAXIS", std::int64_t{7});
  header.set("BZERO", 32768.0);
  header.set("TFORM1", std::string("3J"));
  header.set("CHECKSUM", std::string("wrong"));
  header.set("KEPT", true);
  header.append({"NOVALUE", std::numeric_limits<double>::quiet_NaN(), ""});
  TemporaryDirectory const directory;
  Image<float> const image = sample_image<float>(4, 4);
  fits::Writer writer(directory / "a.fits");
  writer.image("IMAGE", image, header, plain);
  writer.close();
  fits::Reader reader(directory / "a.fits");
  CHECK(same_bits(reader.image<float>(1), image));
  CHECK(reader.header(1).logical("KEPT"));
  CHECK(!reader.header(1).has("TFORM1"));
  CHECK(!reader.header(1).has("NOVALUE"));
}

TEST_CASE("fits: table columns of every kind round-trip") {
  fits::Table table;
  table.rows = 3;
  auto& columns = table.columns;
  columns.push_back(column("flags", std::vector<std::uint8_t>{1, 0, 1, 0, 0, 1, 0, 0, 1, 1,  //
                                                              0, 1, 1, 1, 0, 1, 0, 1, 0, 0,  //
                                                              1, 1, 1, 1, 1, 1, 1, 1, 1, 1}));
  columns[0].bits = true;
  columns[0].repeat = 10;
  for (int i = 0; i < 10; ++i) {
    columns[0].bit_names.push_back("flag_" + std::to_string(i));
    columns[0].bit_docs.push_back(i % 2 ? "short" : std::string(100, 'd') + std::to_string(i));
  }
  columns.push_back(column("truth", std::vector<std::uint8_t>{1, 0, 1}));
  columns[1].logical = true;
  columns.push_back(column("byte", std::vector<std::uint8_t>{0, 128, 255}));
  columns.push_back(column("short", std::vector<std::int16_t>{-32768, 0, 32767}));
  columns.push_back(column("int", std::vector<std::int32_t>{INT32_MIN, 0, INT32_MAX}));
  columns.push_back(column("long", std::vector<std::int64_t>{INT64_MIN, 0, INT64_MAX}));
  columns.push_back(column("float", std::vector<float>{-0.0F, 1e-45F, 3.4e38F}));
  columns.push_back(column("vector", std::vector<double>(3 * 6)));
  auto& vector = std::get<std::vector<double>>(columns.back().values);
  std::iota(vector.begin(), vector.end(), 0.1);
  columns.back().repeat = 6;
  columns.back().shape = {2, 3};
  columns.back().unit = "adu";
  columns.back().doc = "a matrix per row";
  columns.push_back(column("text", std::vector<std::string>{"a", "", "it's longer"}));
  columns.push_back(column("bytes", std::vector<std::vector<std::uint8_t>>{{1, 2, 3}, {}, {255}}));
  columns.push_back(column("floats", std::vector<std::vector<float>>{{}, {0.5F}, {1.0F, 2.0F}}));
  columns.push_back(column("doubles", std::vector<std::vector<double>>{{0.1}, {}, {}}));
  table.header.set("MYCARD", std::int64_t{5}, "of the table");

  TemporaryDirectory const directory;
  fits::Writer writer(directory / "a.fits");
  writer.table("THINGS", table);
  writer.close();
  fits::Table const back = fits::Reader(directory / "a.fits").table(1);
  CHECK(back.rows == 3);
  CHECK(back.header.integer("MYCARD") == 5);
  REQUIRE(back.columns.size() == columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    INFO(columns[i].name);
    CHECK(back.columns[i].name == columns[i].name);
    CHECK(back.columns[i].unit == columns[i].unit);
    CHECK(back.columns[i].doc == columns[i].doc);
    CHECK(back.columns[i].repeat == columns[i].repeat);
    CHECK(back.columns[i].shape == columns[i].shape);
    CHECK(back.columns[i].bits == columns[i].bits);
    CHECK(back.columns[i].logical == columns[i].logical);
    CHECK(back.columns[i].bit_names == columns[i].bit_names);
    CHECK(back.columns[i].bit_docs == columns[i].bit_docs);
    CHECK(back.columns[i].values == columns[i].values);
  }
  CHECK(back.numbers("short") == std::vector<double>{-32768, 0, 32767});
  CHECK(back.texts("text")[2] == "it's longer");
  CHECK_THROWS_WITH_AS(back.column("nothing"), doctest::Contains("column 'nothing' is missing"),
                       DataError);
  CHECK_THROWS_AS(back.numbers("text"), DataError);
}

TEST_CASE("fits: equal products give equal bytes") {
  TemporaryDirectory const directory;
  for (char const* name : {"a.fits", "b.fits"}) {
    fits::Writer writer(directory / name);
    Header header;
    header.set("X", 1.5);
    writer.primary(header);
    writer.image("PLAIN", sample_image<float>(50, 40), header, plain);
    writer.image("GZIP", sample_image<float>(50, 40), header, {fits::Compression::gzip, 0.0});
    writer.image("RICE", sample_image<float>(50, 40), header, {fits::Compression::rice, 4.0});
    fits::Table table;
    table.rows = 2;
    table.columns.push_back(column("v", std::vector<double>{1.0, 2.0}));
    writer.table("TABLE", table);
    writer.close();
  }
  CHECK(bytes_of(directory / "a.fits") == bytes_of(directory / "b.fits"));
}

TEST_CASE("fits: a writer that is not closed leaves nothing, and none overwrites a file") {
  TemporaryDirectory const directory;
  { fits::Writer(directory / "a.fits").primary({}); }
  CHECK(!std::filesystem::exists(directory / "a.fits"));
  put_bytes(directory / "b.fits", "mine");
  CHECK_THROWS_WITH_AS(fits::Writer(directory / "b.fits"), doctest::Contains("b.fits"), DataError);
  CHECK(bytes_of(directory / "b.fits") == "mine");
}

TEST_CASE("fits: a disk without room is an error that names the path, and leaves no file") {
  // A limit on the file's size stands in for the full disk: both fail in write().
  TemporaryDirectory const directory;
  auto const handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit const small{100'000, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  auto const write = [&] {
    fits::Writer writer(directory / "full.fits");
    writer.image("", sample_image<float>(200, 200), {}, plain);
    writer.close();
  };
  CHECK_THROWS_WITH_AS(write(), doctest::Contains("full.fits: cannot write"), DataError);
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(!std::filesystem::exists(directory / "full.fits"));
}

TEST_CASE("fits: file names are taken literally") {
  TemporaryDirectory const directory;
  for (char const* name : {"ok.fits(x.fits)", "m31[1].fits", "!a.fits", "a.fits[col x]", "-"}) {
    fits::Writer writer(directory / name);
    writer.image("", sample_image<float>(3, 3), {}, plain);
    writer.close();
    CHECK(fits::Reader(directory / name).hdu_count() == 1);
  }
  CHECK(!std::filesystem::exists(directory / "x.fits"));
  CHECK_THROWS_AS(fits::Reader("http://localhost/a.fits"), NotFoundError);
  CHECK_THROWS_AS(fits::Reader(directory / "missing.fits"), NotFoundError);
  CHECK_THROWS_AS(fits::Reader(directory.path()), DataError);
}

TEST_CASE("fits: the fill of the last block may be missing") {
  TemporaryDirectory const directory;
  Image<float> const image = sample_image<float>(10, 10);
  fits::Writer writer(directory / "a.fits");
  writer.image("", image, {}, plain);
  writer.close();
  std::string const bytes = bytes_of(directory / "a.fits");
  put_bytes(directory / "b.fits", bytes.substr(0, bytes.size() - 2880 + 400));
  CHECK(same_bits(fits::Reader(directory / "b.fits").image<float>(0), image));
}
