#include "neighbours.hpp"

#include <doctest/doctest.h>

#include <random>
#include <vector>

using almagest::Point;
using astrometry::IndexPair;
using astrometry::mutual_nearest;

TEST_CASE("neighbours: the same as by comparing everything with everything") {
  std::mt19937 generator(3);
  std::uniform_real_distribution<double> place(0.0, 100.0);
  std::vector<Point> a(300), b(200);
  for (Point& p : a) p = {place(generator), place(generator)};
  for (Point& p : b) p = {place(generator), place(generator)};
  auto const nearest = [](Point p, std::vector<Point> const& among) {
    std::size_t best = 0;
    double smallest = 1e300;
    for (std::size_t i = 0; i < among.size(); ++i) {
      double const dx = among[i].x - p.x, dy = among[i].y - p.y;
      if (dx * dx + dy * dy < smallest) {
        smallest = dx * dx + dy * dy;
        best = i;
      }
    }
    return std::pair(best, smallest);
  };
  std::vector<IndexPair> expected;
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto const [j, distance] = nearest(a[i], b);
    if (distance <= 9.0 && nearest(b[j], a).first == i) expected.push_back({i, j});
  }
  CHECK(expected.size() > 50);
  CHECK(mutual_nearest(a, b, 3.0) == expected);
}

TEST_CASE("neighbours: nothing, one, and two on the same spot") {
  std::vector<Point> const none, one{{1.0, 1.0}}, two{{1.0, 1.0}, {1.0, 1.0}};
  CHECK(mutual_nearest(none, one, 1.0).empty());
  CHECK(mutual_nearest(one, none, 1.0).empty());
  CHECK(mutual_nearest(one, one, 0.0) == std::vector<IndexPair>{{0, 0}});
  CHECK(mutual_nearest(two, one, 1.0).size() == 1);
  CHECK(mutual_nearest(one, two, 1.0).size() == 1);
}
