#include "linear_response.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "almagest/error.hpp"

#include "akima_spline.hpp"
#include "octets.hpp"

namespace isr {
namespace {
using namespace almagest;

void require_finite(std::span<double const> coefficients) {
  for (std::size_t i = 0; i < coefficients.size(); ++i)
    if (!std::isfinite(coefficients[i]))
      throw DataError("coefficient " + std::to_string(i + 1) + " is not finite");
}

void require_count(std::span<double const> coefficients, std::size_t wanted, char const* type) {
  if (coefficients.size() != wanted)
    throw DataError(std::string(type) + " wants " + std::to_string(wanted) + " coefficients, got " +
                    std::to_string(coefficients.size()));
}

/// How many points a coefficient says that a spline has.
std::size_t point_count(double coefficient) {
  if (!(coefficient >= 2.0 && coefficient <= 1e6) || coefficient != std::floor(coefficient))
    throw DataError("double_spline: " + std::to_string(coefficient) + " is no number of points");
  return static_cast<std::size_t>(coefficient);
}

constexpr float below_last_point = 0.1F;  // [adu], ISR document 4.1, step 7
constexpr std::size_t most_cells = 4096;  // 16 kB: stays in the first cache

}  // namespace

LinearResponse::LinearResponse(Linearity const& linearity, std::string const& amplifier) try {
  std::span<double const> const c = linearity.coefficients;
  require_finite(c);
  switch (linearity.type) {
    case Linearity::Type::none:
      break;
    case Linearity::Type::squared:
      require_count(c, 1, "squared");
      response_ = Polynomial{{static_cast<float>(c[0])}};
      break;
    case Linearity::Type::polynomial:
      if (c.empty()) throw DataError("polynomial wants one coefficient at least");
      response_ = Polynomial{{c.begin(), c.end()}};
      break;
    case Linearity::Type::lookup_table:
      require_count(c, 2, "lookup_table");
      if (linearity.table.empty()) throw DataError("lookup_table: the table is missing");
      for (float const entry : linearity.table)
        if (!std::isfinite(entry)) throw DataError("lookup_table: an entry is not finite");
      response_ = Table{c[1], linearity.table};
      break;
    case Linearity::Type::spline:
      if (c.size() % 2 != 0)
        throw DataError("spline wants as many values as positions, got " +
                        std::to_string(c.size()) + " numbers in all");
      response_ = std::vector{curve_of(c.first(c.size() / 2), c.subspan(c.size() / 2))};
      break;
    case Linearity::Type::double_spline: {
      if (c.size() < 2) throw DataError("double_spline wants the numbers of points first");
      std::size_t const n1 = point_count(c[0]), n2 = point_count(c[1]);
      require_count(c, 2 + 2 * (n1 + n2), "double_spline of these numbers of points");
      auto const second = c.subspan(2 + 2 * n1);
      response_ = std::vector{curve_of(c.subspan(2, n1), c.subspan(2 + n1, n1)),
                              curve_of(second.first(n2), second.subspan(n2))};
      break;
    }
  }
} catch (DataError const& e) {
  throw DataError("amplifier '" + amplifier + "': linearity: " + e.what());
}

LinearResponse::Curve LinearResponse::curve_of(std::span<double const> x,
                                               std::span<double const> y) {
  std::vector<double> positions(x.begin(), x.end()), values(y.begin(), y.end());
  if (!positions.empty() && positions.front() == 0.0) {
    double const offset = values.front();
    for (double& value : values) value -= offset;
  } else if (!positions.empty() && positions.front() > 0.0) {
    positions.insert(positions.begin(), 0.0);
    values.insert(values.begin(), 0.0);
  }
  AkimaSpline const spline(positions, values);

  Curve curve;
  double narrowest = spline.last() - spline.first();
  for (std::size_t i = 1; i < positions.size(); ++i)
    narrowest = std::min(narrowest, positions[i] - positions[i - 1]);
  double const range = spline.last() - spline.first();
  double const wanted = std::ceil(range / narrowest);
  std::size_t const cells =
      wanted < double{most_cells} ? static_cast<std::size_t>(wanted) : most_cells;

  curve.low = static_cast<float>(spline.first());
  curve.high = std::max(curve.low, static_cast<float>(spline.last()) - below_last_point);
  curve.cells_per_adu = static_cast<float>(static_cast<double>(cells) / range);
  for (AkimaSpline::Piece const& piece : spline.pieces()) {
    curve.start.push_back(static_cast<float>(piece.start));
    curve.c0.push_back(static_cast<float>(piece.c[0]));
    curve.c1.push_back(static_cast<float>(piece.c[1]));
    curve.c2.push_back(static_cast<float>(piece.c[2]));
    curve.c3.push_back(static_cast<float>(piece.c[3]));
  }
  // One more cell than there are: rounding may put the highest value there.
  std::size_t const last_piece = curve.start.size() - 1;
  std::size_t piece = 0, most = 0;
  for (std::size_t cell = 0; cell <= cells; ++cell) {
    std::size_t const before = piece;
    double const begin = spline.first() + static_cast<double>(cell) * range / double(cells);
    while (piece < last_piece && positions[piece + 1] <= begin) ++piece;
    curve.index.push_back(static_cast<std::int32_t>(piece));
    if (cell > 0) most = std::max(most, piece - before);
  }
  // One more than that, for a cell that rounding gave one too low.
  curve.steps = static_cast<int>(most) + 1;
  curve.start.push_back(std::numeric_limits<float>::infinity());
  return curve;
}

void LinearResponse::add(Polynomial const& polynomial, std::span<float> values) {
  std::span<float const> const factors = polynomial.factors;
  by_octets(values.size(), [=](std::size_t i, auto count) ISR_INLINE {
    Octet v, sum{};
    load(v, &values[i], count);
    for (std::size_t k = factors.size(); k-- > 0;) sum = (sum + factors[k]) * v;
    v += v * sum;
    store(v, &values[i], count);
  });
}

void LinearResponse::add(Table const& table, std::span<float> values) {
  auto const last = static_cast<double>(table.entries.size() - 1);
  for (float& value : values) {
    double const place = table.offset + double{value};
    double const entry = place > 0.0 ? std::min(place, last) : 0.0;  // NaN is not above 0
    value += table.entries[static_cast<std::size_t>(entry)];
  }
}

void LinearResponse::subtract(Curve const& curve, std::span<float> values) {
  float* const v = values.data();
  std::size_t const n = values.size();
  float const low = curve.low, high = curve.high, cells_per_adu = curve.cells_per_adu;
  int const steps = curve.steps;
  std::int32_t const* const index = curve.index.data();
  float const *const start = curve.start.data(), *const c0 = curve.c0.data(),
                     *const c1 = curve.c1.data(), *const c2 = curve.c2.data(),
                     *const c3 = curve.c3.data();
  vectorised([=]() ISR_INLINE {
    for (std::size_t i = 0; i < n; ++i) {
      float const above = v[i] > low ? v[i] : low;  // NaN becomes low
      float const x = above < high ? above : high;
      std::int32_t piece = index[static_cast<std::int32_t>((x - low) * cells_per_adu)];
      for (int s = 0; s < steps; ++s) piece += x >= start[piece + 1] ? 1 : 0;
      float const d = x - start[piece];
      v[i] -= c0[piece] + d * (c1[piece] + d * (c2[piece] + d * c3[piece]));
    }
  });
}

void LinearResponse::correct(std::span<float> values) const {
  if (auto const* polynomial = std::get_if<Polynomial>(&response_)) add(*polynomial, values);
  if (auto const* table = std::get_if<Table>(&response_)) add(*table, values);
  if (auto const* curves = std::get_if<std::vector<Curve>>(&response_))
    for (Curve const& curve : *curves) subtract(curve, values);
}

}  // namespace isr
