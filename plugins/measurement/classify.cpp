#include "classify.hpp"

#include <cmath>
#include <limits>
#include <utility>

#include "almagest/text.hpp"

namespace measurement {
using namespace almagest;

void Classify::prepare(Setup& setup) {
  schema_ = setup.schema(sources);
  point_ = schema_.key<double>(*point_flux + "_instFlux");
  point_bad_ = schema_.key<bool>(*point_flux + "_flag");
  extended_ = schema_.key<double>(*extended_flux + "_instFlux");
  value_ = schema_.add<double>("base_ClassificationExtendedness_value", "",
                               "0 for a point source, 1 for an extended one, NaN where a flux is "
                               "not known");
  flag_ = schema_.add_flag("base_ClassificationExtendedness_flag",
                           "The source could not be classified");
  setup.declare(classified, schema_);
}

Outcome Classify::run(Context& context) const {
  SourceCatalog catalog = context.take(sources);
  catalog.extend(schema_);
  std::int64_t points = 0, extended = 0;
  for (std::size_t row = 0; row < catalog.size(); ++row) {
    double const psf = catalog.get(row, point_), own = catalog.get(row, extended_);
    bool const unknown = catalog.get(row, point_bad_) || std::isnan(psf) || std::isnan(own);
    bool const is_point = !unknown && *flux_ratio * own < psf;
    catalog.set(row, flag_, unknown);
    catalog.set(row, value_,
                unknown ? std::numeric_limits<double>::quiet_NaN() : (is_point ? 0.0 : 1.0));
    points += is_point ? 1 : 0;
    extended += unknown || is_point ? 0 : 1;
  }
  context.log().info(counted(static_cast<std::size_t>(points), "point source") + ", " +
                     std::to_string(extended) + " extended, " +
                     std::to_string(static_cast<std::int64_t>(catalog.size()) - points - extended) +
                     " not classified");
  context.record(point_count, points);
  context.record(extended_count, extended);
  context.put(classified, std::move(catalog));
  return done;
}

}  // namespace measurement
