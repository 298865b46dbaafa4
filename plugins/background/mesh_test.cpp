#include "mesh.hpp"

#include <doctest/doctest.h>

#include "almagest/error.hpp"

using namespace almagest;
using namespace background;

TEST_CASE("mesh: the SDSS frame has 5 x 3 cells that cover it without overlap") {
  Box const frame{0, 0, 2048, 1361};
  auto const cells = mesh_cells(frame, 512);
  REQUIRE(cells.size() == 15);
  // (i·2048 + 5/2)/5 by hand: 0, 410, 819, 1229, 1638, 2048; (i·1361 + 1)/3: 0, 454, 907, 1361.
  CHECK(cells[0] == Box{0, 0, 410, 454});
  CHECK(cells[6] == Box{410, 454, 409, 453});
  CHECK(cells[14] == Box{1638, 907, 410, 454});
  std::int64_t area = 0;
  for (Box const& cell : cells) area += cell.area();
  CHECK(area == frame.area());
}

TEST_CASE("mesh: cells of an image elsewhere in the parent frame lie inside it") {
  Box const image{100, -50, 37, 19};
  for (Box const& cell : mesh_cells(image, 8)) CHECK(image.contains(cell));
}

namespace {

CellLevel cell(Box box, double mean, double error) {
  return {box, {mean, 1.0, error, 100}};
}

// Two cells along x, in an image of 2 x 1 cells: the order is lowered to 0, a weighted mean.
double fitted_level(Weight weight) {
  Box const image{0, 0, 100, 20};
  CellLevel const cells[] = {cell({0, 0, 50, 20}, 10.0, 1.0), cell({50, 0, 50, 20}, 20.0, 0.5)};
  return fit_mesh(image, 60, 6, weight, cells)(Point{3.0, 7.0});
}

}  // namespace

TEST_CASE("mesh: cells weigh as the weight says") {
  // By hand: weights 1 and 1; 1 and 4; 1 and 2.
  CHECK(fitted_level(Weight::uniform) == doctest::Approx(15.0));
  CHECK(fitted_level(Weight::inverse_variance) == doctest::Approx(18.0));
  CHECK(fitted_level(Weight::inverse_error) == doctest::Approx(50.0 / 3.0));
}

TEST_CASE("mesh: cells without an error all weigh the same") {
  Box const image{0, 0, 100, 20};
  CellLevel const cells[] = {cell({0, 0, 50, 20}, 10.0, 0.0), cell({50, 0, 50, 20}, 20.0, 0.5)};
  CHECK(fit_mesh(image, 60, 6, Weight::inverse_error, cells)(Point{0, 0}) == doctest::Approx(15.0));
}

TEST_CASE("mesh: the fit goes through a parabola sampled at the cells' centres") {
  Box const image{10, 20, 90, 75};
  auto const sky = [](double x, double y) {
    return 100.0 + 0.2 * x - 0.1 * y + 0.003 * x * x - 0.002 * x * y + 0.001 * y * y;
  };
  std::vector<CellLevel> cells;
  for (Box const& box : mesh_cells(image, 20)) {
    double const x = box.x0 + 0.5 * (box.width - 1), y = box.y0 + 0.5 * (box.height - 1);
    cells.push_back(cell(box, sky(x, y), 0.1 + 0.01 * static_cast<double>(cells.size())));
  }
  Chebyshev2 const model = fit_mesh(image, 20, 2, Weight::inverse_variance, cells);
  for (Point const p : {Point{10, 20}, Point{55.5, 40}, Point{99, 94}})
    CHECK(model(p) == doctest::Approx(sky(p.x, p.y)).epsilon(1e-9));
}

TEST_CASE("mesh: too few cells lower the order, none is an error") {
  Box const image{0, 0, 300, 300};
  std::vector<CellLevel> cells{cell({0, 0, 75, 75}, 5.0, 0.1), cell({75, 0, 75, 75}, 7.0, 0.1)};
  CHECK(fit_mesh(image, 100, 6, Weight::uniform, cells).order_x() == 0);
  cells.clear();
  CHECK_THROWS_AS(fit_mesh(image, 100, 6, Weight::uniform, cells), DataError);
}

TEST_CASE("mesh: an unknown weight is refused with the known ones") {
  CHECK_THROWS_WITH_AS(
      weight_of_name("none"),
      "no weight 'none': expected 'uniform', 'inverse_variance' or 'inverse_error'", ConfigError);
}
