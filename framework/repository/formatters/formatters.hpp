#pragma once

#include <memory>

#include "almagest/exposure.hpp"
#include "almagest/footprint.hpp"
#include "almagest/formatter.hpp"
#include "almagest/matches.hpp"
#include "almagest/source_catalog.hpp"
#include "repository/formatters/standard_products.hpp"

/// The formatters of the framework's own products, one file each. All write FITS, but pictures PNG;
/// what they write they read back bit by bit.
namespace almagest {

std::shared_ptr<Formatter const> exposure_formatter(PsfFromState psf_from_state);
std::shared_ptr<Formatter const> masked_image_formatter();
std::shared_ptr<Formatter const> float_image_formatter();
std::shared_ptr<Formatter const> uint16_image_formatter();
std::shared_ptr<Formatter const> mask_formatter();
std::shared_ptr<Formatter const> source_catalog_formatter();
std::shared_ptr<Formatter const> footprint_set_formatter();
std::shared_ptr<Formatter const> background_formatter();
std::shared_ptr<Formatter const> aperture_correction_map_formatter();
std::shared_ptr<Formatter const> matches_formatter();
std::shared_ptr<Formatter const> wcs_formatter();
std::shared_ptr<Formatter const> psf_formatter(PsfFromState psf_from_state);
std::shared_ptr<Formatter const> photo_calib_formatter();
std::shared_ptr<Formatter const> header_formatter();
/// Only reads, by what the camera says of its raw files.
std::shared_ptr<Formatter const> raw_exposure_formatter();
/// Reads FITS regions, ECSV, and CSV, also of several detectors and dates; writes FITS regions.
std::shared_ptr<Formatter const> defects_formatter();
std::shared_ptr<Formatter const> picture_formatter();
/// Reads FITS, also LSST's tables, LSST's ECSV, and plain matrices of numbers; writes FITS.
std::shared_ptr<Formatter const> crosstalk_formatter();
/// Reads FITS and CSV; writes FITS.
std::shared_ptr<Formatter const> linearity_table_formatter();
/// Reads FITS images and plain matrices of numbers; writes FITS.
std::shared_ptr<Formatter const> brighter_fatter_kernel_formatter();
/// Reads FITS and CSV; writes FITS.
std::shared_ptr<Formatter const> amplifier_table_formatter();

}  // namespace almagest
