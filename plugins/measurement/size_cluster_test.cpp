#include "size_cluster.hpp"

#include <doctest/doctest.h>

#include <random>
#include <vector>

using measurement::smallest_cluster;
using Rows = std::vector<std::size_t>;

TEST_CASE("size cluster: few members are not clipped (by hand)") {
  // Centres start at 1, 1.3, 1.6, 1.9; the two wide ones make the last.
  std::vector<double> const widths{3.0, 1.02, 1.0, 3.1, 1.06, 1.04};
  CHECK(smallest_cluster(widths, {}) == Rows{1, 2, 4, 5});
}

TEST_CASE("size cluster: members 2 sigma off the median are dropped, once (by hand)") {
  // Median 1.025; 0.741 (1.04 - 1.01) = 0.0222 is smaller than the standard deviation 0.0466. The
  // five that are left would lose more, but 0.0222 < 0.15 median ends the clip.
  std::vector<double> const widths{1.0, 1.01, 1.02, 1.03, 1.04, 1.14, 5.0};
  CHECK(smallest_cluster(widths, {}) == Rows{0, 1, 2, 3, 4});
  CHECK(smallest_cluster(widths, {.clip = 10.0}) == Rows{0, 1, 2, 3, 4, 5});
  CHECK(smallest_cluster(widths, {.clip_passes = 0}) == Rows{0, 1, 2, 3, 4, 5});
}

TEST_CASE("size cluster: stars among galaxies") {
  std::mt19937 generator(5);
  std::normal_distribution<double> star(1.3, 0.02);
  std::uniform_real_distribution<double> galaxy(1.8, 6.0);
  std::vector<double> widths;
  for (int i = 0; i < 200; ++i) widths.push_back(i % 4 == 0 ? star(generator) : galaxy(generator));
  Rows const members = smallest_cluster(widths, {});
  CHECK(members.size() > 42);  // 95 % of 50
  for (std::size_t const i : members) CHECK(i % 4 == 0);
}

TEST_CASE("size cluster: nothing, one source, and sources all alike") {
  CHECK(smallest_cluster({}, {}).empty());
  std::vector<double> const one{2.0};
  CHECK(smallest_cluster(one, {}) == Rows{0});
  std::vector<double> const alike(7, 1.5);
  CHECK(smallest_cluster(alike, {}).size() == 7);
  std::vector<double> const zero(7, 0.0);
  CHECK(smallest_cluster(zero, {}).size() == 7);
}
