#pragma once

#include "almagest/exposure.hpp"
#include "almagest/raw_exposure.hpp"

namespace isr {

/// What the port of a frame is called by tasks that exist for raw and for assembled frames.
template <class Frame>
inline constexpr char const* frame_port = "exposure";
template <>
inline constexpr char const* frame_port<almagest::RawExposure> = "raw";

}  // namespace isr
