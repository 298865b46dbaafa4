#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ccd.hpp"
#include "field_psf_model.hpp"
#include "filters.hpp"
#include "scan_geometry.hpp"

/// Writers of the five SDSS file types of a frame, laid out as the survey's own.
namespace simulate {

/// Which field of which scan, and how the camera saw it.
struct FieldDescription {
  std::int64_t run = 0;
  std::int64_t rerun = 0;
  std::int64_t camcol = 0;
  std::int64_t field = 0;
  int width = 0;
  int height = 0;
  double mjd = 0.0;  ///< when row 0 of the first filter was read, TAI [day]
  double airmass = 1.0;
  std::array<double, filter_count> sky{};  ///< [adu per pixel]
  std::array<ScanGeometry, filter_count> geometry{};
  std::array<FieldPsfModel, filter_count> psf{};

  /// When row 0 of a filter's frame was read, TAI: a star drifts from one filter's CCD to the next.
  double mjd_of(std::size_t filter) const;
};

/// fpC, gzip'd without a time of writing, so that equal frames have equal bytes.
void write_frame(std::filesystem::path const& path, FieldDescription const& field,
                 std::size_t filter, almagest::Image<std::uint16_t> const& pixels, int pedestal);
/// fpM
void write_frame_mask(std::filesystem::path const& path, FieldDescription const& field,
                      Defects const& defects);
/// tsField
void write_field_calibration(std::filesystem::path const& path, FieldDescription const& field);
/// asTrans: the one field, in all columns of the camera alike
void write_astrometric_solutions(std::filesystem::path const& path, FieldDescription const& field);
/// psField
void write_field_psf(std::filesystem::path const& path, FieldDescription const& field);

/// `2003-10-19` and `04:43:34.68` of a date.
struct CalendarDate {
  std::string day;
  std::string time;
};
CalendarDate calendar_date(double mjd);

}  // namespace simulate
