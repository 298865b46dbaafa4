// Crosstalk, linearity and brighter-fatter kernels in files: ours come back bit by bit, LSST's and
// plain texts are understood, broken ones are refused with their place.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "almagest/amplifier_table.hpp"
#include "almagest/calibrations.hpp"
#include "almagest/error.hpp"
#include "almagest/fits.hpp"
#include "repository/formatters/formatters.hpp"
#include "unit/temporary_directory.hpp"

using namespace almagest;

namespace {

template <class T>
T read(std::shared_ptr<Formatter const> const& formatter, std::filesystem::path const& path) {
  return formatter->read(path, {}).template get<T>();
}
template <class T>
void write(std::shared_ptr<Formatter const> const& formatter, T const& product,
           std::filesystem::path const& path) {
  formatter->write(AnyProduct::make(product), path, {});
}

bool same(Image<double> const& a, Image<double> const& b) {
  return a.width() == b.width() && a.height() == b.height() &&
         std::ranges::equal(a.pixels(), b.pixels());
}

/// The message, without the directory.
std::string refusal(TemporaryDirectory const& directory, std::function<void()> const& action) {
  try {
    action();
  } catch (Error const& e) {
    std::string message = e.what();
    std::string const prefix = directory.path().string() + "/";
    for (auto at = message.find(prefix); at != std::string::npos; at = message.find(prefix))
      message.erase(at, prefix.size());
    return message;
  }
  return "nothing is wrong";
}

std::optional<std::filesystem::path> real_data(char const* file) {
  char const* const set = std::getenv("ALMAGEST_TESTDATA");
  std::filesystem::path const root = set ? set : ALMAGEST_SOURCE_DIR "/../shared/data";
  if (std::filesystem::exists(root / file)) return root / file;
  char const* const ci = std::getenv("CI");
  REQUIRE_MESSAGE((!ci || std::string(ci) != "true"), "no test data at " << (root / file).string());
  MESSAGE("skipped: no test data at " << (root / file).string() << " (set ALMAGEST_TESTDATA)");
  return std::nullopt;
}

Crosstalk two_amplifiers() {
  Crosstalk crosstalk;
  crosstalk.amplifiers = {"C00", "C01"};
  crosstalk.linear = Image<double>(2, 2);
  crosstalk.linear(1, 0) = -1.0 / 3e4;  // from C00 to C01
  crosstalk.quadratic = Image<double>(2, 2);
  crosstalk.quadratic(0, 1) = 1.0 / 7e9;
  return crosstalk;
}

}  // namespace

TEST_CASE("crosstalk: a file of ours comes back as it was") {
  TemporaryDirectory directory;
  Crosstalk const written = two_amplifiers();
  write(crosstalk_formatter(), written, directory / "a.fits");
  Crosstalk const back = read<Crosstalk>(crosstalk_formatter(), directory / "a.fits");
  CHECK(back.amplifiers == written.amplifiers);
  CHECK(same(back.linear, written.linear));
  CHECK(same(back.quadratic, written.quadratic));
  Crosstalk plain = written;
  plain.amplifiers.clear();
  plain.quadratic = {};
  write(crosstalk_formatter(), plain, directory / "b.fits");
  CHECK(read<Crosstalk>(crosstalk_formatter(), directory / "b.fits").quadratic.empty());
}

TEST_CASE("crosstalk: rows of a text are sources, columns targets") {
  TemporaryDirectory directory;
  put_bytes(directory / "a.csv", "# HSC\n\n0,-124e-6\n 2e-4 , 0  # to the left\n");
  Crosstalk const crosstalk = read<Crosstalk>(crosstalk_formatter(), directory / "a.csv");
  CHECK(crosstalk.linear(1, 0) == -124e-6);  // target 1, source 0
  CHECK(crosstalk.linear(0, 1) == 2e-4);
  CHECK(crosstalk.quadratic.empty());
}

TEST_CASE("crosstalk: LSST's ECSV is understood, and counts what was not measured as nothing") {
  TemporaryDirectory directory;
  std::string const head =
      "# %ECSV 1.0\n# ---\n# datatype:\n# - {name: CT_COEFFS, datatype: string}\n"
      "# schema: astropy-2.0\nCT_COEFFS CT_VALID CT_COEFFS_SQR\n";
  put_bytes(directory / "a.ecsv",
            head + "[0.0,1e-4,2e-4,0.0] [false,true,false,false] \"[0.0, 1e-9, 2e-9, 0.0]\"\n");
  Crosstalk const crosstalk = read<Crosstalk>(crosstalk_formatter(), directory / "a.ecsv");
  CHECK(crosstalk.linear(1, 0) == 1e-4);
  CHECK(crosstalk.linear(0, 1) == 0.0);
  CHECK(crosstalk.quadratic(1, 0) == 1e-9);

  // Numbers read off the file by eye; a row is a source.
  auto const path = real_data("lsst/calib/crosstalk/r22_s11/19700101T000000.ecsv");
  if (!path) return;
  Crosstalk const real = read<Crosstalk>(crosstalk_formatter(), *path);
  CHECK(real.linear.width() == 16);
  CHECK(real.linear(1, 0) == 0.00023459230349434464);
  CHECK(real.linear(0, 1) == 0.00020311693999043291);
  CHECK(real.linear(5, 5) == 0.0);
  CHECK(real.quadratic(1, 0) == -3.7234564660682336e-10);
}

TEST_CASE("crosstalk: broken files are refused with their place") {
  TemporaryDirectory directory;
  auto const of_text = [&](std::string const& name, std::string const& text) {
    put_bytes(directory / name, text);
    return refusal(directory, [&] { read<Crosstalk>(crosstalk_formatter(), directory / name); });
  };
  CHECK(of_text("a.csv", "0,1e-4\n1e-4,x\n") == "a.csv:2: 'x' is no finite number");
  CHECK(of_text("b.csv", "0,nan\n1e-4,0\n") == "b.csv:1: 'nan' is no finite number");
  CHECK(of_text("c.csv", "0,1e-4\n1e-4\n") == "c.csv:2: 1 numbers, but 2 in the rows above");
  CHECK(of_text("d.csv", "# nothing\n") == "d.csv: has no numbers");
  CHECK(of_text("e.csv", "0,1,2\n3,4,5\n") ==
        "e.csv: the linear crosstalk matrix has 2 rows and 3 columns, want 3 of each");
  std::string const head = "# %ECSV 1.0\nCT_COEFFS CT_VALID\n";
  CHECK(of_text("f.ecsv", head + "[0.0,1.0,2.0] [true,true,true]\n") ==
        "f.ecsv: CT_COEFFS: 3 numbers are no square matrix");
  CHECK(of_text("g.ecsv", head + "[0.0,1.0,2.0,0.0] [true]\n") ==
        "g.ecsv: CT_COEFFS: 4 numbers, but CT_VALID has 1");
  CHECK(of_text("h.ecsv", head + "[0.0,one] [true]\n") == "h.ecsv: CT_COEFFS: 'one' is no number");
  CHECK(of_text("i.ecsv", head + "[NaN] [true]\n") ==
        "i.ecsv: a linear crosstalk coefficient is not finite");
  Crosstalk wrong = two_amplifiers();
  wrong.amplifiers.pop_back();
  CHECK(refusal(directory, [&] { write(crosstalk_formatter(), wrong, directory / "w.fits"); }) ==
        "w.fits: 1 amplifiers, but a crosstalk matrix of 2");
  CHECK(!std::filesystem::exists(directory / "w.fits"));
  write(brighter_fatter_kernel_formatter(), BrighterFatterKernel{Image<double>(3, 3)},
        directory / "k.fits");
  CHECK(refusal(directory, [&] {
          read<Crosstalk>(crosstalk_formatter(), directory / "k.fits");
        }).find("k.fits") == 0);
  CHECK(refusal(directory, [&] {
          read<Crosstalk>(crosstalk_formatter(), directory / "absent.csv");
        }).find("absent.csv: there is no such file") == 0);
}

TEST_CASE("linearity table: a file of ours comes back as it was") {
  TemporaryDirectory directory;
  LinearityTable table;
  table.amplifiers["C00"] = {Linearity::Type::spline, {0.0, 1e4, 0.1, 1.0 / 3.0}, {}};
  table.amplifiers["C01"] = {Linearity::Type::lookup_table, {0.0, 0.5}, {1.0F, 2.5F, 1.0F / 3.0F}};
  table.amplifiers["C02"] = {};
  write(linearity_table_formatter(), table, directory / "a.fits");
  CHECK(read<LinearityTable>(linearity_table_formatter(), directory / "a.fits").amplifiers ==
        table.amplifiers);
}

TEST_CASE("linearity table: texts are read, and refused with their row") {
  TemporaryDirectory directory;
  auto const of_text = [&](std::string const& text) {
    put_bytes(directory / "a.csv", text);
    return read<LinearityTable>(linearity_table_formatter(), directory / "a.csv");
  };
  LinearityTable const table = of_text(
      "# made by hand\namplifier,type,coefficients,table\nA,squared,1e-7,\n"
      "B,lookup_table,0 0.5,1 2  3.5\nC,none,,\n");
  CHECK(table.amplifiers.at("A") == Linearity{Linearity::Type::squared, {1e-7}, {}});
  CHECK(table.amplifiers.at("B") ==
        Linearity{Linearity::Type::lookup_table, {0.0, 0.5}, {1.0F, 2.0F, 3.5F}});
  CHECK(table.amplifiers.at("C").type == Linearity::Type::none);

  std::string const head = "amplifier,type,coefficients\n";
  auto const why = [&](std::string const& rows) {
    return refusal(directory, [&] { of_text(head + rows); });
  };
  CHECK(why("A,cubic,1\n") ==
        "a.csv, row 1: 'cubic' is no type of linearity; known: none, squared, polynomial, "
        "lookup_table, spline, double_spline");
  CHECK(why("A,squared,1e-7\nA,squared,2e-7\n") == "a.csv, row 2: amplifier 'A' is there twice");
  CHECK(why("A,squared,inf\n") == "a.csv, row 1: a coefficient is not finite");
  CHECK(why("A,squared,1e-7 z\n") == "a.csv, row 1: 'z' is no number");
  CHECK(why(",squared,1e-7\n") == "a.csv, row 1: the amplifier has no name");
}

TEST_CASE("amplifier table: files come back, texts are read, and refused with their row") {
  TemporaryDirectory directory;
  AmplifierTable table;
  table.amplifiers["C00"] = {{"cti", 1e-6 / 3.0}, {"drift_scale", 0.0}};
  table.amplifiers["C01"] = {{"cti", 0.0}};
  table.amplifiers["C02"] = {};
  write(amplifier_table_formatter(), table, directory / "a.fits");
  CHECK(read<AmplifierTable>(amplifier_table_formatter(), directory / "a.fits").amplifiers ==
        table.amplifiers);

  auto const of_text = [&](std::string const& text) {
    put_bytes(directory / "a.csv", text);
    return read<AmplifierTable>(amplifier_table_formatter(), directory / "a.csv").amplifiers;
  };
  auto const read_back = of_text("amplifier,cti,drift_scale\nC00,4.1e-7,\nC01,0,2e-4\n");
  CHECK(read_back.at("C00") == std::map<std::string, double>{{"cti", 4.1e-7}});
  CHECK(read_back.at("C01").size() == 2);
  auto const why = [&](std::string const& rows) {
    return refusal(directory, [&] { of_text("amplifier,cti\n" + rows); });
  };
  CHECK(why("A,1e-7\nA,2e-7\n") == "a.csv, row 2: amplifier 'A' is there twice");
  CHECK(why(",1e-7\n") == "a.csv, row 1: the amplifier has no name");
  CHECK(why("A,inf\n").starts_with("a.csv"));
}

TEST_CASE("brighter-fatter kernel: files come back, texts are read, wrong sizes refused") {
  TemporaryDirectory directory;
  BrighterFatterKernel kernel{Image<double>(5, 5)};
  for (int i = 0; i < 25; ++i) kernel.kernel.pixels()[std::size_t(i)] = -1e-7 / (i + 3.0);
  write(brighter_fatter_kernel_formatter(), kernel, directory / "a.fits");
  CHECK(same(
      read<BrighterFatterKernel>(brighter_fatter_kernel_formatter(), directory / "a.fits").kernel,
      kernel.kernel));
  auto const of_text = [&](std::string const& text) {
    put_bytes(directory / "a.txt", text);
    return read<BrighterFatterKernel>(brighter_fatter_kernel_formatter(), directory / "a.txt")
        .kernel;
  };
  Image<double> const text = of_text("# row = y\n0 1 0\n2 3 4\n0 5 0\n");
  CHECK(text(1, 0) == 1.0);
  CHECK(text(0, 1) == 2.0);
  CHECK(refusal(directory, [&] { of_text("1 2\n3 4\n"); }) ==
        "a.txt: a brighter-fatter kernel has as many rows as columns, and an odd number of them; "
        "got 2 rows and 2 columns");
  CHECK(refusal(directory, [&] { of_text("\x80\x02}q\x01"); }).find("a.txt:1: ") == 0);

  // The obs package's own copy is the measured kernel.
  auto const path = real_data("hsc/calib/bfKernel_17x17.txt");
  if (!path) return;
  auto const hsc = [&](std::filesystem::path const& file) {
    return read<BrighterFatterKernel>(brighter_fatter_kernel_formatter(), file).kernel;
  };
  Image<double> const measured = hsc(*path);
  Image<double> const ours = hsc(ALMAGEST_SOURCE_DIR "/obs_packages/obs_hsc/bf_kernel.txt");
  REQUIRE(ours.width() == 17);
  for (std::size_t i = 0; i < ours.pixels().size(); ++i)
    CHECK(ours.pixels()[i] == doctest::Approx(measured.pixels()[i]).epsilon(1e-9));
  Crosstalk const crosstalk = read<Crosstalk>(
      crosstalk_formatter(), ALMAGEST_SOURCE_DIR "/obs_packages/obs_hsc/crosstalk.csv");
  CHECK(same(crosstalk.linear,
             read<Crosstalk>(crosstalk_formatter(), *real_data("hsc/calib/hsc_crosstalk_4x4.csv"))
                 .linear));
}
