#include "inverse_linearity.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

#include "almagest/error.hpp"

namespace simulate {

using namespace almagest;

namespace {

/// The smooth curve of Akima (1970) through points, from (0, 0) on and constant beyond the last.
class Curve {
 public:
  Curve(std::span<double const> x, std::span<double const> y) {
    if (x.size() != y.size() || x.empty())
      throw ConfigError("a linearity spline needs as many values as positions");
    if (x[0] != 0.0) knots_.push_back({});
    for (std::size_t i = 0; i < x.size(); ++i) knots_.push_back({x[i], y[i], 0.0});
    std::size_t const n = knots_.size();
    if (n < 2) return;
    // Slopes of the pieces, two more on either side by quadratic extrapolation.
    std::vector<double> m(n + 3);
    for (std::size_t i = 0; i + 1 < n; ++i)
      m[i + 2] = (knots_[i + 1].y - knots_[i].y) / (knots_[i + 1].x - knots_[i].x);
    m[1] = n > 2 ? 2 * m[2] - m[3] : m[2];
    m[0] = 2 * m[1] - m[2];
    m[n + 1] = n > 2 ? 2 * m[n] - m[n - 1] : m[n];
    m[n + 2] = 2 * m[n + 1] - m[n];
    for (std::size_t i = 0; i < n; ++i) {
      double const after = std::abs(m[i + 3] - m[i + 2]);
      double const before = std::abs(m[i + 1] - m[i]);
      knots_[i].slope = after + before > 0
                            ? (after * m[i + 1] + before * m[i + 2]) / (after + before)
                            : 0.5 * (m[i + 1] + m[i + 2]);
    }
  }

  double operator()(double x) const {
    x = std::clamp(x, knots_.front().x, knots_.back().x);
    auto const next = std::ranges::upper_bound(knots_, x, {}, &Knot::x);
    if (next == knots_.end()) return knots_.back().y;
    Knot const& b = *next;
    Knot const& a = *std::prev(next);
    double const h = b.x - a.x;
    double const t = (x - a.x) / h;
    double const s = 1.0 - t;
    // Cubic Hermite.
    return s * s * ((1 + 2 * t) * a.y + t * h * a.slope) +
           t * t * ((1 + 2 * s) * b.y - s * h * b.slope);
  }

 private:
  struct Knot {
    double x = 0.0, y = 0.0, slope = 0.0;
  };
  std::vector<Knot> knots_;
};

Curve curve(std::span<double const> numbers) {
  return {numbers.first(numbers.size() / 2), numbers.last(numbers.size() / 2)};
}

/// The true signal for each whole number that the amplifier may show.
std::vector<double> true_signals(Linearity const& linearity, std::size_t count) {
  std::vector<double> const& c = linearity.coefficients;
  std::vector<double> result(count);
  auto const fill = [&](auto const& truth) {
    for (std::size_t i = 0; i < count; ++i) result[i] = truth(static_cast<double>(i));
  };
  auto const need = [&](std::size_t n) {
    if (c.size() < n) throw ConfigError("a linearity has too few coefficients");
  };
  switch (linearity.type) {
    case Linearity::Type::none:
      return {};
    case Linearity::Type::squared:
      need(1);
      fill([&](double m) { return m * (1 + c[0] * m); });
      break;
    case Linearity::Type::polynomial:
      fill([&](double m) {
        double sum = 0.0;
        for (std::size_t k = c.size(); k-- > 0;) sum = (sum + c[k]) * m;
        return m + sum * m;
      });
      break;
    case Linearity::Type::lookup_table:
      need(2);
      if (linearity.table.empty()) throw ConfigError("a linearity's table is empty");
      fill([&](double m) {
        double const place =
            std::clamp(c[1] + m, 0.0, static_cast<double>(linearity.table.size() - 1));
        return m + static_cast<double>(linearity.table[static_cast<std::size_t>(place)]);
      });
      break;
    case Linearity::Type::spline: {
      need(2);
      Curve const s = curve(c);
      fill([&](double m) { return m - s(m); });
      break;
    }
    case Linearity::Type::double_spline: {
      need(2);
      auto const n1 = static_cast<std::size_t>(c[0]);
      auto const n2 = static_cast<std::size_t>(c[1]);
      need(2 + 2 * (n1 + n2));
      std::span<double const> const numbers(c);
      Curve const first = curve(numbers.subspan(2, 2 * n1));
      Curve const second = curve(numbers.subspan(2 + 2 * n1, 2 * n2));
      fill([&](double m) {
        double const once = m - first(m);
        return once - second(once);
      });
      break;
    }
  }
  return result;
}

}  // namespace

InverseLinearity::InverseLinearity(Linearity const& linearity, double largest) {
  true_of_shown_ = true_signals(linearity, static_cast<std::size_t>(largest) + 2);
  if (true_of_shown_.empty()) return;
  // A correction that falls somewhere has no inverse there: the curve waits.
  for (std::size_t i = 1; i < true_of_shown_.size(); ++i)
    true_of_shown_[i] = std::max(true_of_shown_[i], true_of_shown_[i - 1] + 1e-6);
  std::size_t shown = 0;
  for (double wanted = 0.0; wanted < true_of_shown_.back(); wanted += step_) {
    while (true_of_shown_[shown + 1] < wanted) ++shown;
    double const low = true_of_shown_[shown];
    double const part = (wanted - low) / (true_of_shown_[shown + 1] - low);
    shown_of_true_.push_back(static_cast<double>(shown) + part);
  }
}

double InverseLinearity::shown(double signal) const noexcept {
  if (!active() || signal <= 0.0 || shown_of_true_.size() < 2) return signal;
  double const place = signal / step_;
  auto const i = std::min(static_cast<std::size_t>(place), shown_of_true_.size() - 2);
  double const part = place - static_cast<double>(i);
  return shown_of_true_[i] + part * (shown_of_true_[i + 1] - shown_of_true_[i]);
}

double InverseLinearity::true_signal(double shown) const noexcept {
  if (!active() || shown <= 0.0) return shown;
  auto const i = std::min(static_cast<std::size_t>(shown), true_of_shown_.size() - 2);
  double const part = shown - static_cast<double>(i);
  return true_of_shown_[i] + part * (true_of_shown_[i + 1] - true_of_shown_[i]);
}

}  // namespace simulate
