#pragma once

#include <vector>

#include "host/compared_catalog.hpp"

namespace almagest {

/// Rows of two catalogues that are one source.
struct RowPair {
  std::size_t a = 0;
  std::size_t b = 0;
  bool operator==(RowPair const&) const = default;
};

/// In what positions are compared.
enum class MatchSpace { pixels, sky };

/// One-to-one pairs within a radius; the cheapest pair first, each row at most once.
///
/// A pair costs its distance in units of the radius plus twice |ln| of its flux ratio (at most 5,
/// which is also that of unknown fluxes), so that a parent finds the parent where children lie at
/// the same place. The flux is the PSF's, else that of the aperture, else the Gaussian's, of those
/// that both have; without one only the distance counts.
///
/// \param radius  [pixel] or [arcsec]
/// \param most_candidates  how many pairs may lie within the radius; bounds what is held in memory
/// \throws DataError when there are more
std::vector<RowPair> match_catalogs(ComparedCatalog const& a, ComparedCatalog const& b,
                                    double radius, MatchSpace space,
                                    std::size_t most_candidates = 20'000'000);

}  // namespace almagest
