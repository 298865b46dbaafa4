#include "instrument/optics.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "instrument/camera_document.hpp"
#include "instrument/csv_table.hpp"
#include "instrument/table_reader.hpp"

namespace almagest {
namespace {

constexpr int most_steps = 50;

[[noreturn]] void not_invertible(Point field_angle) {
  throw DataError("no place in the focal plane has the field angle (" +
                  std::to_string(field_angle.x / radians_per_degree) + ", " +
                  std::to_string(field_angle.y / radians_per_degree) + ") degrees");
}

double parity(bool flip_x) {
  return flip_x ? -1.0 : 1.0;
}

class RadialDistortion final : public Distortion {
 public:
  RadialDistortion(std::vector<double> coefficients, double scale, bool flip_x)
      : coefficients_(std::move(coefficients)), scale_(scale), parity_(parity(flip_x)) {}

  Point field_angle(Point p) const override {
    double const r = std::hypot(p.x, p.y);
    // Along the axis the limit of r'/r, for polynomials without a constant term.
    double const stretch = r > 0 ? value(r) / r : slope(0.0);
    return {parity_ * scale_ * stretch * p.x, scale_ * stretch * p.y};
  }

  Point focal_plane(Point angle) const override {
    double const wanted = std::hypot(angle.x, angle.y) / scale_;
    if (!std::isfinite(wanted)) not_invertible(angle);
    if (wanted == 0.0) return {0.0, 0.0};
    double r = wanted;
    for (int step = 0; step < most_steps; ++step) {
      double const change = (value(r) - wanted) / slope(r);
      r -= change;
      if (!std::isfinite(r) || r < 0) break;
      if (std::abs(change) <= 1e-12 * wanted) {
        double const back = r / (wanted * scale_);
        return {parity_ * back * angle.x, back * angle.y};
      }
    }
    not_invertible(angle);
  }

 private:
  double value(double r) const noexcept {
    double sum = 0.0;
    for (std::size_t i = coefficients_.size(); i-- > 0;) sum = sum * r + coefficients_[i];
    return sum;
  }
  double slope(double r) const noexcept {
    double sum = 0.0;
    for (std::size_t i = coefficients_.size(); i-- > 1;)
      sum = sum * r + static_cast<double>(i) * coefficients_[i];
    return sum;
  }

  std::vector<double> coefficients_;
  double scale_;
  double parity_;
};

/// Values and derivatives of the two polynomials at a point.
struct Expansion {
  Point value;
  Point by_x;
  Point by_y;
};

class PolynomialDistortion final : public Distortion {
 public:
  PolynomialDistortion(std::vector<DistortionTerm> const& terms, double unit_mm, double scale,
                       bool flip_x)
      : unit_mm_(unit_mm), scale_(scale), parity_(parity(flip_x)) {
    for (DistortionTerm const& term : terms) order_ = std::max(order_, term.power_x + term.power_y);
    coefficients_.assign(static_cast<std::size_t>((order_ + 1) * (order_ + 1)), {});
    for (DistortionTerm const& term : terms) {
      Point& c = coefficients_[index(term.power_x, term.power_y)];
      c.x += term.x;
      c.y += term.y;
    }
  }

  Point field_angle(Point p) const override {
    Point const value = expand({p.x / unit_mm_, p.y / unit_mm_}).value;
    return {parity_ * scale_ * value.x, scale_ * value.y};
  }

  /// Newton's method, from the linear solution about the axis.
  Point focal_plane(Point angle) const override {
    Point const wanted{parity_ * angle.x / scale_, angle.y / scale_};
    Point p{0.0, 0.0};
    for (int step = 0; step < most_steps; ++step) {
      Expansion const at = expand(p);
      double const dx = wanted.x - at.value.x, dy = wanted.y - at.value.y;
      double const determinant = at.by_x.x * at.by_y.y - at.by_y.x * at.by_x.y;
      Point const change{(at.by_y.y * dx - at.by_y.x * dy) / determinant,
                         (at.by_x.x * dy - at.by_x.y * dx) / determinant};
      p.x += change.x;
      p.y += change.y;
      if (!std::isfinite(p.x) || !std::isfinite(p.y)) break;
      constexpr double tolerance = 1e-8;  // of the unit, a pixel
      if (std::hypot(change.x, change.y) <= tolerance) return {p.x * unit_mm_, p.y * unit_mm_};
    }
    not_invertible(angle);
  }

 private:
  std::size_t index(int i, int j) const noexcept {
    return static_cast<std::size_t>(i * (order_ + 1) + j);
  }

  Expansion expand(Point p) const noexcept {
    Expansion sum;
    for (int i = order_; i >= 0; --i) {  // Horner in x over polynomials in y
      Point inner, by_y;
      for (int j = order_ - i; j >= 0; --j) {
        Point const& c = coefficients_[index(i, j)];
        by_y = {by_y.x * p.y + inner.x, by_y.y * p.y + inner.y};
        inner = {inner.x * p.y + c.x, inner.y * p.y + c.y};
      }
      sum.by_x = {sum.by_x.x * p.x + sum.value.x, sum.by_x.y * p.x + sum.value.y};
      sum.by_y = {sum.by_y.x * p.x + by_y.x, sum.by_y.y * p.x + by_y.y};
      sum.value = {sum.value.x * p.x + inner.x, sum.value.y * p.x + inner.y};
    }
    return sum;
  }

  int order_ = 0;  // of the sum of both powers
  std::vector<Point> coefficients_;
  double unit_mm_;
  double scale_;
  double parity_;
};

std::vector<DistortionTerm> read_terms(CsvTable const& csv, Where const& where,
                                       Problems& problems) {
  std::vector<DistortionTerm> terms;
  auto const px = csv.find("power_x"), py = csv.find("power_y"), x = csv.find("x"),
             y = csv.find("y");
  if (!px || !py || !x || !y) {
    problems.add(where, csv.path().string() + " needs the columns power_x, power_y, x, y");
    return terms;
  }
  constexpr int highest_order = 9;
  for (std::size_t row = 0; row < csv.rows(); ++row) {
    DistortionTerm const term{csv.integer(row, *px), csv.integer(row, *py), csv.number(row, *x),
                              csv.number(row, *y)};
    if (term.power_x < 0 || term.power_y < 0 || term.power_x + term.power_y > highest_order)
      problems.add(csv.where(row), "the order of a distortion goes from 0 to 9");
    else
      terms.push_back(term);
  }
  return terms;
}

std::shared_ptr<Distortion const> read_polynomial(ConfigValue const& value, bool flip_x,
                                                  Problems& problems) {
  TableReader table(value, "'polynomial'", problems);
  ConfigValue const* const file = table.value("table");
  auto const unit = table.number("unit_mm");
  auto const scale = table.number("scale");
  table.finish();
  if (!file || !file->is_string() || !unit || !scale || !(*unit > 0) || !(*scale > 0)) {
    problems.add(value.where,
                 "'polynomial' needs 'table' (a CSV file), 'unit_mm' and 'scale' "
                 "[arcsec]");
    return nullptr;
  }
  auto const terms = read_terms(CsvTable(package_file(*file)), file->where, problems);
  return polynomial_distortion(terms, *unit, *scale * radians_per_arcsec, flip_x);
}

void read_rotation(ConfigValue const& value, Optics& optics, Problems& problems) {
  TableReader table(value, "'rotation'", problems);
  if (auto const sign = table.number("sign")) {
    if (std::abs(*sign) != 1.0) table.problem(*table.value("sign"), "'sign' is 1 or -1");
    optics.rotation_sign = *sign;
  }
  optics.rotation_offset_deg = table.number("offset").value_or(0.0);
  table.finish();
}

/// A plate scale in arcsec/pixel, as short descriptions of a camera give it.
std::optional<double> scale_of_pixels(ConfigValue const& document, double pixel_mm,
                                      Problems& problems) {
  ConfigValue const* const camera = document.find("camera");
  ConfigValue const* const value = camera ? camera->find("plate_scale") : nullptr;
  if (!value) return std::nullopt;
  TableReader table(*camera, "[camera]", problems);
  auto const scale = table.number("plate_scale");
  if (!scale || !(*scale > 0) || !(pixel_mm > 0)) {
    problems.add(value->where,
                 "'plate_scale' wants a positive number [arcsec/pixel], and "
                 "detectors with 'pixel_um'");
    return std::nullopt;
  }
  return *scale / pixel_mm;
}

}  // namespace

Distortion::~Distortion() = default;

std::shared_ptr<Distortion const> radial_distortion(std::vector<double> coefficients, double scale,
                                                    bool flip_x) {
  return std::make_shared<RadialDistortion>(std::move(coefficients), scale, flip_x);
}

std::shared_ptr<Distortion const> polynomial_distortion(std::vector<DistortionTerm> const& terms,
                                                        double unit_mm, double scale, bool flip_x) {
  return std::make_shared<PolynomialDistortion>(terms, unit_mm, scale, flip_x);
}

Optics read_optics(ConfigValue const& document, double pixel_mm, Problems& problems) {
  Optics optics;
  std::optional<double> scale = scale_of_pixels(document, pixel_mm, problems);
  std::vector<double> radial{0.0, 1.0};
  bool flip_x = false;
  if (ConfigValue const* value = document.find("optics")) {
    TableReader table(*value, "[optics]", problems);
    if (auto const given = table.number("plate_scale")) scale = given;
    flip_x = table.flag("flip_x").value_or(false);
    if (ConfigValue const* rotation = table.table("rotation"))
      read_rotation(*rotation, optics, problems);
    ConfigValue const* const polynomial = table.table("polynomial");
    if (table.value("radial")) radial = table.numbers("radial");
    table.finish();
    if (polynomial) {
      optics.distortion = read_polynomial(*polynomial, flip_x, problems);
      return optics;
    }
    if (radial.size() < 2 || radial[0] != 0.0)
      problems.add(value->where, "'radial' wants [0, c1, c2, …]: the axis stays where it is");
    if (!scale || !(*scale > 0))
      problems.add(value->where,
                   "[optics] needs a positive 'plate_scale' [arcsec/mm], or "
                   "'polynomial'");
  }
  if (scale && *scale > 0)
    optics.distortion = radial_distortion(radial, *scale * radians_per_arcsec, flip_x);
  return optics;
}

}  // namespace almagest
