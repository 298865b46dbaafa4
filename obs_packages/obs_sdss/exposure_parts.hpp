#pragma once

#include "almagest/exposure.hpp"
#include "almagest/header.hpp"
#include "almagest/image.hpp"
#include "field_calibration.hpp"
#include "frame.hpp"

/// The parts of an exposure that obs_sdss/make_exposure puts together.
namespace obs_sdss {

/// The first rows of a frame as floats, with a pedestal subtracted [adu].
almagest::Image<float> to_counts(almagest::Image<std::uint16_t> const& pixels, int rows,
                                 double pedestal);

/// Photon noise of counts without pedestal, plus a constant [adu²].
///
/// The image is not cleaned of its sky or its noise: as the stack does it, the variance is
/// counts / gain pixel by pixel, and negative where the counts are.
almagest::Image<float> counts_variance(almagest::Image<float> const& counts, double gain,
                                       double constant);

/// When the frame was taken. A row is exposed while it drifts over the CCD and read at its end, so
/// the middle of the exposure is that of the middle row.
///
/// \param row_period_s  time from one row to the next
almagest::VisitInfo visit_info(almagest::Header const& header, FieldCalibration const& calibration,
                               int rows, double exposure_time_s, double row_period_s);

/// The frame's own cards, without those that describe its file or the WCS it came with.
almagest::Header kept_cards(almagest::Header const& header);

}  // namespace obs_sdss
