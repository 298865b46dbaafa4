#include "camera_truth.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fstream>
#include <functional>
#include <utility>

#include "almagest/error.hpp"
#include "almagest/fits.hpp"

namespace simulate {

using namespace almagest;

namespace {

struct NumberColumn {
  char const* name;
  char const* unit;
  char const* doc;
  std::function<double(SeenSource const&)> value;
};

std::vector<NumberColumn> number_columns() {
  using S = SeenSource const&;
  return {
      {"ra", "deg", "Right ascension, ICRS",
       [](S s) { return s.source->position.ra / radians_per_degree; }},
      {"dec", "deg", "Declination, ICRS",
       [](S s) { return s.source->position.dec / radians_per_degree; }},
      {"x", "pix", "Column, 0 at the centre of the first pixel", [](S s) { return s.pixel.x; }},
      {"y", "pix", "Row, 0 at the centre of the first pixel", [](S s) { return s.pixel.y; }},
      {"flux", "electron", "Above the losses off axis", [](S s) { return s.flux; }},
      {"mag", "mag", "AB magnitude in the exposure's band", [](S s) { return s.magnitude; }},
      {"throughput", "", "What the optics let through there, 1 on axis",
       [](S s) { return s.throughput; }},
      {"half_light_radius", "arcsec", "Along the major axis; 0 for stars",
       [](S s) { return s.source->half_light_radius_arcsec; }},
      {"axis_ratio", "", "Minor to major axis", [](S s) { return s.source->axis_ratio; }},
  };
}

std::string kind(SeenSource const& seen) {
  return seen.source->galaxy ? "galaxy" : "star";
}

/// The shortest text that reads back as the same number.
std::string shortest(double value) {
  std::array<char, 32> text;
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

template <class T, class F>
fits::TableColumn column(char const* name, char const* unit, char const* doc,
                         std::vector<TruthRow> const& rows, F const& value_of) {
  fits::TableColumn result;
  result.name = name;
  result.unit = unit;
  result.doc = doc;
  std::vector<T> values;
  values.reserve(rows.size());
  for (TruthRow const& row : rows) values.push_back(value_of(row));
  result.values = std::move(values);
  return result;
}

}  // namespace

void write_camera_truth_csv(std::filesystem::path const& path, std::vector<TruthRow> const& rows) {
  auto const columns = number_columns();
  std::ofstream file(path);
  file << "exposure,detector,filter,id,kind";
  for (NumberColumn const& c : columns) file << ',' << c.name;
  file << '\n';
  for (TruthRow const& row : rows) {
    file << row.exposure << ',' << row.detector << ',' << row.filter << ',' << row.seen.source->id
         << ',' << kind(row.seen);
    for (NumberColumn const& c : columns) file << ',' << shortest(c.value(row.seen));
    file << '\n';
  }
  file.close();
  if (!file) throw DataError("cannot write " + path.string());
}

void write_camera_truth_fits(std::filesystem::path const& path, std::vector<TruthRow> const& rows) {
  using Row = TruthRow const&;
  fits::Table table;
  table.rows = static_cast<std::int64_t>(rows.size());
  std::size_t longest = 1;
  for (TruthRow const& row : rows) longest = std::max(longest, row.filter.size());
  table.columns = {
      column<std::int64_t>("exposure", "", "Number of the exposure", rows,
                           [](Row r) { return r.exposure; }),
      column<std::int32_t>("detector", "", "Number of the detector", rows,
                           [](Row r) { return r.detector; }),
      column<std::string>("filter", "", "Physical filter", rows, [](Row r) { return r.filter; }),
      column<std::int64_t>("id", "", "Number of the object", rows,
                           [](Row r) { return r.seen.source->id; }),
      column<std::string>("kind", "", "star or galaxy", rows, [](Row r) { return kind(r.seen); })};
  table.columns[2].repeat = static_cast<std::int64_t>(longest);
  table.columns[4].repeat = 6;  // "galaxy"
  for (NumberColumn const& c : number_columns())
    table.columns.push_back(
        column<double>(c.name, c.unit, c.doc, rows, [&](Row r) { return c.value(r.seen); }));
  fits::Writer writer(path);
  writer.primary({});
  writer.table("TRUTH", table);
  writer.close();
}

void write_truth_image(std::filesystem::path const& path, PlannedExposure const& exposure,
                       int detector, ExposureCharge const& charge, double read_noise) {
  Header header;
  header.set("EXPOSURE", exposure.number, "Number of the exposure");
  header.set("DETECTOR", std::int64_t{detector}, "Number of the detector");
  fits::Writer writer(path);
  writer.primary(header);
  writer.image("ELECTRONS", charge.expected, {}, {});
  if (!charge.cosmic_rays.empty()) {
    Image<std::uint8_t> mask(charge.expected.bbox());
    constexpr double certain = 3.0;  // times the noise
    auto const hits = charge.cosmic_rays.pixels();
    auto const light = charge.expected.pixels();
    auto const out = mask.pixels();
    for (std::size_t i = 0; i < out.size(); ++i) {
      double const noise = std::sqrt(static_cast<double>(light[i]) + read_noise * read_noise);
      out[i] = static_cast<double>(hits[i]) > certain * noise ? 1 : 0;
    }
    writer.image("COSMIC_RAYS", charge.cosmic_rays, {}, {});
    writer.image("CR_MASK", mask, {}, {});
  }
  writer.close();
}

}  // namespace simulate
