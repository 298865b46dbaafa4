#include "repository/formatters/fits_formatter.hpp"
#include "repository/formatters/footprint_tables.hpp"
#include "repository/formatters/formatters.hpp"
#include "repository/formatters/primary_header.hpp"

namespace almagest {
namespace {

FootprintSet read(fits::Reader& reader, Formatter::ReadRequest const& /*request*/) {
  Header const header = reader.header(0);
  FootprintSet set;
  set.box = {int_card(header, "BOXX0"), int_card(header, "BOXY0"), int_card(header, "BOXNX"),
             int_card(header, "BOXNY")};
  int const count = int_card(header, "NFOOT");
  constexpr int most = 5'000'000;  // bounds what a damaged card can make us allocate
  if (count < 0 || count > most) throw DataError(header.origin() + ": NFOOT is out of range");
  for (auto const& footprint : read_footprints(reader, static_cast<std::size_t>(count)))
    set.footprints.push_back(footprint ? std::move(*footprint) : Footprint());
  read_blends(reader, set);
  return set;
}

void write(fits::Writer& writer, FootprintSet const& set, Formatter::WriteRequest const& request) {
  Header header = product_header(ProductTraits<FootprintSet>::id, request);
  header.set("BOXX0", std::int64_t{set.box.x0}, "first column that was searched, from 0");
  header.set("BOXY0", std::int64_t{set.box.y0}, "first row that was searched, from 0");
  header.set("BOXNX", std::int64_t{set.box.width}, "columns that were searched");
  header.set("BOXNY", std::int64_t{set.box.height}, "rows that were searched");
  header.set("NFOOT", static_cast<std::int64_t>(set.footprints.size()), "footprints");
  writer.primary(header);
  std::vector<Footprint const*> footprints;
  for (Footprint const& footprint : set.footprints) footprints.push_back(&footprint);
  write_footprints(writer, footprints);
  write_blends(writer, set);
}

}  // namespace

std::shared_ptr<Formatter const> footprint_set_formatter() {
  return std::make_shared<FitsFormatter<FootprintSet>>(&read, &write);
}

}  // namespace almagest
