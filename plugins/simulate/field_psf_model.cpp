#include "field_psf_model.hpp"

namespace simulate {

using namespace almagest;

namespace {

using Coefficients = std::array<std::array<float, FieldPsfModel::terms>, FieldPsfModel::terms>;

/// Positions are in thousands of pixels in the polynomials.
constexpr double position_scale = 0.001;

/// a1 u + a2 v + a3 (u² − 1/3) + a4 u v + a5 (v² − 1/3), where u and v run from −1 to 1 over the
/// frame, as powers of 0.001 x and 0.001 y. It has no mean over the frame.
Coefficients random_surface(double amplitude, int width, int height, Random& random) {
  double a[5];
  for (double& value : a) value = random.uniform(-amplitude, amplitude);
  double const su = 2.0 / (position_scale * (width - 1));  // u = su X − 1
  double const sv = 2.0 / (position_scale * (height - 1));
  std::array<std::array<double, 3>, 3> c{};  // [power of Y][power of X]
  c[0][0] = -a[0] - a[1] + a[2] * (1 - 1.0 / 3) + a[3] + a[4] * (1 - 1.0 / 3);
  c[0][1] = su * (a[0] - 2 * a[2] - a[3]);
  c[1][0] = sv * (a[1] - a[3] - 2 * a[4]);
  c[0][2] = su * su * a[2];
  c[1][1] = su * sv * a[3];
  c[2][0] = sv * sv * a[4];
  Coefficients rounded{};
  for (std::size_t j = 0; j < rounded.size(); ++j)
    for (std::size_t i = 0; i < rounded.size(); ++i) rounded[j][i] = static_cast<float>(c[j][i]);
  return rounded;
}

}  // namespace

FieldPsfModel FieldPsfModel::make(double fwhm, int width, int height, Random& random) {
  FieldPsfModel model;
  // A core with wings like those of real SDSS fields; the wings widen the FWHM by a tenth.
  constexpr double fwhm_per_sigma = 2.3548 * 1.1;
  model.inner_sigma = fwhm / fwhm_per_sigma;
  model.outer_sigma = 2.4 * model.inner_sigma;
  double const variance = model.inner_sigma * model.inner_sigma;

  Coefficients one{};
  one[0][0] = 1.0F;
  model.eigenimages.push_back({{Gaussian::round(1.0 - model.outer_flux, model.inner_sigma),
                                Gaussian::round(model.outer_flux, model.outer_sigma)},
                               one});
  constexpr double size_step = 0.25;
  constexpr double shape_step = 0.15;
  constexpr double amplitude = 0.08;
  auto const add_mode = [&](Gaussian plus, Gaussian minus) {
    minus.flux = -plus.flux;
    model.eigenimages.push_back({{plus, minus}, random_surface(amplitude, width, height, random)});
  };
  add_mode({1, variance * (1 + size_step), 0, variance * (1 + size_step)},
           {1, variance * (1 - size_step), 0, variance * (1 - size_step)});
  add_mode({1, variance * (1 + shape_step), 0, variance * (1 - shape_step)},
           {1, variance * (1 - shape_step), 0, variance * (1 + shape_step)});
  add_mode({1, variance, variance * shape_step, variance},
           {1, variance, -variance * shape_step, variance});
  return model;
}

Mixture FieldPsfModel::at(Point position) const {
  double const x = position_scale * position.x;
  double const y = position_scale * position.y;
  Mixture psf;
  for (Eigenimage const& eigenimage : eigenimages) {
    double weight = 0.0;
    double y_power = 1.0;
    for (auto const& row : eigenimage.coefficients) {
      weight += y_power * (row[0] + x * (row[1] + x * row[2]));
      y_power *= y;
    }
    for (Gaussian g : eigenimage.image) {
      g.flux *= weight;
      psf.push_back(g);
    }
  }
  return psf;
}

}  // namespace simulate
