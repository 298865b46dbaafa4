#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/catalog_matching.hpp"

namespace almagest {

/// How values lie about zero; NaN of nothing.
struct Spread {
  double median = 0.0;   ///< of the finite values
  double scatter = 0.0;  ///< 1.4826 times their median absolute deviation from it
  double p97 = 0.0;      ///< 97 % of all magnitudes are at most this, infinite ones included
  double worst = 0.0;    ///< the largest magnitude
};
/// NaN values do not count.
Spread spread_of(std::vector<double> values);

/// One number of a sample: an offset with its scatter, or a share from 0 to 1.
struct ComparedQuantity {
  /// A / B − 1; A − B in pixels, in square pixels, on the sky in mas, in units of B's error.
  enum class Kind { ratio, pixels, square_pixels, mas, pull, share };
  std::string name;
  Kind kind = Kind::ratio;
  /// Of an offset. A row of which one catalogue alone has a value is infinitely far off.
  Spread spread;
  double share = 0.0;  ///< NaN where there are no rows to tell
};

/// Matched rows of one range of signal-to-noise ratio.
struct ComparedSample {
  std::string name;
  std::size_t rows = 0;
  std::vector<ComparedQuantity> quantities;  ///< the same ones in every sample of a comparison
};

/// How many of B's rows of a range of signal-to-noise ratio A has too.
struct CompletenessBin {
  double low = 0.0;   ///< −∞ in the first; NaN in the last, of rows without a ratio
  double high = 0.0;  ///< excluded; ∞ in the last but one
  std::size_t rows = 0;
  std::size_t found = 0;

  bool contains(double ratio) const noexcept;
  /// "< 0", "5–7", "≥ 50", "unknown".
  std::string str() const;
};

/// What comes of comparing catalogue A with B on one frame.
struct FrameComparison {
  FrameKey frame;
  std::size_t rows_a = 0;
  std::size_t rows_b = 0;
  std::optional<bool> same_ids;               ///< row by row; none where a catalogue has no ids
  std::vector<CompletenessBin> completeness;  ///< every row of B once; none without a ratio
  std::vector<ComparedSample> samples;
  /// The matched rows side by side, and B's signal-to-noise ratio of each (empty: not known).
  ComparedCatalog a;
  ComparedCatalog b;
  std::vector<double> signal_to_noise;
};

struct ComparisonOptions {
  double radius = 1.0;  ///< of a match [pixel], or [arcsec] on the sky
  std::optional<std::int64_t> run;
  std::optional<std::string> filter;
};

/// Both catalogues' positions in pixels if they have them, else on the sky.
/// \throws DataError when they have neither in common
MatchSpace common_space(ComparedCatalog const& a, ComparedCatalog const& b);

/// Frame by frame, those that only one catalogue has included.
///
/// \throws DataError when the catalogues have no position or no frame in common, or it is not known
/// which of B's frames A is of; ConfigError when no row is of the run or filter asked for
std::vector<FrameComparison> compare_catalogs(ComparedCatalog const& a, ComparedCatalog const& b,
                                              ComparisonOptions const& options);

}  // namespace almagest
