#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <optional>
#include <string_view>

#include "almagest/calibrations.hpp"
#include "almagest/fits.hpp"
#include "repository/formatters/formatters.hpp"
#include "repository/formatters/number_matrix.hpp"
#include "repository/formatters/primary_header.hpp"
#include "repository/formatters/table_building.hpp"
#include "repository/text_table.hpp"

namespace almagest {
namespace {

constexpr char const* linear_name = "LINEAR";
constexpr char const* quadratic_name = "QUADRATIC";
constexpr char const* amplifiers_name = "AMPLIFIERS";

/// \throws DataError when the matrices are not square, of one size, finite, or named one by one
Crosstalk checked(Crosstalk crosstalk, std::string const& file) {
  int const size = crosstalk.linear.width();
  auto const require_square = [&](Image<double> const& matrix, char const* which) {
    if (matrix.empty() || matrix.width() != size || matrix.height() != size)
      throw DataError(
          fmt::format("{}: the {} crosstalk matrix has {} rows and {} columns, want {} "
                      "of each",
                      file, which, matrix.height(), matrix.width(), size));
    for (double const c : matrix.pixels())
      if (!std::isfinite(c))
        throw DataError(fmt::format("{}: a {} crosstalk coefficient is not finite", file, which));
  };
  require_square(crosstalk.linear, "linear");
  if (!crosstalk.quadratic.empty()) require_square(crosstalk.quadratic, "quadratic");
  if (!crosstalk.amplifiers.empty() &&
      crosstalk.amplifiers.size() != static_cast<std::size_t>(size))
    throw DataError(fmt::format("{}: {} amplifiers, but a crosstalk matrix of {}", file,
                                crosstalk.amplifiers.size(), size));
  return crosstalk;
}

// ---- LSST's form: one row, its cells matrices, row after row; a row is a source -----------------

/// \param valid  0 where a coefficient was not measured and counts as 0; may be empty
Image<double> square_of(std::vector<double> const& numbers, std::vector<double> const& valid,
                        std::string const& what) {
  auto const side = static_cast<int>(std::lround(std::sqrt(static_cast<double>(numbers.size()))));
  if (numbers.empty() ||
      static_cast<std::size_t>(side) * static_cast<std::size_t>(side) != numbers.size())
    throw DataError(fmt::format("{}: {} numbers are no square matrix", what, numbers.size()));
  if (!valid.empty() && valid.size() != numbers.size())
    throw DataError(
        fmt::format("{}: {} numbers, but CT_VALID has {}", what, numbers.size(), valid.size()));
  Image<double> matrix(side, side);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    matrix.pixels()[i] = valid.empty() || valid[i] != 0.0 ? numbers[i] : 0.0;
  return matrix;
}

/// The numbers of "[1.0,2e-3,…]"; true and false count as 1 and 0.
std::vector<double> numbers_of_list(std::string_view text, std::string const& what) {
  if (text.size() < 2 || text.front() != '[' || text.back() != ']')
    throw DataError(what + ": want a list in square brackets");
  text = text.substr(1, text.size() - 2);
  std::vector<double> numbers;
  while (!text.empty()) {
    std::string_view word = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    word.remove_prefix(std::min(word.find_first_not_of(' '), word.size()));
    word = word.substr(0, word.find_last_not_of(' ') + 1);
    double number = word == "true" ? 1.0 : 0.0;
    if (word != "true" && word != "false") {
      auto const [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
      if (error != std::errc() || end != word.data() + word.size())
        throw DataError(fmt::format("{}: '{}' is no number", what, word.substr(0, 40)));
    }
    numbers.push_back(number);
  }
  return numbers;
}

Crosstalk read_ecsv(std::filesystem::path const& path) {
  TextTable const table(path);
  if (table.rows() != 1)
    throw DataError(fmt::format("{}: want one row of crosstalk coefficients, got {}", path.string(),
                                table.rows()));
  auto const numbers = [&](std::size_t column, char const* name) {
    return numbers_of_list(table.text(0, column), fmt::format("{}: {}", path.string(), name));
  };
  std::vector<double> valid;
  if (auto const column = table.find("CT_VALID")) valid = numbers(*column, "CT_VALID");
  Crosstalk crosstalk;
  crosstalk.linear = square_of(numbers(table.require("CT_COEFFS"), "CT_COEFFS"), valid,
                               path.string() + ": CT_COEFFS");
  if (auto const column = table.find("CT_COEFFS_SQR"))
    crosstalk.quadratic =
        square_of(numbers(*column, "CT_COEFFS_SQR"), valid, path.string() + ": CT_COEFFS_SQR");
  return crosstalk;
}

Crosstalk lsst_table(fits::Table const& table) {
  std::string const origin = table.header.origin();
  if (table.rows != 1) throw DataError(origin + ": want one row of crosstalk coefficients");
  auto const has = [&](char const* name) {
    return std::ranges::any_of(table.columns,
                               [&](fits::TableColumn const& c) { return c.name == name; });
  };
  std::vector<double> const valid =
      has("CT_VALID") ? table.numbers("CT_VALID") : std::vector<double>();
  Crosstalk crosstalk;
  crosstalk.linear = square_of(table.numbers("CT_COEFFS"), valid, origin + ": CT_COEFFS");
  if (has("CT_COEFFS_SQR"))
    crosstalk.quadratic =
        square_of(table.numbers("CT_COEFFS_SQR"), valid, origin + ": CT_COEFFS_SQR");
  return crosstalk;
}

// ---- our own form: images, column = target, row = source ----------------------------------------

Crosstalk read_fits(std::filesystem::path const& path) {
  fits::Reader reader(path);
  auto const linear = reader.find(linear_name);
  if (!linear) {
    if (reader.hdu_count() < 2)
      throw DataError(fmt::format("{}: has neither an image {} nor a table of crosstalk",
                                  path.string(), linear_name));
    return lsst_table(reader.table(1));
  }
  Crosstalk crosstalk;
  crosstalk.linear = reader.image<double>(*linear);
  if (auto const hdu = reader.find(quadratic_name))
    crosstalk.quadratic = reader.image<double>(*hdu);
  if (auto const hdu = reader.find(amplifiers_name))
    crosstalk.amplifiers = reader.table(*hdu).texts("AMPLIFIER");
  return crosstalk;
}

bool is_ecsv(std::filesystem::path const& path) {
  std::ifstream file(path, std::ios::binary);
  std::string line;
  std::getline(file, line);
  return line.starts_with("# %ECSV");
}

Crosstalk read(std::filesystem::path const& path, Formatter::ReadRequest const& /*request*/) {
  Crosstalk crosstalk;
  if (looks_like_fits(path))
    crosstalk = read_fits(path);
  else if (is_ecsv(path))
    crosstalk = read_ecsv(path);
  else
    crosstalk.linear = read_number_matrix(path);
  return checked(std::move(crosstalk), path.string());
}

void write(Crosstalk const& crosstalk, std::filesystem::path const& path,
           Formatter::WriteRequest const& request) {
  checked(crosstalk, path.string());
  fits::Writer writer(path);
  writer.primary(product_header(ProductTraits<Crosstalk>::id, request));
  writer.image(linear_name, crosstalk.linear, {}, {});
  if (!crosstalk.quadratic.empty()) writer.image(quadratic_name, crosstalk.quadratic, {}, {});
  if (!crosstalk.amplifiers.empty()) {
    fits::Table table;
    table.rows = static_cast<std::int64_t>(crosstalk.amplifiers.size());
    add_column(table, "AMPLIFIER", "", "of the matrices' rows and columns", crosstalk.amplifiers);
    writer.table(amplifiers_name, table);
  }
  writer.close();
}

}  // namespace

std::shared_ptr<Formatter const> crosstalk_formatter() {
  return std::make_shared<FunctionFormatter<Crosstalk>>("fits", &read, &write);
}

}  // namespace almagest
