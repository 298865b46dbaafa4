#include "host/catalog_matching.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include "almagest/error.hpp"
#include "almagest/geometry.hpp"

namespace almagest {

namespace {

struct Positions {
  std::span<double const> across;  ///< x [pixel], ra [deg]
  std::span<double const> up;      ///< y [pixel], dec [deg]

  bool known(std::size_t row) const { return std::isfinite(across[row]) && std::isfinite(up[row]); }
};

Positions positions_of(ComparedCatalog const& catalog, MatchSpace space) {
  return space == MatchSpace::pixels ? Positions{catalog.number("x"), catalog.number("y")}
                                     : Positions{catalog.number("ra"), catalog.number("dec")};
}

double pixel_distance(Positions const& a, std::size_t i, Positions const& b, std::size_t j) {
  double const dx = a.across[i] - b.across[j];
  double const dy = a.up[i] - b.up[j];
  return std::sqrt(dx * dx + dy * dy);
}

/// [arcsec]
double sky_distance(Positions const& a, std::size_t i, Positions const& b, std::size_t j) {
  auto const point = [](Positions const& p, std::size_t row) {
    return SkyPoint{p.across[row] * radians_per_degree, p.up[row] * radians_per_degree};
  };
  return separation(point(a, i), point(b, j)) / radians_per_arcsec;
}

struct Candidate {
  double cost;
  RowPair rows;
};

/// Every pair within the radius, its cost being the distance in units of it. The rows of b are
/// sorted by their height, so that only a band of them is looked at.
std::vector<Candidate> near_pairs(Positions const& a, Positions const& b, double radius,
                                  MatchSpace space, std::size_t most) {
  auto const distance = space == MatchSpace::pixels ? pixel_distance : sky_distance;
  constexpr double arcsec_per_degree = 3600.0;
  double const band = (space == MatchSpace::pixels ? radius : radius / arcsec_per_degree) *
                      (1.0 + 1e-9);  // never too narrow by rounding
  std::vector<std::size_t> order(b.up.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::erase_if(order, [&](std::size_t row) { return !b.known(row); });
  auto const height = [&](std::size_t row) { return b.up[row]; };
  std::ranges::stable_sort(order, {}, height);
  std::vector<Candidate> pairs;
  for (std::size_t i = 0; i < a.up.size(); ++i) {
    if (!a.known(i)) continue;
    auto next = std::ranges::lower_bound(order, a.up[i] - band, {}, height);
    for (; next != order.end() && height(*next) <= a.up[i] + band; ++next) {
      double const d = distance(a, i, b, *next);
      if (!(d <= radius)) continue;
      if (pairs.size() == most)
        throw DataError(fmt::format(
            "the radius of {:g} {} is too large: more than {} pairs of rows lie within it", radius,
            space == MatchSpace::pixels ? "pixel" : "arcsec", most));
      pairs.push_back({radius > 0 ? d / radius : 0.0, {i, *next}});
    }
  }
  return pairs;
}

/// |ln| of a flux ratio; fluxes below one count are no better known than that.
double flux_mismatch(double a, double b) {
  constexpr double worst = 5.0;
  double const mismatch = std::abs(std::log(std::max(a, 1.0) / std::max(b, 1.0)));
  return std::isnan(a) || std::isnan(b) || !(mismatch < worst) ? worst : mismatch;
}

void add_flux_costs(std::vector<Candidate>& pairs, ComparedCatalog const& a,
                    ComparedCatalog const& b) {
  for (char const* flux : {"psf", "ap6", "gauss"}) {
    if (!a.has({flux}) || !b.has({flux})) continue;
    auto const fa = a.number(flux);
    auto const fb = b.number(flux);
    for (Candidate& pair : pairs)
      pair.cost += 2.0 * flux_mismatch(fa[pair.rows.a], fb[pair.rows.b]);
    return;
  }
}

}  // namespace

std::vector<RowPair> match_catalogs(ComparedCatalog const& a, ComparedCatalog const& b,
                                    double radius, MatchSpace space, std::size_t most_candidates) {
  std::vector<Candidate> candidates =
      near_pairs(positions_of(a, space), positions_of(b, space), radius, space, most_candidates);
  add_flux_costs(candidates, a, b);
  std::ranges::sort(candidates, {},
                    [](Candidate const& c) { return std::tuple(c.cost, c.rows.a, c.rows.b); });
  std::vector<bool> used_a(a.rows), used_b(b.rows);
  std::vector<RowPair> pairs;
  for (auto const& [cost, rows] : candidates) {
    if (used_a[rows.a] || used_b[rows.b]) continue;
    used_a[rows.a] = used_b[rows.b] = true;
    pairs.push_back(rows);
  }
  std::ranges::sort(pairs, {}, &RowPair::a);
  return pairs;
}

}  // namespace almagest
