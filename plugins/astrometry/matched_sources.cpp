#include "matched_sources.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "almagest/error.hpp"
#include "almagest/text.hpp"

namespace astrometry {

using namespace almagest;

namespace {

template <class T>
void copy_column(SourceCatalog& to, SourceCatalog const& from, std::string const& name,
                 std::vector<std::size_t> const& rows) {
  Key<T> const source = from.schema().key<T>(name);
  Key<T> const target = to.schema().key<T>(name);
  for (std::size_t row = 0; row < rows.size(); ++row)
    to.set(row, target, from.get(rows[row], source));
}

void copy_rows(SourceCatalog& to, SourceCatalog const& from, std::vector<std::size_t> const& rows) {
  for (Column const& column : from.schema().columns()) switch (column.type) {
      case ColumnType::flag:
        copy_column<bool>(to, from, column.name, rows);
        break;
      case ColumnType::int32:
        copy_column<std::int32_t>(to, from, column.name, rows);
        break;
      case ColumnType::int64:
        copy_column<std::int64_t>(to, from, column.name, rows);
        break;
      case ColumnType::float32:
        copy_column<float>(to, from, column.name, rows);
        break;
      case ColumnType::float64:
        copy_column<double>(to, from, column.name, rows);
        break;
      case ColumnType::text:
        copy_column<std::string>(to, from, column.name, rows);
        break;
    }
}

}  // namespace

void MatchedSources::prepare(Setup& setup) {
  schema_ = setup.schema(sources);
  id_ = schema_.key<std::int64_t>("id");
  ref_id_ = schema_.add<std::int64_t>("ref_id", "", "The reference object's id");
  ref_ra_ =
      schema_.add<double>("ref_ra", "rad", "Its right ascension, ICRS, at the exposure's epoch");
  ref_dec_ = schema_.add<double>("ref_dec", "rad", "Its declination");
  ref_error_ = schema_.add<double>("ref_posErr", "rad", "Error of its position, per axis");
  ref_flux_ = schema_.add<double>("ref_flux", "nJy", "Its flux in the exposure's band");
  ref_flux_error_ = schema_.add<double>("ref_fluxErr", "nJy", "Error of its flux");
  distance_ = schema_.add<double>("match_distance", "rad", "Between source and object");
  fitted_ = schema_.add_flag("match_fitted", "The pair was used in the fit of the WCS");
  setup.declare(matched, schema_);
}

Outcome MatchedSources::run(Context& context) const {
  SourceCatalog const& catalog = context.get(sources);
  Matches const& pairs = context.get(matches);
  std::vector<std::pair<std::int64_t, std::size_t>> row_of;  // by id
  for (std::size_t row = 0; row < catalog.size(); ++row)
    row_of.emplace_back(catalog.get(row, id_), row);
  std::ranges::sort(row_of);

  std::vector<std::size_t> rows;
  for (almagest::Match const& match : pairs.pairs) {
    auto const found =
        std::ranges::lower_bound(row_of, match.source_id, {}, &decltype(row_of)::value_type::first);
    if (found == row_of.end() || found->first != match.source_id)
      throw DataError("the matches name source " + std::to_string(match.source_id) +
                      ", which is not in the catalogue");
    rows.push_back(found->second);
  }

  SourceCatalog result(schema_, rows.size());
  result.metadata = catalog.metadata;
  copy_rows(result, catalog, rows);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    almagest::Match const& match = pairs.pairs[row];
    result.set_footprint(row, catalog.footprint(rows[row]));
    result.set(row, ref_id_, match.reference.id);
    result.set(row, ref_ra_, match.reference.position.ra);
    result.set(row, ref_dec_, match.reference.position.dec);
    result.set(row, ref_error_, match.reference.position_error);
    result.set(row, ref_flux_, match.reference.flux);
    result.set(row, ref_flux_error_, match.reference.flux_error);
    result.set(row, distance_, match.distance);
    result.set(row, fitted_, match.fitted);
  }
  context.record(count, static_cast<std::int64_t>(rows.size()));
  context.put(matched, std::move(result));
  return done;
}

}  // namespace astrometry
