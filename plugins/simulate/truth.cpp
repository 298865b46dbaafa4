#include "truth.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <functional>
#include <utility>

#include "almagest/error.hpp"
#include "almagest/fits.hpp"

namespace simulate {

using namespace almagest;

namespace {

/// One numeric column of the table, as a function of the object's number.
struct NumberColumn {
  std::string name;
  std::string unit;
  std::string doc;
  std::function<double(std::size_t)> value;
};

std::vector<NumberColumn> number_columns(Truth const& truth) {
  using Index = std::size_t;
  std::vector<NumberColumn> columns{
      {"ra", "deg", "Right ascension, J2000",
       [&](Index i) { return truth.sky[i].ra / radians_per_degree; }},
      {"dec", "deg", "Declination, J2000",
       [&](Index i) { return truth.sky[i].dec / radians_per_degree; }},
      {"half_light_radius", "pix", "Along the major axis; 0 for stars",
       [&](Index i) { return truth.objects[i].half_light_radius; }},
      {"axis_ratio", "", "Minor to major axis",
       [&](Index i) { return truth.objects[i].axis_ratio; }},
      {"angle", "deg", "Of the major axis, from x towards y",
       [&](Index i) { return truth.objects[i].angle / radians_per_degree; }}};
  for (std::size_t f = 0; f < truth.filters.size(); ++f) {
    std::string const& filter = truth.filters[f];
    std::size_t const band = filter_index(filter);
    auto const& seen = truth.appearances[f];
    columns.push_back({"mag_" + filter, "mag", "AB magnitude",
                       [&truth, band](Index i) { return truth.objects[i].magnitude[band]; }});
    columns.push_back({"x_" + filter, "pix", "Column, 0 at the centre of the first pixel",
                       [&seen](Index i) { return seen[i].position.x; }});
    columns.push_back({"y_" + filter, "pix", "Row, 0 at the centre of the first pixel",
                       [&seen](Index i) { return seen[i].position.y; }});
    columns.push_back(
        {"flux_" + filter, "adu", "Total counts", [&seen](Index i) { return seen[i].flux; }});
    columns.push_back({"snr_" + filter, "", "Signal to noise of a fit with the true profile",
                       [&seen](Index i) { return seen[i].signal_to_noise; }});
    columns.push_back({"saturated_" + filter, "", "1 where the central pixel is saturated",
                       [&seen](Index i) { return seen[i].saturated ? 1.0 : 0.0; }});
  }
  return columns;
}

/// The shortest text that reads back as the same number: 1, not 1.0, for a saturated star.
std::string shortest(double value) {
  std::array<char, 32> text;
  char* const end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

std::string type_name(SkyObject const& object) {
  return object.type == SkyObject::Type::star ? "star" : "galaxy";
}

}  // namespace

void write_truth_csv(std::filesystem::path const& path, Truth const& truth) {
  auto const columns = number_columns(truth);
  std::ofstream file(path);
  file << "id,type";
  for (NumberColumn const& column : columns) file << ',' << column.name;
  file << '\n';
  for (std::size_t i = 0; i < truth.objects.size(); ++i) {
    file << i + 1 << ',' << type_name(truth.objects[i]);
    for (NumberColumn const& column : columns) file << ',' << shortest(column.value(i));
    file << '\n';
  }
  file.close();
  if (!file) throw DataError("cannot write " + path.string());
}

void write_truth_fits(std::filesystem::path const& path, Truth const& truth) {
  fits::Table table;
  table.rows = static_cast<std::int64_t>(truth.objects.size());
  fits::TableColumn id;
  id.name = "id";
  fits::TableColumn type;
  type.name = "type";
  type.repeat = 6;  // "galaxy"
  std::vector<std::int32_t> ids;
  std::vector<std::string> types;
  for (SkyObject const& object : truth.objects) {
    ids.push_back(static_cast<std::int32_t>(ids.size()) + 1);
    types.push_back(type_name(object));
  }
  id.values = std::move(ids);
  type.values = std::move(types);
  table.columns = {id, type};
  for (NumberColumn const& number : number_columns(truth)) {
    fits::TableColumn column;
    column.name = number.name;
    column.unit = number.unit;
    column.doc = number.doc;
    std::vector<double> values;
    for (std::size_t i = 0; i < truth.objects.size(); ++i) values.push_back(number.value(i));
    column.values = std::move(values);
    table.columns.push_back(std::move(column));
  }
  fits::Writer writer(path);
  writer.primary({});
  writer.table("TRUTH", table);
  writer.close();
}

}  // namespace simulate
