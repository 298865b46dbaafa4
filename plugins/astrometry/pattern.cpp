#include "pattern.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

namespace astrometry {
namespace {
using almagest::Point;

double squared_distance(Point a, Point b) noexcept {
  return (a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y);
}

/// An angle as −π … π.
double wrapped(double angle) noexcept {
  return std::remainder(angle, 2.0 * std::numbers::pi);
}

/// P(N ≥ k) of a Poisson distribution; 1 where k is not above the mean.
double poisson_tail(double mean, std::size_t k) noexcept {
  if (static_cast<double>(k) <= mean || k == 0) return 1.0;
  // The first term as a logarithm, because exp(−mean) may be less than any double.
  double log_term = -mean;
  for (std::size_t i = 1; i <= k; ++i) log_term += std::log(mean / static_cast<double>(i));
  // The terms from k on in units of the first, until they no longer count.
  double term = 1.0, sum = 0.0;
  for (std::size_t i = k; term > 1e-12 * sum; ++i) {
    sum += term;
    term *= mean / static_cast<double>(i + 1);
  }
  return std::min(sum * std::exp(log_term), 1.0);
}

/// The search for one field.
class Search {
 public:
  Search(std::span<Point const> sources, std::span<Point const> references,
         PatternLimits const& limits)
      : sources_(sources), references_(references), limits_(limits) {
    first_.reserve(sources.size() + 1);
    for (Point const p : sources) {
      first_.push_back(candidates_.size());
      extent_ = std::max(extent_, std::hypot(p.x, p.y));
      double const reach = limits.shift + limits.rotation * std::hypot(p.x, p.y) + limits.tolerance;
      for (std::size_t j = 0; j < references.size(); ++j)
        if (squared_distance(p, references[j]) <= reach * reach) candidates_.push_back(j);
    }
    first_.push_back(candidates_.size());
    seen_.assign(references.size(), 0);
  }

  /// All hypotheses of pairs, the brightest sources first.
  Pattern run() {
    std::size_t const enough = std::max<std::size_t>((sources_.size() + 1) / 2, 10);
    for (std::size_t k = 1; k < sources_.size(); ++k) {
      for (std::size_t i = 0; i < k; ++i) try_pair(i, k);
      if (best_.agreeing >= enough) break;
    }
    polish();
    best_.hypotheses = hypotheses_;
    return best_;
  }

 private:
  std::span<std::size_t const> candidates(std::size_t source) const {
    return std::span(candidates_).subspan(first_[source], first_[source + 1] - first_[source]);
  }

  /// Every way in which two sources can be two reference objects.
  void try_pair(std::size_t i, std::size_t k) {
    auto const of_i = candidates(i);
    auto const of_k = candidates(k);
    if (of_i.empty() || of_k.empty()) return;
    Point const a = sources_[i];
    Point const b = sources_[k];
    double const length = std::sqrt(squared_distance(a, b));
    // A shorter one does not tell the rotation.
    if (length < 10.0 * limits_.tolerance) return;
    double const angle = std::atan2(b.y - a.y, b.x - a.x);
    double const slack = 2.0 * limits_.tolerance;
    for (std::size_t const m : of_i) {
      Point const c = references_[m];
      for (std::size_t const n : of_k) {
        if (m == n) continue;
        Point const d = references_[n];
        if (std::abs(std::sqrt(squared_distance(c, d)) - length) > slack) continue;
        double const rotation = wrapped(std::atan2(d.y - c.y, d.x - c.x) - angle);
        if (std::abs(rotation) > limits_.rotation + slack / length) continue;
        ++hypotheses_;
        Point const middle{0.5 * (a.x + b.x), 0.5 * (a.y + b.y)};
        consider(about(rotation, middle, {0.5 * (c.x + d.x), 0.5 * (c.y + d.y)}));
      }
    }
  }

  /// The pattern that turns by `rotation` and brings `from` to `to`.
  static Pattern about(double rotation, Point from, Point to) {
    Pattern pattern;
    pattern.rotation = rotation;
    Point const turned = pattern(from);
    pattern.shift = {to.x - turned.x, to.y - turned.y};
    return pattern;
  }

  /// Within the limits, as far as the tolerance lets one say.
  bool allowed(Pattern const& p) const {
    return std::abs(p.rotation) <= limits_.rotation + limits_.tolerance / extent_ &&
           std::hypot(p.shift.x, p.shift.y) <= limits_.shift + limits_.tolerance;
  }

  /// Counts the votes; a new winner is refined until that brings no more.
  void consider(Pattern hypothesis) {
    vote(hypothesis);
    if (hypothesis.agreeing <= best_.agreeing) return;
    for (int pass = 0; pass < 10; ++pass) {
      Pattern refined = least_squares();
      vote(refined);
      if (refined.agreeing < hypothesis.agreeing) break;
      bool const settled = refined.agreeing == hypothesis.agreeing && pass > 1;
      hypothesis = refined;
      if (settled) break;
    }
    if (allowed(hypothesis)) best_ = hypothesis;
  }

  /// The pose with the most votes may lean towards one by chance; least squares settles it.
  void polish() {
    for (int pass = 0; pass < 5 && best_.agreeing > 2; ++pass) {
      vote(best_);
      Pattern refined = least_squares();
      vote(refined);
      if (10 * refined.agreeing < 9 * best_.agreeing || !allowed(refined)) break;
      best_ = refined;
    }
  }

  /// Sets `agreeing`, and leaves the agreeing pairs in votes_.
  void vote(Pattern& p) {
    votes_.clear();
    ++round_;
    double const cosine = std::cos(p.rotation);
    double const sine = std::sin(p.rotation);
    double const limit = limits_.tolerance * limits_.tolerance;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      Point const s = sources_[i];
      Point const moved{cosine * s.x - sine * s.y + p.shift.x,
                        sine * s.x + cosine * s.y + p.shift.y};
      double nearest = limit;
      std::size_t found = references_.size();
      for (std::size_t const j : candidates(i)) {
        double const distance = squared_distance(moved, references_[j]);
        if (distance > nearest) continue;
        nearest = distance;
        found = j;
      }
      // A reference object counts once: blends would otherwise vote for themselves.
      if (found == references_.size() || seen_[found] == round_) continue;
      seen_[found] = round_;
      votes_.push_back({s, references_[found]});
    }
    p.agreeing = votes_.size();
  }

  Pattern least_squares() const {
    Point from{}, to{};
    double const n = static_cast<double>(votes_.size());
    for (auto const& [s, r] : votes_) {
      from = {from.x + s.x / n, from.y + s.y / n};
      to = {to.x + r.x / n, to.y + r.y / n};
    }
    double along = 0.0, across = 0.0;
    for (auto const& [s, r] : votes_) {
      Point const p{s.x - from.x, s.y - from.y};
      Point const q{r.x - to.x, r.y - to.y};
      along += p.x * q.x + p.y * q.y;
      across += p.x * q.y - p.y * q.x;
    }
    return about(std::atan2(across, along), from, to);
  }

  struct Vote {
    Point source, reference;
  };
  std::span<Point const> sources_;
  std::span<Point const> references_;
  PatternLimits limits_;
  std::vector<std::size_t> candidates_;  // reference objects within reach, source by source
  std::vector<std::size_t> first_;       // where each source's begin
  std::vector<std::uint32_t> seen_;      // the round in which a reference object was last counted
  std::uint32_t round_ = 0;
  double extent_ = 1.0;  // of the sources from the field's centre [arcsec]
  std::size_t hypotheses_ = 0;
  std::vector<Vote> votes_;
  Pattern best_;
};

}  // namespace

Point Pattern::operator()(Point p) const noexcept {
  double const cosine = std::cos(rotation);
  double const sine = std::sin(rotation);
  return {cosine * p.x - sine * p.y + shift.x, sine * p.x + cosine * p.y + shift.y};
}

Pattern find_pattern(std::span<Point const> sources, std::span<Point const> references, double area,
                     PatternLimits const& limits) {
  Pattern best = Search(sources, references, limits).run();
  double const per_source = static_cast<double>(references.size()) / area * std::numbers::pi *
                            limits.tolerance * limits.tolerance;
  best.chance = static_cast<double>(sources.size()) * per_source;
  // The two that make a hypothesis agree with it by construction.
  if (best.agreeing > 2)
    best.false_alarm =
        static_cast<double>(best.hypotheses) * poisson_tail(best.chance, best.agreeing - 2);
  return best;
}

}  // namespace astrometry
