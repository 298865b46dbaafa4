#include "correction_fit.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
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

double rms_residual(Chebyshev2 const& field, std::span<Sample const> stars) {
  double squares = 0.0;
  for (Sample const& star : stars) {
    double const residual = field(star.position) - star.value;
    squares += residual * residual;
  }
  return std::sqrt(squares / static_cast<double>(stars.size()));
}

/// Mean absolute error of what the fit to all other stars predicts for each star.
double prediction_error(Box const& box, std::span<Sample const> stars, int order) {
  double sum = 0.0;
  std::vector<Sample> others(stars.begin() + 1, stars.end());
  for (std::size_t left_out = 0; left_out < stars.size(); ++left_out) {
    Sample const& star = stars[left_out];
    sum += std::abs(fit(box, others, order)(star.position) - star.value);
    if (left_out < others.size()) others[left_out] = star;
  }
  return sum / static_cast<double>(stars.size());
}

int best_order(Box const& box, std::span<Sample const> stars, int greatest) {
  // Each fit without a star must still have a star more than terms.
  int const possible = stars.size() < 2 ? 0 : order_for(stars.size() - 1, greatest);
  int best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (int order = 0; order <= possible && stars.size() > 1; ++order) {
    double const error = prediction_error(box, stars, order);
    if (error < least) {
      least = error;
      best = order;
    }
  }
  return best;
}

}  // namespace

CorrectionFit fit_correction(Box box, std::span<Sample const> stars,
                             CorrectionFitOptions const& options) {
  if (stars.empty()) throw DataError("aperture correction: no star to fit");
  std::vector<Sample> left(stars.begin(), stars.end());
  for (Sample& star : left) star.weight = 1.0;
  int const order = options.cross_validate ? best_order(box, left, options.order) : options.order;
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

  CorrectionFit result{field, 0.0, rms_residual(field, left), left.size()};
  for (Sample const& star : left)
    result.mean += field(star.position) / static_cast<double>(left.size());
  return result;
}

}  // namespace measurement
