#include "interpolate.hpp"

#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "almagest/error.hpp"

#include "interpolate_rows.hpp"
#include "test_frames.hpp"

using namespace almagest;
using namespace isr;
using namespace isr::test;

namespace {

/// Ordinary kriging by its textbook definition (Cressie 1993, section 3.2), solved without the
/// plugin's code: generalised least squares, w = C⁻¹(c + λ1), λ = (1 − 1ᵀC⁻¹c)/(1ᵀC⁻¹1).
std::vector<double> textbook_weights(std::vector<double> const& at, double x) {
  auto const n = static_cast<Eigen::Index>(at.size());
  auto const covariance = [](double d) { return std::exp(-d * d / 4.0); };
  Eigen::MatrixXd c(n, n);
  Eigen::VectorXd to(n), one = Eigen::VectorXd::Ones(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index j = 0; j < n; ++j)
      c(i, j) = covariance(at[static_cast<std::size_t>(i)] - at[static_cast<std::size_t>(j)]);
    to(i) = covariance(at[static_cast<std::size_t>(i)] - x);
  }
  Eigen::LDLT<Eigen::MatrixXd> const solver(c);
  Eigen::VectorXd const inverse_to = solver.solve(to), inverse_one = solver.solve(one);
  double const lambda = (1.0 - one.dot(inverse_to)) / one.dot(inverse_one);
  Eigen::VectorXd const w = inverse_to + lambda * inverse_one;
  return {w.data(), w.data() + n};
}

/// A row through the kernel: NaN marks bad pixels, variance 1.
std::vector<float> interpolated(std::vector<float> const& row, float fallback = -99.0F) {
  MaskedImage frame({0, 0, static_cast<int>(row.size()), 1});
  for (int x = 0; x < frame.bbox().width; ++x) {
    frame.image(x, 0) = row[static_cast<std::size_t>(x)];
    frame.variance(x, 0) = 1.0F;
  }
  interpolate_rows(frame, 1, 4, {fallback, 5.0F}, KrigingTable(), 0, 1);
  return {frame.image.pixels().begin(), frame.image.pixels().end()};
}

constexpr float bad = std::numeric_limits<float>::quiet_NaN();

}  // namespace

TEST_CASE("interpolate: the weights of runs of 1 to 12 pixels are those of kriging") {
  KrigingTable const table;
  double worst = 0.0;
  for (int length = 1; length <= 12; ++length)
    for (int left = 0; left <= 2; ++left)
      for (int right = 0; right <= 2; ++right) {
        if (left + right == 0) continue;
        for (int x = 0; x < length; ++x) {
          std::vector<double> at;
          for (int i = 0; i < left; ++i) at.push_back(-1.0 - i);
          for (int i = 0; i < right; ++i) at.push_back(length + i);
          std::vector<double> const expected = textbook_weights(at, x);
          NeighbourWeights const& found = table(x, length - 1 - x, {left, right});
          for (int i = 0; i < left; ++i)
            worst = std::max(worst, std::abs(found[static_cast<std::size_t>(i)] -
                                             expected[static_cast<std::size_t>(i)]));
          for (int i = 0; i < right; ++i)
            worst = std::max(worst, std::abs(found[static_cast<std::size_t>(2 + i)] -
                                             expected[static_cast<std::size_t>(left + i)]));
        }
      }
  CHECK(worst < 1e-6);
  // The document's numbers.
  NeighbourWeights const& one = table(0, 0, {2, 2});
  for (std::size_t const far : {1, 3}) CHECK(std::abs(one[far] + 0.2737) < 5e-5);
  for (std::size_t const near : {0, 2}) CHECK(std::abs(one[near] - 0.7737) < 5e-5);
  for (double const w : table(5, 5, {2, 2})) CHECK(std::abs(w - 0.25) < 5e-4);
  for (double const w : table(500, 300, {2, 2})) CHECK(std::abs(w - 0.25) < 1e-8);
}

TEST_CASE("interpolate: a single pixel, and one good pixel between two runs") {
  std::vector<float> const row{1, 2, 3, 4, bad, 6, 7, 8, 9};
  CHECK(interpolated(row)[4] == doctest::Approx(5.0));
  CHECK(interpolated(row)[3] == 4.0F);
  // Pixel 4 has only pixel 5 on its right: 6 is bad.
  std::vector<float> const close{1, 1, 1, 1, bad, 10, bad, 1, 1, 1};
  std::vector<double> const weights = textbook_weights({-1, -2, 1}, 0);
  CHECK(interpolated(close)[4] == doctest::Approx(1.0 + 9.0 * weights[2]).epsilon(1e-5));
}

TEST_CASE("interpolate: at the image's edge the six nearest pixels, the others take the fallback") {
  std::vector<float> row(20, 3.0F);
  for (std::size_t x = 0; x < 9; ++x) row[x] = bad;
  std::vector<float> const found = interpolated(row);
  for (std::size_t x = 0; x < 3; ++x) CHECK(found[x] == -99.0F);
  for (std::size_t x = 3; x < 20; ++x) CHECK(found[x] == doctest::Approx(3.0));
  row.assign(20, 3.0F);
  for (std::size_t x = 14; x < 20; ++x) row[x] = bad;
  for (float const value : interpolated(row)) CHECK(value == doctest::Approx(3.0));
  for (float const value : interpolated(std::vector<float>(9, bad))) CHECK(value == -99.0F);
  CHECK(interpolated({bad, 2.0F})[0] == doctest::Approx(2.0));
}

TEST_CASE("interpolate: the variance is that of the weighted sum") {
  MaskedImage frame({0, 0, 5, 1});
  for (int x = 0; x < 5; ++x) frame.variance(x, 0) = 1.0F + static_cast<float>(x);
  frame.mask.image()(2, 0) = 1;
  CHECK(interpolate_rows(frame, 1, 4, {}, KrigingTable(), 0, 1) == 1);
  double const near = 0.7737, far = 0.2737;
  CHECK(frame.variance(2, 0) ==
        doctest::Approx(near * near * (2.0 + 4.0) + far * far * (1.0 + 5.0)).epsilon(3e-4));
  CHECK(frame.mask.image()(2, 0) == 5);
}

TEST_CASE("interpolate: the task grows SAT by one step and flags INTRP") {
  Exposure exposure = flat_exposure(9, 9, 10.0);
  exposure.mask().image()(4, 4) = exposure.mask().bit("SAT");
  exposure.image()(4, 4) = 60000.0F;
  for (int const x : {3, 5}) exposure.image()(x, 4) = 500.0F;
  auto const harness = run_task<Interpolate>("exposure", exposure);
  Exposure const& result = harness->result<Exposure>("exposure");
  MaskPixel const both = result.mask().bits({"SAT", "INTRP"});
  for (Pixel const p : {Pixel{4, 4}, {3, 4}, {5, 4}, {4, 3}, {4, 5}}) {
    CHECK(result.mask().image().at(p) == both);
    CHECK(result.image().at(p) == doctest::Approx(10.0));
  }
  CHECK(result.mask().image()(3, 3) == 0);
  CHECK(harness->metric("interpolated") == 5.0);

  fill(exposure.image(), [](int, int) { return bad; });
  CHECK_THROWS_WITH_AS(run_task<Interpolate>("exposure", exposure),
                       "no pixel is good, from which bad ones could be interpolated", DataError);
}

// The bar: flux error below 1 % at S/N 100. Stars of HSC's median seeing, 0.7" = 4.2 pixels, that a
// bad column crosses anywhere within a pixel of their centre, measured through the PSF.
TEST_CASE("interpolate: stars under a bad column keep their flux to below 1 %") {
  constexpr double sigma = 4.2 / 2.3548, sky_noise = 10.0;
  constexpr int size = 41, middle = 20;
  double const psf_area = 4.0 * 3.14159265358979 * sigma * sigma;
  double const flux = 100.0 * sky_noise * std::sqrt(psf_area);  // S/N 100 against the sky's noise
  std::mt19937 random(4);
  std::normal_distribution<double> noise(0.0, sky_noise);
  std::uniform_real_distribution<double> offset(-0.5, 0.5);
  KrigingTable const table;
  double worst_bias = 0.0, mean_change = 0.0;
  constexpr int stars = 400;
  for (int star = 0; star < stars; ++star) {
    double const x0 = middle + offset(random), y0 = middle + offset(random);
    auto const profile = [&](int x, int y) {
      return std::exp(-((x - x0) * (x - x0) + (y - y0) * (y - y0)) / (2.0 * sigma * sigma)) /
             (2.0 * 3.14159265358979 * sigma * sigma);
    };
    MaskedImage clean({0, 0, size, size}), noisy = clean;
    fill(clean.image, [&](int x, int y) { return flux * profile(x, y); });
    fill(noisy.image, [&](int x, int y) { return flux * profile(x, y) + noise(random); });
    MaskedImage const whole = noisy;
    for (MaskedImage* const frame : {&clean, &noisy}) {
      int const column = middle - 1 + star % 3;
      for (int y = 0; y < size; ++y) {
        frame->image(column, y) = 65000.0F;
        frame->mask.image()(column, y) = 1;
      }
      interpolate_rows(*frame, 1, 4, {}, table, 0, size);
    }
    auto const psf_flux = [&](Image<float> const& image) {
      double sum = 0.0, norm = 0.0;
      for (int y = 0; y < size; ++y)
        for (int x = 0; x < size; ++x) {
          sum += profile(x, y) * image(x, y);
          norm += profile(x, y) * profile(x, y);
        }
      return sum / norm;
    };
    worst_bias = std::max(worst_bias, std::abs(psf_flux(clean.image) / flux - 1.0));
    mean_change += (psf_flux(noisy.image) - psf_flux(whole.image)) / flux / stars;
  }
  CHECK(worst_bias < 0.01);
  CHECK(std::abs(mean_change) < 0.01);
}
