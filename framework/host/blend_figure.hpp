#pragma once

#include <optional>
#include <vector>

#include "almagest/exposure.hpp"
#include "almagest/source_catalog.hpp"
#include "host/figure.hpp"

namespace almagest {

/// The row of a source by its id, or none.
std::optional<std::size_t> row_of(SourceCatalog const& catalog, std::int64_t id);

/// The rows of a source's children. \throws ConfigError when the catalogue lacks `id` or `parent`
std::vector<std::size_t> children_of(SourceCatalog const& catalog, std::size_t parent);

/// How many children blend_figure() draws one by one.
inline constexpr std::size_t most_children_drawn = 9;

/// The source with the most children among those whose children are all drawn, or else with the
/// fewest; the first of several. None without blends.
std::optional<std::size_t> blend_to_draw(SourceCatalog const& catalog);

/// A deblended group: the exposure around it, the sum of the children, what they leave, and the
/// first children by themselves.
///
/// \param exposure  the one that was deblended [adu]
/// \throws DataError when the source is of another exposure, or has no children, or these have
/// no pixels of their own
Figure blend_figure(Exposure const& exposure, SourceCatalog const& catalog, std::size_t parent);

}  // namespace almagest
