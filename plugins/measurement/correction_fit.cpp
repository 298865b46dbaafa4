#include "correction_fit.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <utility>
#include <vector>

#include "almagest/error.hpp"

namespace measurement {
namespace {
using namespace almagest;
using Sample = Chebyshev2::Sample;

/// The greatest order, up to the wished one, that leaves a degree of freedom.
int order_for(std::size_t stars, int wished) {
  auto const terms = [](int order) {
    return static_cast<std::size_t>(order + 1) * static_cast<std::size_t>(order + 2) / 2;
  };
  int order = wished;
  while (order > 0 && stars < terms(order) + 1) --order;
  return order;
}

Chebyshev2 fit(Box const& box, std::span<Sample const> stars, int wished) {
  for (int order = order_for(stars.size(), wished);; --order) {
    try {
      return Chebyshev2::fit(box, order, stars);
    } catch (DataError const&) {
      if (order == 0) throw;
    }
  }
}

/// How many groups of stars are left out in turn. More would tell no more of the order, and each is
/// a fit to nearly all stars.
constexpr std::size_t max_groups = 60;

std::size_t groups_of(std::size_t stars) {
  return std::min(stars, max_groups);
}

double rms_residual(Chebyshev2 const& field, std::span<Sample const> stars) {
  double squares = 0.0;
  for (Sample const& star : stars) {
    double const residual = field(star.position) - star.value;
    squares += residual * residual;
  }
  return std::sqrt(squares / static_cast<double>(stars.size()));
}

/// Mean absolute error of what the fit to all other groups predicts for each star.
double prediction_error(Box const& box, std::span<Sample const> stars, int order) {
  double sum = 0.0;
  std::size_t const groups = groups_of(stars.size());
  std::vector<Sample> others;
  for (std::size_t left_out = 0; left_out < groups; ++left_out) {
    others.clear();
    for (std::size_t i = 0; i < stars.size(); ++i)
      if (i % groups != left_out) others.push_back(stars[i]);
    Chebyshev2 const field = fit(box, others, order);
    for (std::size_t i = left_out; i < stars.size(); i += groups)
      sum += std::abs(field(stars[i].position) - stars[i].value);
  }
  return sum / static_cast<double>(stars.size());
}

int best_order(Box const& box, std::span<Sample const> stars, int greatest) {
  if (stars.size() < 2) return 0;
  // Each fit without a group must still have a star more than terms.
  std::size_t const groups = groups_of(stars.size());
  std::size_t const largest_group = (stars.size() + groups - 1) / groups;
  int const possible = order_for(stars.size() - largest_group, greatest);
  int best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (int order = 0; order <= possible; ++order) {
    double const error = prediction_error(box, stars, order);
    if (error < least) {
      least = error;
      best = order;
    }
  }
  return best;
}

struct Clipped {
  Chebyshev2 field;
  std::vector<Sample> left;
};

Clipped fit_and_clip(Box const& box, std::vector<Sample> left, int order,
                     CorrectionFitOptions const& options) {
  Chebyshev2 field = fit(box, left, order);
  for (int pass = 0; pass < options.clip_passes; ++pass) {
    double const limit = options.clip * rms_residual(field, left);
    std::vector<Sample> kept;
    std::copy_if(left.begin(), left.end(), std::back_inserter(kept), [&](Sample const& star) {
      return std::abs(field(star.position) - star.value) <= limit;
    });
    // The same stars give the same fit again; and a clip below 1 rms must not take them all.
    if (kept.size() == left.size() || kept.empty()) break;
    left = std::move(kept);
    field = fit(box, left, order);
  }
  return {std::move(field), std::move(left)};
}

}  // namespace

CorrectionFit fit_correction(Box box, std::span<Sample const> stars,
                             CorrectionFitOptions const& options) {
  if (stars.empty()) throw DataError("aperture correction: no star to fit");
  std::vector<Sample> all(stars.begin(), stars.end());
  for (Sample& star : all) star.weight = 1.0;
  int const order = options.cross_validate ? best_order(box, all, options.order) : options.order;
  Clipped clipped = fit_and_clip(box, all, order, options);
  if (options.cross_validate && clipped.left.size() < all.size()) {
    // Stars far off may have hidden what the others show; what the others show may clear them.
    int const again = best_order(box, clipped.left, options.order);
    if (again != order) clipped = fit_and_clip(box, all, again, options);
  }

  auto const& [field, left] = clipped;
  CorrectionFit result{field, 0.0, rms_residual(field, left), left.size()};
  for (Sample const& star : left)
    result.mean += field(star.position) / static_cast<double>(left.size());
  return result;
}

}  // namespace measurement
