#include <fmt/format.h>

#include <cmath>
#include <set>

#include "almagest/calibrations.hpp"
#include "almagest/instrument.hpp"
#include "repository/calendar.hpp"
#include "repository/calibration_index.hpp"
#include "repository/formatters/fits_formatter.hpp"
#include "repository/formatters/formatters.hpp"
#include "repository/formatters/primary_header.hpp"
#include "repository/formatters/table_building.hpp"
#include "repository/text_table.hpp"

namespace almagest {
namespace {

constexpr char const* extension_name = "DEFECTS";

/// A box from numbers that ought to be whole. \param what  where they stand, for messages
Box box_of(double x0, double y0, double width, double height, std::string const& what) {
  constexpr double farthest = 1e6;  // [pixel]
  for (double const value : {x0, y0, width, height})
    if (!(std::abs(value) <= farthest))
      throw DataError(fmt::format("{}: {} is no pixel of a detector", what, value));
  if (width < 0.5 || height < 0.5)
    throw DataError(fmt::format("{}: a box of {} x {} pixels", what, width, height));
  auto const whole = [](double value) { return static_cast<int>(std::lround(value)); };
  return {whole(x0), whole(y0), whole(width), whole(height)};
}

// ---- FITS regions -------------------------------------------------------------------------------

/// A region with its centre in FITS's pixels, which count from 1.
Box region_box(std::string const& shape, double x, double y, double width, double height,
               double angle, std::string const& what) {
  if (shape == "POINT") width = height = 1;
  if (shape == "ROTBOX") {
    double const quarters = angle / 90.0;
    if (quarters != std::round(quarters))
      throw DataError(
          fmt::format("{}: a box turned by {} deg is no rectangle of pixels", what, angle));
    if (std::lround(quarters) % 2 != 0) std::swap(width, height);
  } else if (shape != "BOX" && shape != "POINT") {
    throw DataError(fmt::format(
        "{}: regions of shape '{}' are not known, only BOX, ROTBOX and POINT", what, shape));
  }
  return box_of(x - 1 - (width - 1) / 2, y - 1 - (height - 1) / 2, width, height, what);
}

std::vector<Box> region_boxes(fits::Table const& table) {
  std::vector<double> const x = table.numbers("X"), y = table.numbers("Y"),
                            size = table.numbers("R");
  std::vector<std::string> const& shapes = table.texts("SHAPE");
  auto const rows = static_cast<std::size_t>(table.rows);
  std::vector<double> angles(rows, 0.0);
  for (fits::TableColumn const& column : table.columns)
    if (column.name == "ROTANG" && column.repeat == 1) angles = table.numbers("ROTANG");
  if (x.size() != rows || y.size() != rows || size.size() != 2 * rows || shapes.size() != rows)
    throw DataError(table.header.origin() +
                    ": is no table of regions: want X, Y and SHAPE once per row, R twice");
  std::vector<Box> boxes;
  for (std::size_t i = 0; i < rows; ++i)
    boxes.push_back(region_box(shapes[i], x[i], y[i], size[2 * i], size[2 * i + 1], angles[i],
                               fmt::format("{}, row {}", table.header.origin(), i + 1)));
  return boxes;
}

std::vector<Box> corner_boxes(fits::Table const& table) {
  std::vector<double> const x0 = table.numbers("x0"), y0 = table.numbers("y0"),
                            width = table.numbers("width"), height = table.numbers("height");
  std::vector<Box> boxes;
  for (std::size_t i = 0; i < x0.size(); ++i)
    boxes.push_back(box_of(x0[i], y0[i], width[i], height[i],
                           fmt::format("{}, row {}", table.header.origin(), i + 1)));
  return boxes;
}

Defects read_fits(std::filesystem::path const& path) {
  fits::Reader reader(path);
  if (reader.hdu_count() < 2) throw DataError(path.string() + ": has no table of defects");
  fits::Table const table = reader.table(reader.find(extension_name).value_or(1));
  for (fits::TableColumn const& column : table.columns)
    if (column.name == "x0") return {corner_boxes(table)};
  return {region_boxes(table)};
}

// ---- text ---------------------------------------------------------------------------------------

/// Which rows of a table of several detectors and dates are meant.
class RowChoice {
 public:
  RowChoice(TextTable const& table, Formatter::ReadRequest const& request,
            std::filesystem::path const& path)
      : table_(table), date_column_(table.find("valid_from")) {
    std::string key = "detector";
    if (request.instrument && !request.instrument->role(key).empty())
      key = request.instrument->role(key);
    detector_column_ = table.find_any({"detector_id", "detector", key});
    if (detector_column_) {
      Value const* detector = request.id.find(key);
      if (!detector) detector = request.id.find("detector");
      if (!detector)
        throw DataError(fmt::format("{}: is of several detectors, and '{}' does not tell which",
                                    path.string(), request.id.str()));
      detector_ = to_string(*detector);
    }
    if (!date_column_) return;
    Value const* const date = request.id.find(valid_on_key);
    std::set<std::string> dates;
    for (std::size_t row = 0; row < table.rows(); ++row)
      if (is_of_detector(row)) dates.insert(date_at(row));
    if (!date && dates.size() > 1)
      throw DataError(fmt::format("{}: is for several dates, and '{}' does not tell one",
                                  path.string(), request.id.str()));
    for (std::string const& from : dates)
      if (!date || from <= to_string(*date)) newest_ = from;
  }

  bool operator()(std::size_t row) const {
    return is_of_detector(row) && (!date_column_ || date_at(row) == newest_);
  }

 private:
  bool is_of_detector(std::size_t row) const {
    return !detector_column_ || table_.text(row, *detector_column_) == detector_;
  }
  std::string date_at(std::size_t row) const {
    std::string const& text = table_.text(row, *date_column_);
    std::string date = date_in(text);
    if (date.empty()) throw DataError("'" + text + "' in column 'valid_from' is no date");
    return date;
  }

  TextTable const& table_;
  std::optional<std::size_t> detector_column_, date_column_;
  std::string detector_, newest_;
};

Defects read_text(std::filesystem::path const& path, Formatter::ReadRequest const& request) {
  TextTable const table(path);
  std::size_t const x0 = table.require("x0"), y0 = table.require("y0"),
                    width = table.require("width"), height = table.require("height");
  RowChoice const is_meant(table, request, path);
  Defects defects;
  for (std::size_t row = 0; row < table.rows(); ++row)
    if (is_meant(row))
      defects.boxes.push_back(box_of(table.number(row, x0), table.number(row, y0),
                                     table.number(row, width), table.number(row, height),
                                     fmt::format("{}, row {}", path.string(), row + 1)));
  return defects;
}

Defects read(std::filesystem::path const& path, Formatter::ReadRequest const& request) {
  return looks_like_fits(path) ? read_fits(path) : read_text(path, request);
}

/// As regions, which LSST's stack and region viewers read.
void write(Defects const& defects, std::filesystem::path const& path,
           Formatter::WriteRequest const& request) {
  fits::Table table;
  table.rows = static_cast<std::int64_t>(defects.boxes.size());
  std::vector<double> x, y, size, angle(defects.boxes.size(), 0.0);
  std::vector<std::int32_t> component;
  for (Box const& box : defects.boxes) {
    x.push_back(box.x0 + 1 + (box.width - 1) / 2.0);
    y.push_back(box.y0 + 1 + (box.height - 1) / 2.0);
    size.push_back(box.width);
    size.push_back(box.height);
    component.push_back(static_cast<std::int32_t>(component.size()));
  }
  add_column(table, "X", "pix", "centre, counted from 1", std::move(x));
  add_column(table, "Y", "pix", "centre, counted from 1", std::move(y));
  add_column(table, "SHAPE", "", "kind of region",
             std::vector<std::string>(defects.boxes.size(), "BOX"));
  add_column(table, "R", "pix", "width and height", std::move(size));
  table.columns.back().repeat = 2;
  add_column(table, "ROTANG", "deg", "angle", std::move(angle));
  add_column(table, "COMPONENT", "", "number of the region", std::move(component));
  table.header.set("OBSTYPE", std::string("defects"));
  fits::Writer writer(path);
  writer.primary(product_header(ProductTraits<Defects>::id, request));
  writer.table(extension_name, table);
  writer.close();
}

}  // namespace

std::shared_ptr<Formatter const> defects_formatter() {
  return std::make_shared<FunctionFormatter<Defects>>("fits", &read, &write);
}

}  // namespace almagest
