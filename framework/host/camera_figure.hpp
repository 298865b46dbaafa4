#pragma once

#include <string>

#include "almagest/raw_exposure.hpp"
#include "host/figure.hpp"

namespace almagest {

/// A raw frame with its sections, each channel less the level of its overscan: the channels as they
/// were read out, side by side, with boxes around data, prescan and overscans and a mark in the
/// corner of the data that was read first; the data as they are assembled, with the amplifiers'
/// names and the same marks; and the levels of the columns around the first one of the overscan.
Figure camera_figure(RawExposure const& raw, std::string const& title);

}  // namespace almagest
