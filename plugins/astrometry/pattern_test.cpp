#include "pattern.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <vector>

#include "almagest/geometry.hpp"

using almagest::Point;
using almagest::radians_per_degree;
using namespace astrometry;

namespace {

constexpr double width = 811.0, height = 539.0;  // arcsec, a frame of SDSS
constexpr double area = (width + 44.0) * (height + 44.0);
PatternLimits const limits{15.0, 1.0 * radians_per_degree, 2.0};

struct Lists {
  std::vector<Point> sources, references;
};

/// Objects, of which `common` are in both lists; the sources are moved so that `truth` moves them
/// back.
Lists lists(int common, int spurious, int missing, Pattern const& truth, unsigned seed,
            double scatter = 0.3) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> x(-0.5 * width, 0.5 * width),
      y(-0.5 * height, 0.5 * height);
  std::normal_distribution<double> normal(0.0, scatter);
  Lists result;
  for (int i = 0; i < common; ++i) {
    Point const p{x(generator), y(generator)};
    result.sources.push_back(p);
    Point const q = truth(p);
    result.references.push_back({q.x + normal(generator), q.y + normal(generator)});
  }
  for (int i = 0; i < spurious; ++i) result.sources.push_back({x(generator), y(generator)});
  for (int i = 0; i < missing; ++i) result.references.push_back({x(generator), y(generator)});
  // Brightness has nothing to do with being in both lists.
  std::shuffle(result.sources.begin(), result.sources.end(), generator);
  std::shuffle(result.references.begin(), result.references.end(), generator);
  return result;
}

Pattern moved_by(double shift, double towards_deg, double turn_deg) {
  Pattern p;
  double const t = towards_deg * radians_per_degree;
  p.shift = {shift * std::cos(t), shift * std::sin(t)};
  p.rotation = turn_deg * radians_per_degree;
  return p;
}

/// Largest distance of two patterns over the field.
double difference(Pattern const& a, Pattern const& b) {
  double largest = 0.0;
  for (double const x : {-0.5 * width, 0.5 * width})
    for (double const y : {-0.5 * height, 0.5 * height}) {
      Point const p = a({x, y}), q = b({x, y});
      largest = std::max(largest, std::hypot(p.x - q.x, p.y - q.y));
    }
  return largest;
}

}  // namespace

TEST_CASE("pattern: found at the corners of what is allowed, among spurious and missing objects") {
  unsigned seed = 1;
  for (double const turn : {-0.99, -0.3, 0.0, 0.6, 0.99})
    for (double const shift : {0.0, 7.0, 14.9}) {
      Pattern const truth = moved_by(shift, 37.0 * seed, turn);
      Lists const field = lists(60, 140, 40, truth, seed++);
      Pattern const found = find_pattern(field.sources, field.references, area, limits);
      CAPTURE(turn);
      CAPTURE(shift);
      CHECK(found.agreeing >= 55);
      CHECK(difference(found, truth) < 0.5);
      CHECK(found.false_alarm < 1e-20);
    }
}

TEST_CASE("pattern: seven common stars are enough in a sparse field") {
  int right = 0;
  for (unsigned seed = 1; seed <= 50; ++seed) {
    Pattern const truth = moved_by(12.0, 31.0 * seed, 0.5);
    Lists const field = lists(7, 8, 12, truth, seed, 0.1);
    Pattern const found = find_pattern(field.sources, field.references, area, limits);
    if (difference(found, truth) < 3.0 && found.false_alarm < 0.01) ++right;
  }
  CHECK(right == 50);
}

TEST_CASE("pattern: unrelated catalogues are told from a match") {
  int false_alarms = 0;
  for (unsigned seed = 1; seed <= 100; ++seed) {
    Lists const field = lists(0, 90, 90, {}, seed);
    Pattern const found = find_pattern(field.sources, field.references, area, limits);
    if (found.agreeing > 2 && found.false_alarm <= 0.01) ++false_alarms;
  }
  CHECK(false_alarms <= 2);
}

TEST_CASE("pattern: in a field so crowded that all agree with all, nothing is told") {
  // By chance 200 sources have 200·200·π·10²/100² = 1257 objects within the tolerance: exp(−1257)
  // is no double.
  std::mt19937 generator(1);
  std::uniform_real_distribution<double> place(-50.0, 50.0);
  std::vector<Point> sources, references;
  for (int i = 0; i < 200; ++i) {
    sources.push_back({place(generator), place(generator)});
    references.push_back({place(generator), place(generator)});
  }
  Pattern const found =
      find_pattern(sources, references, 1e4, {5.0, 1.0 * radians_per_degree, 10.0});
  CHECK(found.chance > 745.0);
  CHECK(found.agreeing > 100);
  CHECK(found.false_alarm >= 1.0);
}

TEST_CASE("pattern: nothing to compare, and all on one spot") {
  std::vector<Point> const none, one{{1.0, 2.0}}, spot(50, {3.0, 4.0});
  CHECK(find_pattern(none, spot, area, limits).agreeing == 0);
  CHECK(find_pattern(one, one, area, limits).agreeing == 0);
  Pattern const found = find_pattern(spot, spot, area, limits);
  CHECK(found.agreeing == 0);
  CHECK(found.false_alarm == 1.0);
}

TEST_CASE("pattern: a field further off than allowed is not found") {
  Lists const field = lists(60, 60, 20, moved_by(25.0, 10.0, 0.0), 4);
  Pattern const found = find_pattern(field.sources, field.references, area, limits);
  CHECK(found.false_alarm > 0.01);
}
