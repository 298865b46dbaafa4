// Damaged and hostile FITS files: a DataError that names the file, never a crash or a hang.
#include <chrono>
#include <cstdlib>
#include <random>

#include <doctest/doctest.h>

#include "almagest/error.hpp"
#include "almagest/fits.hpp"
#include "unit/temporary_directory.hpp"

using namespace almagest;

namespace {

/// Reads everything that a file claims to hold.
void read_all(std::filesystem::path const& path) {
  fits::Reader reader(path);
  for (int i = 0; i < reader.hdu_count(); ++i) {
    Header const header = reader.header(i);
    Value const* const extension = header.find("XTENSION");
    if (extension && *extension == Value(std::string("BINTABLE")))
      reader.table(i);
    else if (header.integer("NAXIS") > 0)
      reader.image<float>(i);
  }
}

void read_table(std::filesystem::path const& path) {
  fits::Reader reader(path);
  reader.table(reader.require("TABLE"));
}

/// A small file with everything in it: an image, a compressed one, a table with a heap.
std::string sample_file(fits::Compression compression) {
  TemporaryDirectory const directory;
  fits::Writer writer(directory / "a.fits");
  Image<float> image(40, 20);
  for (std::size_t i = 0; i < image.pixels().size(); ++i)
    image.pixels()[i] = static_cast<float>(i * i % 97);
  Header header;
  header.set("OBJECT", std::string("a star"), "what it is");
  writer.primary(header);
  writer.image("PLAIN", image, header, {});
  writer.image("TILES", image, header, {compression, 4.0});
  fits::Table table;
  table.rows = 3;
  fits::TableColumn bytes;
  bytes.name = "s";
  bytes.values = std::vector<std::vector<std::uint8_t>>{{1, 2, 3}, {4}, {}};
  table.columns.push_back(bytes);
  fits::TableColumn names;
  names.name = "name";
  names.values = std::vector<std::string>{"x", "yy", "zzz"};
  table.columns.push_back(names);
  writer.table("TABLE", table);
  writer.close();
  return bytes_of(directory / "a.fits");
}

std::string card(std::string text) {
  text.resize(80, ' ');
  return text;
}

/// A file of these cards and as many bytes of data.
std::string file_of(std::vector<std::string> const& cards, std::size_t data) {
  std::string bytes;
  for (std::string const& text : cards) bytes += card(text);
  bytes += card("END");
  bytes.resize((bytes.size() + 2879) / 2880 * 2880, ' ');
  return bytes + std::string(data, '\0');
}

/// Replaces the first occurrence.
std::string with(std::string bytes, std::string const& old, std::string const& replacement) {
  std::size_t const at = bytes.find(old);
  REQUIRE(at != std::string::npos);
  return bytes.replace(at, replacement.size(), replacement);
}

/// The message with which reading fails.
std::string failure(std::string const& bytes) {
  TemporaryDirectory const directory;
  put_bytes(directory / "bad.fits", bytes);
  try {
    read_all(directory / "bad.fits");
  } catch (DataError const& error) {
    CHECK(std::string(error.what()).find("bad.fits") != std::string::npos);
    return error.what();
  }
  return "no error";
}

bool contains(std::string const& text, std::string const& part) {
  INFO(text);
  CHECK(text.find(part) != std::string::npos);
  return true;
}

std::string gzip(std::string const& bytes) {
  TemporaryDirectory const directory;
  put_bytes(directory / "plain", bytes);
  REQUIRE(std::system(("gzip -n " + (directory / "plain").string()).c_str()) == 0);
  return bytes_of(directory / "plain.gz");
}

}  // namespace

TEST_CASE("hostile fits: what is no FITS file is told so") {
  contains(failure(""), "is no FITS file");
  contains(failure("SIMPLE"), "is no FITS file");
  contains(failure(std::string(5000, 'x')), "is no FITS file");
  contains(failure(card("SIMPLE  =                    T") + std::string(5760, ' ')), "no END card");
}

TEST_CASE("hostile fits: sizes are checked against the file before anything is allocated") {
  auto const image = [](std::string const& axis1, std::string const& axis2) {
    return file_of({"SIMPLE  =                    T", "BITPIX  =                  -32",
                    "NAXIS   =                    2", "NAXIS1  = " + axis1, "NAXIS2  = " + axis2},
                   2880);
  };
  contains(failure(image("100000", "100000")), "declares 40000000000 bytes of data, but the file");
  contains(failure(image("1000000000000", "1000000000000")), "beyond any file");
  contains(failure(image("99999999999999999999999", "1")), "NAXIS1");
  contains(failure(image("-5", "3")), "NAXIS1 = -5 is outside");
  contains(failure(image("1.5", "3")), "NAXIS1");
  contains(failure(image("'10'", "3")), "NAXIS1");
  contains(failure(image("", "3")), "NAXIS1");
  contains(failure(file_of({"SIMPLE  =                    T", "BITPIX  = 17", "NAXIS   = 0"}, 0)),
           "BITPIX = 17");
  contains(failure(file_of({"SIMPLE  =                    T", "BITPIX  = 8", "NAXIS = 0"}, 0)),
           "NAXIS");
  contains(
      failure(file_of(
          {"SIMPLE  =                    T", "BITPIX  = 8", "NAXIS   =              1000000"}, 0)),
      "NAXIS = 1000000");
  contains(failure(file_of({"SIMPLE  =                    F", "BITPIX  = 8", "NAXIS   = 0"}, 0)),
           "SIMPLE");
}

TEST_CASE("hostile fits: a truncated file is told so, wherever it ends") {
  TemporaryDirectory const directory;
  std::string const good = sample_file(fits::Compression::gzip);
  CHECK(failure(good) == "no error");
  for (std::size_t size = 80; size + 2880 < good.size(); size += 977) {
    put_bytes(directory / "short.fits", good.substr(0, size));
    // Where it ends between two extensions, those before it are sound and the last is missing.
    CHECK_THROWS_AS(read_table(directory / "short.fits"), DataError);
  }
  std::string const compressed = gzip(good);
  CHECK(failure(compressed) == "no error");
  contains(failure(compressed.substr(0, compressed.size() / 2)), "gzip data are damaged");
  contains(failure(good + std::string(2880, 'x')), "what follows it is no FITS extension");
  CHECK(failure(good + std::string(2880, '\0')) == "no error");
}

TEST_CASE("hostile fits: checksums find a single changed bit, in the data and in the header") {
  std::string good = sample_file(fits::Compression::gzip);
  std::size_t const data = good.find("PLAIN");
  std::string damaged = good;
  damaged[(data / 2880 + 2) * 2880 + 10] ^= 1;
  contains(failure(damaged), "bad.fits[1] (PLAIN): the data's checksum is wrong (DATASUM");
  contains(failure(with(good, "a star", "a moon")),
           "bad.fits[0]: the checksum is wrong (CHECKSUM)");
  contains(failure(with(good, "DATASUM = '", "DATASUM = 'x")), "is no checksum");
  // Cameras whose checksums are known to be stale are read all the same.
  TemporaryDirectory const directory;
  put_bytes(directory / "a.fits", damaged);
  CHECK(fits::Reader(directory / "a.fits", fits::Checksums::ignore).image<float>(1).width() == 40);
}

TEST_CASE("hostile fits: table layouts that contradict themselves") {
  auto const table = [](std::string const& form, std::string const& pcount,
                        std::string const& heap) {
    std::string bytes =
        file_of({"SIMPLE  =                    T", "BITPIX  = 8", "NAXIS   = 0"}, 0);
    return bytes + file_of({"XTENSION= 'BINTABLE'", "BITPIX  = 8", "NAXIS   = 2", "NAXIS1  = 8",
                            "NAXIS2  = 2", "PCOUNT  = " + pcount, "GCOUNT  = 1", "TFIELDS = 1",
                            "TFORM1  = '" + form + "'", "TTYPE1  = 'a'", heap},
                           2880);
  };
  CHECK(failure(table("1D", "0", "")) == "no error");
  CHECK(failure(table("1PB", "0", "")) == "no error");
  contains(failure(table("2D", "0", "")), "wider than NAXIS1");
  contains(failure(table("1E", "0", "")), "NAXIS1 = 8");
  contains(failure(table("9223372036854775807D", "0", "")), "TFORM1");
  contains(failure(table("99999999999999999999D", "0", "")), "TFORM1");
  contains(failure(table("-1D", "0", "")), "TFORM1");
  contains(failure(table("1Z", "0", "")), "TFORM1");
  contains(failure(table("1P", "0", "")), "TFORM1");
  contains(failure(table("1PB", "100000", "")), "the file ends");
  contains(failure(table("1PB", "16", "THEAP   = 7")), "THEAP");
  contains(failure(table("1PB", "16", "THEAP   = 5000")), "THEAP");
  // A descriptor beyond the heap; then two that share it and would multiply its size.
  std::string beyond = table("1PB", "16", "");
  beyond[2880 * 2 + 3] = 17;
  contains(failure(beyond), "is not inside the heap");
  std::string shared = table("1PB", "16", "");
  shared[2880 * 2 + 3] = shared[2880 * 2 + 11] = 16;
  contains(failure(shared), "is not inside the heap");
}

TEST_CASE("hostile fits: a gzip file that claims another size is refused") {
  std::string liar = gzip(sample_file(fits::Compression::gzip));
  for (std::size_t i = 1; i <= 4; ++i) liar[liar.size() - i] = '\xff';
  contains(failure(liar), "gzip data are damaged");
}

TEST_CASE("hostile fits: compressed images whose cards lie") {
  std::string const good = sample_file(fits::Compression::gzip);
  auto const lie = [&](std::string const& old, std::string const& replacement) {
    TemporaryDirectory const directory;
    put_bytes(directory / "bad.fits", with(good, old, replacement));
    std::string message = "no error";
    try {
      fits::Reader reader(directory / "bad.fits", fits::Checksums::ignore);
      reader.header(2);
      reader.image<float>(2);
    } catch (DataError const& error) {
      message = error.what();
    }
    return message;
  };
  contains(lie("ZNAXIS2 =                   20", "ZNAXIS2 =                   21"), "21 tiles");
  contains(lie("ZNAXIS1 =                   40", "ZNAXIS1 =           1000000000"), "pixels");
  contains(lie("ZNAXIS1 =                   40", "ZNAXIS1 =                   -4"), "ZNAXIS1");
  contains(lie("ZTILE1  =                   40", "ZTILE1  =                    0"), "ZTILE1");
  contains(lie("ZCMPTYPE= 'GZIP_2", "ZCMPTYPE= 'GZIP_9"), "no known compression");
  contains(lie("ZBITPIX =                  -32", "ZBITPIX =                  -31"), "ZBITPIX");
}

TEST_CASE("hostile fits: hundreds of random changes give data or a DataError, quickly") {
  TemporaryDirectory const directory;
  std::mt19937 random(20240607);  // its sequence is the same everywhere
  auto const below = [&random](std::size_t n) { return random() % n; };
  for (fits::Compression const compression : {fits::Compression::gzip, fits::Compression::rice}) {
    std::string const good = sample_file(compression);
    auto const path = directory / "mutant.fits";
    for (int i = 0; i < 300; ++i) {
      std::string bytes = good;
      for (std::size_t changes = 1 + below(4); changes > 0; --changes) {
        std::size_t const at = below(bytes.size());
        switch (below(4)) {
          case 0:
            bytes[at] = static_cast<char>(random());
            break;
          case 1:
            bytes[at] = "0123456789 '=TFE"[below(16)];
            break;
          case 2:
            bytes.erase(at, below(100));
            break;
          default:
            bytes.insert(at, bytes.substr(below(bytes.size()), below(100)));
        }
      }
      put_bytes(path, bytes);
      auto const start = std::chrono::steady_clock::now();
      try {
        read_all(path);
      } catch (DataError const&) {
        // what must happen to nearly all of them
      }
      CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(2));
    }
  }
}

TEST_CASE("hostile fits: headers without checksums, changed at random, give data or a DataError") {
  TemporaryDirectory const directory;
  std::string good = sample_file(fits::Compression::gzip);
  for (std::size_t at = 0; (at = good.find("CHECKSUM=", at)) != std::string::npos;)
    good.replace(at, 160, std::string(160, ' '));
  std::size_t const tiles = good.find("TILES") / 2880 * 2880;  // its data are for CFITSIO
  std::mt19937 random(1);
  for (int i = 0; i < 600; ++i) {
    std::string bytes = good;
    for (int changes = 0; changes < 3; ++changes) {
      std::size_t const at = random() % bytes.size();
      bool const in_tiles = at >= tiles && at < tiles + 4 * 2880;
      if (!in_tiles) bytes[at] = "0123456789 '=TFE"[random() % 16];
    }
    put_bytes(directory / "mutant.fits", bytes);
    try {
      read_all(directory / "mutant.fits");
    } catch (DataError const&) {
    }
  }
}
