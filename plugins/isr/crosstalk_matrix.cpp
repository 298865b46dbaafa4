#include "crosstalk_matrix.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "almagest/error.hpp"

namespace isr {
namespace {
using namespace almagest;

/// The row (and column) of each of the detector's amplifiers.
std::vector<int> places(Crosstalk const& crosstalk, Detector const& detector) {
  std::vector<int> places;
  for (std::size_t i = 0; i < detector.amplifiers.size(); ++i) {
    if (crosstalk.amplifiers.empty()) {
      places.push_back(static_cast<int>(i));
      continue;
    }
    std::string const& name = detector.amplifiers[i].name;
    auto const found = std::ranges::find(crosstalk.amplifiers, name);
    if (found == crosstalk.amplifiers.end())
      throw DataError("the crosstalk matrix has no amplifier '" + name + "' of detector '" +
                      detector.name + "'");
    places.push_back(static_cast<int>(found - crosstalk.amplifiers.begin()));
  }
  return places;
}

std::vector<float> ordered(Image<double> const& matrix, char const* which,
                           Crosstalk const& crosstalk, Detector const& detector) {
  std::size_t const size =
      crosstalk.amplifiers.empty() ? detector.amplifiers.size() : crosstalk.amplifiers.size();
  if (matrix.width() != static_cast<int>(size) || matrix.height() != static_cast<int>(size))
    throw DataError("crosstalk: the " + std::string(which) + " matrix has " +
                    std::to_string(matrix.height()) + " rows and " +
                    std::to_string(matrix.width()) + " columns, but detector '" + detector.name +
                    "' wants " + std::to_string(size) + " of each");
  std::vector<int> const place = places(crosstalk, detector);
  std::vector<float> coefficients;
  for (int const source : place)
    for (int const target : place) {
      double const value = matrix(target, source);
      if (!std::isfinite(value))
        throw DataError("crosstalk: the " + std::string(which) + " coefficient of source " +
                        std::to_string(source) + " and target " + std::to_string(target) +
                        " is not finite");
      coefficients.push_back(static_cast<float>(value));
    }
  return coefficients;
}

}  // namespace

CrosstalkMatrix crosstalk_matrix(Crosstalk const& crosstalk, Detector const& detector) {
  CrosstalkMatrix matrix;
  matrix.amplifiers = detector.amplifiers.size();
  matrix.linear = ordered(crosstalk.linear, "linear", crosstalk, detector);
  if (!crosstalk.quadratic.empty())
    matrix.quadratic = ordered(crosstalk.quadratic, "quadratic", crosstalk, detector);
  if (std::ranges::all_of(matrix.quadratic, [](float c) { return c == 0.0F; }))
    matrix.quadratic.clear();
  return matrix;
}

}  // namespace isr
