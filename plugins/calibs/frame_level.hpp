#pragma once

namespace calibs {

/// Card that `calibs/measure_level` writes: mean level of the frame, in the unit of its image.
inline constexpr char const* level_card = "CALLEVEL";

}  // namespace calibs
