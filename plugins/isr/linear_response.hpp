#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "almagest/amplifier.hpp"

namespace isr {

/// Makes an amplifier's answer proportional to the charge (ISR document 4.1, step 7).
///
/// A spline is anchored at (0, 0): where its first point lies above 0, that point is put before
/// it; where it lies at 0 with another value, the whole curve is lowered by that value. Values
/// outside of its points are corrected like the first point, or like 0.1 adu below the last one.
/// Look-up tables go on with their first and last entry.
class LinearResponse {
 public:
  /// \param amplifier  its name, for messages
  /// \throws DataError naming the amplifier, when coefficients are missing, too many or not
  ///         finite, or the points of a spline do not increase
  LinearResponse(almagest::Linearity const& linearity, std::string const& amplifier);

  /// \param values  overscan-subtracted [adu]; NaN stays NaN
  void correct(std::span<float> values) const;

 private:
  struct Polynomial {
    std::vector<float> factors;  ///< of I², I³ …
  };
  struct Table {
    double offset;
    std::vector<float> entries;
  };
  /// A spline as cubics in single precision, with an index that finds a value's cubic in a few
  /// steps without branches.
  struct Curve {
    float low, high;                  ///< values are clipped to this range
    float cells_per_adu;              ///< of the index
    int steps;                        ///< most starts in a cell
    std::vector<std::int32_t> index;  ///< the cubic at a cell's beginning
    std::vector<float> start, c0, c1, c2, c3;
  };

  static Curve curve_of(std::span<double const> x, std::span<double const> y);
  static void add(Polynomial const& polynomial, std::span<float> values);
  static void add(Table const& table, std::span<float> values);
  static void subtract(Curve const& curve, std::span<float> values);

  std::variant<std::monostate, Polynomial, Table, std::vector<Curve>> response_;
};

}  // namespace isr
