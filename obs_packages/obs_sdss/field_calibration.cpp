#include "field_calibration.hpp"

#include <cmath>
#include <numbers>

#include "almagest/error.hpp"
#include "almagest/fits.hpp"
#include "table_lookup.hpp"

namespace obs_sdss {

using namespace almagest;

FieldCalibration read_field_calibration(std::filesystem::path const& path,
                                        Formatter::ReadRequest const& request) {
  fits::Reader reader(path);
  Header const header = reader.header(0);
  std::size_t const filters = list_size(header, "FILTERS");
  std::size_t const filter = position_in_list(header, "FILTERS", request.id.text("filter"));
  fits::Table const table = require_table(reader, 1, "the field's calibration", path);
  std::size_t const row = row_of_field(table, request.id.integer("field"), path);
  auto const value = [&](std::string const& column) {
    return require_finite(Numbers(table, column, filters, path)(row, filter),
                          column + " of filter " + request.id.text("filter"), path);
  };
  return {.gain = require_positive(value("gain"), "gain", path),
          .dark_variance = value("dark_variance"),
          .aa = value("aa"),
          .aa_error = value("aaErr"),
          .kk = value("kk"),
          .airmass = value("airmass"),
          .mjd = value("mjd")};
}

PhotoCalib photo_calib(FieldCalibration const& calibration, double exposure_time_s) {
  constexpr double ln10 = std::numbers::ln10;
  PhotoCalib result;
  result.flux_mag0 = std::pow(10.0, -0.4 * calibration.aa) * exposure_time_s;
  result.flux_mag0_error = 0.4 * ln10 * result.flux_mag0 * calibration.aa_error;
  return result;
}

}  // namespace obs_sdss
