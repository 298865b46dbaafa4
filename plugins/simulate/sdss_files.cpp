#include "sdss_files.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <utility>

#include "almagest/fits.hpp"
#include "almagest/header.hpp"
#include "almagest/wcs.hpp"
#include "gzip.hpp"

namespace simulate {

using namespace almagest;

namespace {

constexpr double seconds_per_day = 86400.0;
constexpr int camera_columns = 6;
/// From one CCD of a column to the next, in the order of the scan.
constexpr double filter_step_s = 71.72;
/// The filters of asTrans files: the order of the scan.
constexpr std::string_view scan_filters = "r i u z g";
constexpr std::string_view table_filters = "u g r i z";

fits::TableColumn column(std::string name, std::string unit, fits::TableColumn::Values values,
                         std::int64_t repeat = 1) {
  fits::TableColumn result;
  result.name = std::move(name);
  result.unit = std::move(unit);
  result.repeat = repeat;
  result.values = std::move(values);
  return result;
}

/// A column with one float per filter, one row.
template <class F>
fits::TableColumn per_filter(std::string name, std::string unit, F const& value_of) {
  std::vector<float> values;
  for (std::size_t filter = 0; filter < filter_count; ++filter)
    values.push_back(static_cast<float>(value_of(filter)));
  return column(std::move(name), std::move(unit), std::move(values), filter_count);
}

std::int32_t to_int(std::int64_t value) {
  return static_cast<std::int32_t>(value);
}

Header field_header(FieldDescription const& field) {
  Header header;
  header.set("RUN", field.run, "Imaging run number");
  header.set("CAMCOL", field.camcol, "Column in the imaging camera");
  header.set("FIELD", field.field, "Field sequence number");
  header.set("ORIGIN", std::string("almagest simulate"));
  return header;
}

void set_great_circle(Header& header, FieldDescription const& field) {
  header.set("NODE", field.geometry[0].node, "RA of the great circle's ascending node (deg)");
  header.set("INCL", field.geometry[0].inclination, "Great circle's inclination (deg)");
}

void write_tables(std::filesystem::path const& path, Header const& primary,
                  std::vector<fits::Table> const& tables) {
  fits::Writer writer(path);
  writer.primary(primary);
  for (fits::Table const& table : tables) writer.table("", table);
  writer.close();
}

/// The plain TAN that a frame's own header carries: the solution and its slopes at the middle.
Wcs header_wcs(ScanGeometry const& geometry, int width, int height) {
  Point const middle{width / 2 - 0.5, height / 2 - 0.5};
  auto const sky = [&](Point p) { return geometry.sky(geometry.great_circle(p)); };
  SkyPoint const centre = sky(middle);
  // Differences over ±100 pixels, 40 arcsec: the tangent plane is the sky there to 1e-8.
  constexpr double reach = 100.0;
  auto const slope = [&](SkyPoint const& a, SkyPoint const& b) {
    constexpr double step = 2 * reach * radians_per_degree;
    return std::pair{(b.ra - a.ra) * std::cos(centre.dec) / step, (b.dec - a.dec) / step};
  };
  auto const [xi_x, eta_x] =
      slope(sky({middle.x - reach, middle.y}), sky({middle.x + reach, middle.y}));
  auto const [xi_y, eta_y] =
      slope(sky({middle.x, middle.y - reach}), sky({middle.x, middle.y + reach}));
  return Wcs(middle, centre, {xi_x, xi_y, eta_x, eta_y});
}

// --- fpM

/// One object per span, as bytes: y, x0, x1, two each, the more significant first.
fits::Table span_table(std::vector<Span> const& spans) {
  std::vector<std::int32_t> one, zero, rows, first, last, pixels;
  std::vector<std::vector<std::uint8_t>> bytes;
  for (Span const& span : spans) {
    one.push_back(1);
    zero.push_back(0);
    rows.push_back(span.y);
    first.push_back(span.x0);
    last.push_back(span.x1);
    pixels.push_back(span.x1 - span.x0 + 1);
    auto& packed = bytes.emplace_back();
    for (int const value : {span.y, span.x0, span.x1}) {
      packed.push_back(static_cast<std::uint8_t>(value / 256));
      packed.push_back(static_cast<std::uint8_t>(value % 256));
    }
  }
  fits::Table table;
  table.rows = static_cast<std::int64_t>(spans.size());
  table.columns = {column("refcntr", "", one), column("nspan", "", one), column("row0", "", zero),
                   column("col0", "", zero),   column("rmin", "", rows), column("rmax", "", rows),
                   column("cmin", "", first),  column("cmax", "", last), column("npix", "", pixels),
                   column("s", "", bytes)};
  return table;
}

// --- psField

/// Eigenimages are stored in large counts with small coefficients; a power of two, so that the
/// product is exact.
constexpr float eigenimage_scale = 131072.0F;
constexpr int eigenimage_side = 51;
/// Beyond this distance from the middle the survey's eigenimages are zero.
constexpr int eigenimage_reach = 15;

std::vector<float> eigenimage_pixels(Mixture const& mixture) {
  std::vector<float> pixels;
  int const half = eigenimage_side / 2;
  for (int y = -half; y <= half; ++y)
    for (int x = -half; x <= half; ++x)
      pixels.push_back(std::max(std::abs(x), std::abs(y)) > eigenimage_reach
                           ? 0.0F
                           : eigenimage_scale * static_cast<float>(value(mixture, x, y)));
  return pixels;
}

fits::Table eigenimage_table(FieldPsfModel const& psf) {
  constexpr int side = 5;  // of the table's square of coefficients
  auto const count = psf.eigenimages.size();
  std::vector<float> coefficients, lambda, counts;
  std::vector<std::vector<float>> images;
  for (auto const& eigenimage : psf.eigenimages) {
    for (std::size_t j = 0; j < side; ++j)
      for (std::size_t i = 0; i < side; ++i)
        coefficients.push_back(j < FieldPsfModel::terms && i < FieldPsfModel::terms
                                   ? eigenimage.coefficients[j][i] / eigenimage_scale
                                   : 0.0F);
    images.push_back(eigenimage_pixels(eigenimage.image));
    double sum = 0.0;
    double squares = 0.0;
    for (float const pixel : images.back()) {
      sum += pixel;
      squares += static_cast<double>(pixel) * pixel;
    }
    counts.push_back(static_cast<float>(sum));
    lambda.push_back(static_cast<float>(squares));
  }
  auto const same = [count](std::int32_t v) { return std::vector<std::int32_t>(count, v); };
  fits::Table table;
  table.rows = static_cast<std::int64_t>(count);
  table.columns = {column("nrow_b", "", same(FieldPsfModel::terms)),
                   column("ncol_b", "", same(FieldPsfModel::terms)),
                   column("c", "", coefficients, side * side),
                   column("lambda", "", lambda),
                   column("RNROW", "", same(eigenimage_side)),
                   column("RNCOL", "", same(eigenimage_side)),
                   column("RTYPE", "", same(128)),  // pixels are floats
                   column("RROWS", "", images),
                   column("RROW0", "", same(0)),
                   column("RCOL0", "", same(0)),
                   column("counts", "", counts)};
  return table;
}

/// The field's numbers; `psf_*_2G` describe the first eigenimage.
std::vector<fits::TableColumn> psf_columns(FieldDescription const& field) {
  return {
      per_filter("sky", "adu", [&](std::size_t f) { return field.sky[f]; }),
      per_filter("psf_sigma1_2G", "pixels",
                 [&](std::size_t f) { return field.psf[f].inner_sigma; }),
      per_filter("psf_sigma2_2G", "pixels",
                 [&](std::size_t f) { return field.psf[f].outer_sigma; }),
      per_filter("psf_b_2G", "",
                 [&](std::size_t f) {
                   FieldPsfModel const& psf = field.psf[f];
                   double const ratio = psf.inner_sigma / psf.outer_sigma;
                   return psf.outer_flux / (1 - psf.outer_flux) * ratio * ratio;
                 }),
      per_filter("gain", "electrons/DN", [](std::size_t f) { return filter_table[f].gain; }),
      per_filter("dark_variance", "", [](std::size_t f) { return filter_table[f].dark_variance; })};
}

// --- asTrans

fits::Table astrometric_table(FieldDescription const& field, std::size_t filter, int camcol) {
  ScanGeometry const& g = field.geometry[filter];
  auto const number = [](std::string name, double v) {
    return column(std::move(name), "", std::vector<double>{v});
  };
  fits::Table table;
  table.rows = 1;
  table.header.set("FILTER", std::string(filter_table[filter].name));
  table.header.set("CAMROW", std::int64_t{filter_table[filter].scan_order + 1});
  table.header.set("CAMCOL", std::int64_t{camcol});
  table.columns = {column("field", "", std::vector<std::int32_t>{to_int(field.field)}),
                   number("a", g.mu[0]),
                   number("b", g.mu[1]),
                   number("c", g.mu[2]),
                   number("d", g.nu[0]),
                   number("e", g.nu[1]),
                   number("f", g.nu[2])};
  for (std::size_t power = 0; power < g.row_terms.size(); ++power)
    table.columns.push_back(number("dRow" + std::to_string(power), g.row_terms[power]));
  for (std::size_t power = 0; power < g.column_terms.size(); ++power)
    table.columns.push_back(number("dCol" + std::to_string(power), g.column_terms[power]));
  for (char const* const name : {"csRow", "csCol", "ccRow", "ccCol"})
    table.columns.push_back(number(name, 0.0));
  table.columns.push_back(number("riCut", 100.0));
  table.columns.push_back(number("mjd", field.mjd_of(filter)));
  table.columns.push_back(number("airmass", field.airmass));
  return table;
}

}  // namespace

double FieldDescription::mjd_of(std::size_t filter) const {
  return mjd + filter_table[filter].scan_order * filter_step_s / seconds_per_day;
}

CalendarDate calendar_date(double mjd) {
  // Days to civil date: years of 365 days from 1 March 0000, eras of 400 years.
  constexpr std::int64_t march_0000_to_mjd = 678881;
  constexpr std::int64_t days_per_era = 146097;
  double const day = std::floor(mjd);
  std::int64_t const count = static_cast<std::int64_t>(day) + march_0000_to_mjd;
  std::int64_t const era = count / days_per_era;
  std::int64_t const of_era = count % days_per_era;
  std::int64_t const year_of_era =
      (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  std::int64_t const of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  std::int64_t const month_from_march = (5 * of_year + 2) / 153;
  int const day_of_month = static_cast<int>(of_year - (153 * month_from_march + 2) / 5 + 1);
  int const month =
      static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  int const year = static_cast<int>(year_of_era + era * 400 + (month <= 2 ? 1 : 0));

  double const seconds = std::min((mjd - day) * seconds_per_day, 86399.99);
  int const minutes = static_cast<int>(seconds / 60.0);
  char text[32];
  CalendarDate date;
  std::snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day_of_month);
  date.day = text;
  std::snprintf(text, sizeof text, "%02d:%02d:%05.2f", minutes / 60, minutes % 60,
                std::min(seconds - 60.0 * minutes, 59.99));
  date.time = text;
  return date;
}

void write_frame(std::filesystem::path const& path, FieldDescription const& field,
                 std::size_t filter, Image<std::uint16_t> const& pixels, int pedestal) {
  FilterProperties const& properties = filter_table[filter];
  ScanGeometry const& geometry = field.geometry[filter];
  Wcs const wcs = header_wcs(geometry, field.width, field.height);
  CalendarDate const date = calendar_date(field.mjd_of(filter));
  double const flux20 = std::pow(10.0, -0.4 * (20.0 + properties.zero_point)) * exposure_time_s;

  Header header;
  header.set("TAI", field.mjd_of(filter) * seconds_per_day, "1st row - seconds since Nov 17 1858");
  header.set("RA", wcs.crval().ra / radians_per_degree, "1st row - RA of boresight (deg)");
  header.set("DEC", wcs.crval().dec / radians_per_degree, "1st row - Dec of boresight (deg)");
  header.set("DATE-OBS", date.day, "TAI date");
  header.set("TAIHMS", date.time, "TAI time");
  header.set("ORIGIN", std::string("almagest simulate"));
  header.set("TELESCOP", std::string("2.5m"));
  header.set("TIMESYS", std::string("TAI"));
  header.set("RUN", field.run, "Run number");
  header.set("FRAME", field.field, "Frame sequence number within the run");
  header.set("CCDLOC", std::int64_t{10 * (properties.scan_order + 1)} + field.camcol,
             "Survey location of CCD (rowCol)");
  header.set("FLAVOR", std::string("science"));
  set_great_circle(header, field);
  header.set("EXPTIME", std::string("53.907456"), "Exposure time (seconds)");
  header.set("CCDMODE", std::string("DRIFT"));
  header.set("C_OBS", std::int64_t{26322}, "CCD row clock rate (usec/row)");
  header.set("CAMROW", std::int64_t{properties.scan_order + 1}, "Row in the imaging camera");
  header.set("CAMCOL", field.camcol, "Column in the imaging camera");
  header.set("FILTER", std::string(properties.name), "filter used");
  header.set("SOFTBIAS", std::int64_t{pedestal}, "software bias added to all DN");
  header.set("FLUX20", flux20, "Number of DN in 20th mag object");
  header.set("SKY", field.sky[filter], "Approx. sky level (DN)");
  header.set("BUNIT", std::string("adu"));
  Header const cards = wcs_cards(wcs);
  for (Header::Card const& card : cards.cards()) header.append(card);

  auto plain = path;
  plain.replace_extension();  // "….fit.gz" without its last part
  fits::Writer writer(plain);
  writer.image("", pixels, header, {});
  writer.close();
  gzip_file(plain, path);
}

void write_frame_mask(std::filesystem::path const& path, FieldDescription const& field,
                      Defects const& defects) {
  struct Plane {
    std::string name;
    std::vector<Span> const* spans;
  };
  std::vector<Span> const none;
  std::vector<Plane> const planes{{"S_MASK_INTERP", &defects.interpolated},
                                  {"S_MASK_SATUR", &defects.saturated},
                                  {"S_MASK_NOTCHECKED", &none},
                                  {"S_MASK_OBJECT", &none},
                                  {"S_MASK_BRIGHTOBJECT", &none},
                                  {"S_MASK_BINOBJECT", &none},
                                  {"S_MASK_CATOBJECT", &none},
                                  {"S_MASK_SUBTRACTED", &none},
                                  {"S_MASK_GHOST", &none},
                                  {"S_MASK_CR", &defects.cosmic_rays}};
  auto const count = static_cast<std::int64_t>(planes.size());

  Header header = field_header(field);
  header.set("MASKROWS", std::int64_t{field.height}, "number of rows in the mask");
  header.set("MASKCOLS", std::int64_t{field.width}, "number of columns in the mask");
  header.set("NPLANE", count, "number of types of mask");

  std::vector<fits::Table> tables;
  std::vector<std::string> definitions, attributes;
  std::vector<std::int32_t> values;
  for (Plane const& plane : planes) {
    tables.push_back(span_table(*plane.spans));
    definitions.emplace_back("S_MASKTYPE");
    attributes.push_back(plane.name);
    values.push_back(static_cast<std::int32_t>(values.size()));
  }
  definitions.emplace_back("S_MASKTYPE");
  attributes.emplace_back("S_NMASK_TYPES");
  values.push_back(static_cast<std::int32_t>(values.size()));
  constexpr std::int64_t name_length = 31;
  fits::Table names;
  names.rows = count + 1;
  names.columns = {column("defName", "", definitions, name_length),
                   column("attributeName", "", attributes, name_length),
                   column("Value", "", values)};
  tables.push_back(std::move(names));
  write_tables(path, header, tables);
}

void write_field_calibration(std::filesystem::path const& path, FieldDescription const& field) {
  Header header = field_header(field);
  header.set("RERUN", field.rerun, "Rerun number");
  header.set("NFIELDS", std::int64_t{1}, "Number of fields reduced");
  header.set("FIELD0", field.field, "First field reduced");
  header.set("FILTERS", std::string(table_filters), "Filter order in arrays");
  set_great_circle(header, field);

  auto const same = [](std::string name, std::string unit, double value) {
    return per_filter(std::move(name), std::move(unit), [value](std::size_t) { return value; });
  };
  std::vector<double> times;
  std::vector<double> airmasses;
  std::vector<std::int32_t> levels;
  for (std::size_t filter = 0; filter < filter_count; ++filter) {
    times.push_back(field.mjd_of(filter));
    airmasses.push_back(field.airmass);
    levels.push_back(static_cast<std::int32_t>(filter_table[filter].full_well));
  }
  fits::Table table;
  table.rows = 1;
  table.columns = {
      column("field", "", std::vector<std::int32_t>{to_int(field.field)}),
      column("quality", "", std::vector<std::int32_t>{3}),
      column("mjd", "days", times, filter_count),
      column("airmass", "", airmasses, filter_count),
      per_filter("aa", "mag", [](std::size_t f) { return filter_table[f].zero_point; }),
      same("aaErr", "mag", 0.001),
      same("kk", "mag", 0.0),
      same("kkErr", "mag", 0.0),
      column("saturation_level", "adu", levels, filter_count)};
  for (fits::TableColumn& psf_column : psf_columns(field))
    table.columns.push_back(std::move(psf_column));
  write_tables(path, header, {table});
}

void write_astrometric_solutions(std::filesystem::path const& path, FieldDescription const& field) {
  Header header;
  header.set("RUN", field.run, "Imaging run number");
  header.set("ORIGIN", std::string("almagest simulate"));
  set_great_circle(header, field);
  header.set("EQUINOX", 2000.0, "Equinox of great circle coordinates");
  header.set("FIELD0", field.field, "First field reduced");
  header.set("NFIELDS", std::int64_t{1}, "Number of fields reduced");
  header.set("CAMCOLS", std::string("1 2 3 4 5 6"), "Columns in the imaging camera processed");
  header.set("FILTERS", std::string(scan_filters), "Filters (rows in the imaging camera)");
  std::vector<fits::Table> tables;
  for (int camcol = 1; camcol <= camera_columns; ++camcol)
    for (std::size_t order = 0; order < filter_count; ++order)
      tables.push_back(
          astrometric_table(field, filter_index(scan_filters.substr(2 * order, 1)), camcol));
  write_tables(path, header, tables);
}

void write_field_psf(std::filesystem::path const& path, FieldDescription const& field) {
  Header header = field_header(field);
  header.set("FIELD0", field.field, "First field reduced");
  header.set("NFIELDS", std::int64_t{1}, "Number of fields reduced");
  header.set("FILTERS", std::string(table_filters), "Filters present in file");
  set_great_circle(header, field);
  std::vector<fits::Table> tables;
  for (FieldPsfModel const& psf : field.psf) tables.push_back(eigenimage_table(psf));
  fits::Table numbers;
  numbers.rows = 1;
  numbers.columns = {
      column("field", "", std::vector<std::int32_t>{to_int(field.field)}),
      column("psp_status", "", std::vector<std::int32_t>{0}),
      column("status", "", std::vector<std::int32_t>(filter_count, 0), filter_count)};
  for (fits::TableColumn& psf_column : psf_columns(field))
    numbers.columns.push_back(std::move(psf_column));
  tables.push_back(std::move(numbers));
  write_tables(path, header, tables);
}

}  // namespace simulate
