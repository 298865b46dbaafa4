#pragma once

#include "almagest/geometry.hpp"
#include "almagest/image.hpp"

namespace deblend {

/// Makes a template fall outwards from its peak: no pixel stays brighter than those between it and
/// the peak.
///
/// Goes outwards in blocks of five square rings around the peak. Each pixel of a ring casts a
/// shadow of a cone five pixels outwards, in which no pixel may be brighter than itself was at the
/// start of the block (science document, section 5 step 4 and section 10 item 17).
///
/// \param peak  parent frame
void make_monotonic(almagest::Image<float>& image, almagest::Pixel peak);

}  // namespace deblend
