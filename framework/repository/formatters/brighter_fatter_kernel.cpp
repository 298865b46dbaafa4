#include <fmt/format.h>

#include <cmath>

#include "almagest/calibrations.hpp"
#include "almagest/fits.hpp"
#include "repository/formatters/formatters.hpp"
#include "repository/formatters/number_matrix.hpp"
#include "repository/formatters/primary_header.hpp"
#include "repository/text_table.hpp"

namespace almagest {
namespace {

constexpr char const* extension_name = "KERNEL";

void check(Image<double> const& kernel, std::string const& file) {
  int const side = kernel.width();
  if (kernel.empty() || kernel.height() != side || side % 2 == 0)
    throw DataError(
        fmt::format("{}: a brighter-fatter kernel has as many rows as columns, and an "
                    "odd number of them; got {} rows and {} columns",
                    file, kernel.height(), side));
  for (double const k : kernel.pixels())
    if (!std::isfinite(k))
      throw DataError(file + ": a value of the brighter-fatter kernel is not finite");
}

Image<double> read_fits(std::filesystem::path const& path) {
  fits::Reader reader(path);
  Image<double> kernel = reader.image<double>(reader.find(extension_name).value_or(0));
  kernel.set_origin({0, 0});
  return kernel;
}

BrighterFatterKernel read(std::filesystem::path const& path,
                          Formatter::ReadRequest const& /*request*/) {
  BrighterFatterKernel kernel{looks_like_fits(path) ? read_fits(path) : read_number_matrix(path)};
  check(kernel.kernel, path.string());
  return kernel;
}

void write(BrighterFatterKernel const& kernel, std::filesystem::path const& path,
           Formatter::WriteRequest const& request) {
  check(kernel.kernel, path.string());
  fits::Writer writer(path);
  writer.primary(product_header(ProductTraits<BrighterFatterKernel>::id, request));
  Header cards;
  cards.set("BUNIT", std::string("1/electron"), "unit of the kernel");
  writer.image(extension_name, kernel.kernel, cards, {});
  writer.close();
}

}  // namespace

std::shared_ptr<Formatter const> brighter_fatter_kernel_formatter() {
  return std::make_shared<FunctionFormatter<BrighterFatterKernel>>("fits", &read, &write);
}

}  // namespace almagest
