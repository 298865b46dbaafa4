#include "field_psf.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "almagest/error.hpp"
#include "almagest/fits.hpp"
#include "table_lookup.hpp"

namespace obs_sdss {

using namespace almagest;

namespace {

/// Side of the coefficients' square in the table, whatever part of it is used.
constexpr int coefficient_side = 5;
/// Positions are in thousands of pixels in the polynomials.
constexpr double position_scale = 0.001;
/// Side of the kernel that is kept; the eigenimages are zero outside.
constexpr int kernel_side = 31;

/// A count that the table gives for an eigenimage.
int require_count(double value, int lowest, int highest, std::string const& column,
                  std::filesystem::path const& path) {
  if (!(value >= lowest && value <= highest))
    throw DataError(path.string() + ": " + column + " should be in " + std::to_string(lowest) +
                    ".." + std::to_string(highest) + ", got " + to_string(Value(value)));
  return static_cast<int>(value);
}

/// The central square of an eigenimage.
Image<double> central_square(std::span<float const> pixels, int rows, int columns) {
  int const half = kernel_side / 2;
  Image<double> square = Image<double>::uninitialised(Box{-half, -half, kernel_side, kernel_side});
  for (int y = 0; y < kernel_side; ++y) {
    auto const start =
        static_cast<std::size_t>((rows / 2 - half + y) * columns + columns / 2 - half);
    std::ranges::copy(pixels.subspan(start, kernel_side), square.row(y).begin());
  }
  return square;
}

}  // namespace

FieldPsf read_field_psf(std::filesystem::path const& path, Formatter::ReadRequest const& request) {
  fits::Reader reader(path);
  std::string const& filter = request.id.text("filter");
  std::size_t const hdu = position_in_list(reader.header(0), "FILTERS", filter) + 1;
  fits::Table const table =
      require_table(reader, hdu, "the PSF eigenimages of filter " + filter, path);
  if (table.rows == 0) throw DataError(path.string() + ": no PSF eigenimage for filter " + filter);

  constexpr int most_pixels = 1001;  // a side beyond it can only be a broken file
  Numbers const orders_row(table, "nrow_b", 1, path);
  Numbers const orders_column(table, "ncol_b", 1, path);
  Numbers const coefficients(table, "c", coefficient_side * coefficient_side, path);
  Numbers const image_rows(table, "RNROW", 1, path);
  Numbers const image_columns(table, "RNCOL", 1, path);
  auto const& images = table.float_arrays("RROWS");

  // One polynomial order serves all eigenimages; what one of them does not use stays zero.
  int terms_x = 1;
  int terms_y = 1;
  for (std::size_t k = 0; k < images.size(); ++k) {
    terms_y = std::max(terms_y, require_count(orders_row(k), 1, coefficient_side, "nrow_b", path));
    terms_x =
        std::max(terms_x, require_count(orders_column(k), 1, coefficient_side, "ncol_b", path));
  }

  std::vector<KernelPsf::Basis> basis;
  for (std::size_t k = 0; k < images.size(); ++k) {
    int const rows = require_count(image_rows(k), kernel_side, most_pixels, "RNROW", path);
    int const columns = require_count(image_columns(k), kernel_side, most_pixels, "RNCOL", path);
    if (images[k].size() != static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns))
      throw DataError(path.string() + ": eigenimage " + std::to_string(k + 1) + " of filter " +
                      filter + " has " + std::to_string(images[k].size()) + " pixels, not " +
                      std::to_string(rows) + " × " + std::to_string(columns));
    std::vector<double> terms(static_cast<std::size_t>(terms_x * terms_y), 0.0);
    for (int j = 0; j < static_cast<int>(orders_row(k)); ++j)
      for (int i = 0; i < static_cast<int>(orders_column(k)); ++i)
        terms[static_cast<std::size_t>(i * terms_y + j)] =
            coefficients(k, static_cast<std::size_t>(coefficient_side * j + i));
    if (!std::ranges::all_of(terms, [](double c) { return std::isfinite(c); }))
      throw DataError(path.string() + ": a PSF coefficient of filter " + filter +
                      " is not a number");
    basis.push_back({central_square(images[k], rows, columns), std::move(terms)});
  }
  return {std::make_shared<KernelPsf>(std::move(basis), terms_x - 1, terms_y - 1, position_scale)};
}

}  // namespace obs_sdss
