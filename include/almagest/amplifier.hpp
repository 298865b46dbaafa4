#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "almagest/geometry.hpp"

namespace almagest {

/// Where in an image stands the pixel that an amplifier reads first.
enum class ReadCorner { lower_left, lower_right, upper_left, upper_right };
/// The same corner after the image has been mirrored.
ReadCorner flipped(ReadCorner corner, bool flip_x, bool flip_y) noexcept;

/// How an amplifier's answer departs from a straight line (ISR document 4.1, step 7). All of them
/// take overscan-subtracted values [adu].
struct Linearity {
  enum class Type {
    none,  ///< nothing is done
    /// I·(1 + c0·I)
    squared,
    /// I + Σ c_i I^(i+2)
    polynomial,
    /// I + table[⌊c1 + I⌋]; coefficients {row of the table, c1}
    lookup_table,
    /// I − S(I), Akima spline through (x, y); coefficients x…, then as many y…, anchored at (0, 0)
    spline,
    /// Two splines, one after the other; coefficients {n1, n2, x1…, y1…, x2…, y2…}
    double_spline
  };
  Type type = Type::none;
  std::vector<double> coefficients;
  std::vector<float> table;  ///< of lookup_table: this amplifier's row [adu]
  bool operator==(Linearity const&) const = default;
};

/// One read-out channel of a CCD.
///
/// Its raw image is a rectangle of a file's HDU, in the file's orientation; `raw_*` boxes are
/// regions of that image, whose first pixel is (0, 0). Assembly cuts out raw_data, mirrors it and
/// puts it at `box`.
struct Amplifier {
  std::string name;           ///< "C00"; as the camera's makers say
  Box box;                    ///< its pixels in the assembled frame
  Box raw_data;               ///< pixels that saw the sky
  Box raw_prescan;            ///< empty where there is none
  Box raw_serial_overscan;    ///< beside the data rows
  Box raw_parallel_overscan;  ///< beyond the data columns
  bool flip_x = false;        ///< raw columns run against the assembled frame's
  bool flip_y = false;        ///< raw rows run against the assembled frame's
  ReadCorner read_corner = ReadCorner::lower_left;  ///< of `box`, in the assembled frame
  double gain = 1.0;                                ///< [electron/adu]
  double read_noise = 0.0;                          ///< [electron], or as the obs package says
  /// Level from which a pixel is saturated or suspect [adu]; NaN: never. Whether the bias is in it
  /// follows from where the camera's pipeline puts `isr/saturation`.
  double saturation = std::numeric_limits<double>::quiet_NaN();
  double suspect = std::numeric_limits<double>::quiet_NaN();
  Linearity linearity;
  /// Further numbers of the obs package's tables, by column: "cti", "drift_scale".
  std::map<std::string, double> further;
  bool operator==(Amplifier const&) const;  // NaN levels are equal
};

}  // namespace almagest
