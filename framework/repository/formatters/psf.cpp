#include "almagest/psf.hpp"

#include "repository/formatters/fits_formatter.hpp"
#include "repository/formatters/formatters.hpp"
#include "repository/formatters/primary_header.hpp"
#include "repository/formatters/psf_table.hpp"

namespace almagest {
namespace {

using SharedPsf = std::shared_ptr<Psf const>;

void write(fits::Writer& writer, SharedPsf const& psf, Formatter::WriteRequest const& request) {
  if (!psf) throw DataError("there is no PSF to store");
  writer.primary(product_header(ProductTraits<SharedPsf>::id, request));
  writer.table("PSF", psf_table(psf->state()));
}

}  // namespace

std::shared_ptr<Formatter const> psf_formatter(PsfFromState psf_from_state) {
  auto read = [make = std::move(psf_from_state)](fits::Reader& reader,
                                                 Formatter::ReadRequest const& /*request*/) {
    return make(psf_state(reader.table(reader.require("PSF"))));
  };
  return std::make_shared<FitsFormatter<SharedPsf>>(std::move(read), &write);
}

}  // namespace almagest
