#include "object_size.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "almagest/moments.hpp"
#include "almagest/value.hpp"

namespace measurement {
using namespace almagest;

void ObjectSize::prepare(Schema const& schema) {
  flux_ = schema.key<double>(*flux);
  if (*min_signal_to_noise > 0.0) flux_error_ = schema.key<double>(*flux + "Err");
  xx_ = schema.key<double>(*shape + "_xx");
  yy_ = schema.key<double>(*shape + "_yy");
  bad_.clear();
  for (std::string const& name : *bad_flags) bad_.push_back(schema.key<bool>(name));
}

double ObjectSize::width(SourceCatalog const& sources, std::size_t row) const {
  return Quadrupole{sources.get(row, xx_), sources.get(row, yy_), 0.0}.trace_radius();
}

std::size_t ObjectSize::cut_of(SourceCatalog const& sources, std::size_t row) const {
  double const brightness = sources.get(row, flux_);
  if (!(brightness >= *min_flux)) return 0;  // NaN too
  if (*min_signal_to_noise > 0.0 &&
      !(brightness >= *min_signal_to_noise * sources.get(row, flux_error_)))
    return 1;
  for (std::size_t i = 0; i < bad_.size(); ++i)
    if (sources.get(row, bad_[i])) return i + 2;
  if (!(width(sources, row) <= *max_width)) return bad_.size() + 2;
  return cut_count();
}

std::string ObjectSize::name_of(std::size_t cut) const {
  if (cut == 0) return *flux + " not known or below " + to_string(Value(*min_flux)) + " ct";
  if (cut == 1)
    return *flux + " below " + to_string(Value(*min_signal_to_noise)) + " times its error";
  if (cut < bad_.size() + 2) return (*bad_flags)[cut - 2];
  return "a width that is not known or above " + to_string(Value(*max_width)) + " pixels";
}

std::vector<std::size_t> ObjectSize::select(SourceCatalog const& sources, Exposure const&) const {
  std::vector<std::size_t> rows;
  std::vector<double> widths;
  for (std::size_t row = 0; row < sources.size(); ++row) {
    if (cut_of(sources, row) != cut_count()) continue;
    rows.push_back(row);
    widths.push_back(width(sources, row));
  }
  SizeClusterOptions const options{*clusters,    *start_quantile,
                                   *spread,      *clip,
                                   *clip_passes, static_cast<std::size_t>(*least_to_clip)};
  std::vector<std::size_t> stars = smallest_cluster(widths, options);
  for (std::size_t& star : stars) star = rows[star];
  return stars;
}

std::string ObjectSize::explain(SourceCatalog const& sources) const {
  std::vector<std::size_t> removed(cut_count() + 1, 0);
  for (std::size_t row = 0; row < sources.size(); ++row) ++removed[cut_of(sources, row)];
  std::vector<std::size_t> order(cut_count());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return removed[a] > removed[b]; });
  std::string text;
  for (std::size_t const cut : order)
    if (removed[cut] > 0) text += std::to_string(removed[cut]) + " with " + name_of(cut) + ", ";
  return text + std::to_string(removed.back()) + " with none of these";
}

}  // namespace measurement
