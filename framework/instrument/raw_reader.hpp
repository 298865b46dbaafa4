#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "almagest/fits.hpp"
#include "almagest/instrument.hpp"
#include "almagest/observation_info.hpp"
#include "almagest/raw_exposure.hpp"
#include "instrument/detector_rules.hpp"

namespace almagest {

/// The headers of all HDUs of a FITS file, the primary one first.
/// \throws NotFoundError, DataError naming the file
std::vector<Header> read_headers(fits::Reader& reader);

/// Reads the pixels of one detector: a channel for each amplifier, in the detector's order, each in
/// the file's orientation. HDUs are decoded side by side on idle threads.
///
/// The detector comes with the sections that this file has. A file whose cards name another kind
/// of CCD than the camera's tables (`card` of [detector_kind.…]) is read as that kind: test set-ups
/// had other chips in the same places.
///
/// \param opened   the file; opening a gzip'd one inflates it, so it is not opened again
/// \param headers  of the same file
/// \param index    of the detector in `camera`
/// \returns detector and channels; everything else is left as it is
/// \throws DataError naming the file, the HDU and the section
RawExposure read_raw_pixels(std::filesystem::path const& path, fits::Reader opened,
                            fits::Checksums checksums, std::span<Header const> headers,
                            CameraDetectors const& camera, std::size_t index);

/// What an observation's properties and its data ID say of a visit.
VisitInfo visit_info_of(ObservationInfo const& observation, Instrument const& instrument,
                        DataId const& id);

}  // namespace almagest
