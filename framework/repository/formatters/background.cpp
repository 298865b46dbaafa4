#include "almagest/background.hpp"

#include "repository/formatters/chebyshev_table.hpp"
#include "repository/formatters/fits_formatter.hpp"
#include "repository/formatters/formatters.hpp"
#include "repository/formatters/primary_header.hpp"

namespace almagest {
namespace {

constexpr char const* extension = "MODELS";

Background read(fits::Reader& reader, Formatter::ReadRequest const& /*request*/) {
  return {chebyshev_models(reader.table(reader.require(extension)))};
}

void write(fits::Writer& writer, Background const& background,
           Formatter::WriteRequest const& request) {
  writer.primary(product_header(ProductTraits<Background>::id, request));
  fits::Table table = chebyshev_table(background.models);
  table.header.set("BUNIT", std::string("adu"), "unit of the models, which add up");
  writer.table(extension, table);
}

}  // namespace

std::shared_ptr<Formatter const> background_formatter() {
  return std::make_shared<FitsFormatter<Background>>(&read, &write);
}

}  // namespace almagest
