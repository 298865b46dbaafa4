#include "repository/formatters/footprint_tables.hpp"

#include <algorithm>
#include <utility>

#include "repository/formatters/table_building.hpp"

namespace almagest {
namespace {

using Integers = std::vector<std::int32_t>;

// Far outside any image; keeps sums of coordinates within an int.
constexpr int farthest = 1 << 29;

constexpr char const* spans_extension = "SPANS";
constexpr char const* peaks_extension = "PEAKS";
constexpr char const* heavy_extension = "HEAVY";
constexpr char const* children_extension = "CHILDREN";
constexpr char const* skipped_extension = "SKIPPED";

fits::Table span_table(std::span<Footprint const* const> footprints) {
  Integers row, y, x0, x1;
  for (std::size_t i = 0; i < footprints.size(); ++i) {
    if (!footprints[i]) continue;
    for (Span const& span : footprints[i]->spans()) {
      row.push_back(static_cast<std::int32_t>(i));
      y.push_back(span.y);
      x0.push_back(span.x0);
      x1.push_back(span.x1);
    }
  }
  fits::Table table;
  table.rows = static_cast<std::int64_t>(row.size());
  add_column(table, "row", "", "footprint, from 0: row of the source table", std::move(row));
  add_column(table, "y", "pix", "row of the image, from 0", std::move(y));
  add_column(table, "x0", "pix", "first column, from 0", std::move(x0));
  add_column(table, "x1", "pix", "last column, from 0", std::move(x1));
  return table;
}

fits::Table peak_table(std::span<Footprint const* const> footprints) {
  Integers row, x, y;
  std::vector<float> value;
  for (std::size_t i = 0; i < footprints.size(); ++i) {
    if (!footprints[i]) continue;
    for (Peak const& peak : footprints[i]->peaks()) {
      row.push_back(static_cast<std::int32_t>(i));
      x.push_back(peak.pixel.x);
      y.push_back(peak.pixel.y);
      value.push_back(peak.value);
    }
  }
  fits::Table table;
  table.rows = static_cast<std::int64_t>(row.size());
  add_column(table, "row", "", "footprint, from 0: row of the source table", std::move(row));
  add_column(table, "x", "pix", "column of the image, from 0", std::move(x));
  add_column(table, "y", "pix", "row of the image, from 0", std::move(y));
  add_column(table, "value", "ct", "of the smoothed image", std::move(value));
  return table;
}

/// Only the footprints that have values: their row, and the values as an array.
fits::Table heavy_table(std::span<Footprint const* const> footprints) {
  Integers row;
  std::vector<std::vector<float>> values;
  for (std::size_t i = 0; i < footprints.size(); ++i) {
    if (!footprints[i] || footprints[i]->values().empty()) continue;
    row.push_back(static_cast<std::int32_t>(i));
    values.push_back(footprints[i]->values());
  }
  fits::Table table;
  table.rows = static_cast<std::int64_t>(row.size());
  add_column(table, "row", "", "footprint, from 0: row of the source table", std::move(row));
  add_column(table, "values", "ct", "its own light, pixel by pixel in the order of its spans",
             std::move(values));
  return table;
}

[[noreturn]] void refuse_row(fits::Table const& table, std::size_t row, std::string const& why) {
  throw DataError(table.header.origin() + ": row " + std::to_string(row) + " " + why);
}

std::size_t checked_row(fits::Table const& table, std::size_t i, std::int32_t row,
                        std::size_t count) {
  if (row < 0 || static_cast<std::size_t>(row) >= count)
    refuse_row(table, i, "belongs to no footprint");
  return static_cast<std::size_t>(row);
}

/// What belongs to each footprint, collected from the rows of a table.
template <class T, class Make>
std::vector<std::vector<T>> collect(fits::Table const& table, std::size_t count, Make make) {
  std::vector<std::vector<T>> result(count);
  Integers const& rows = column_values<std::int32_t>(table, "row");
  for (std::size_t i = 0; i < rows.size(); ++i)
    result[checked_row(table, i, rows[i], count)].push_back(make(i));
  return result;
}

bool near(std::int32_t coordinate) {
  return coordinate > -farthest && coordinate < farthest;
}

std::vector<std::vector<Span>> spans_of(fits::Table const& table, std::size_t count) {
  Integers const& y = column_values<std::int32_t>(table, "y");
  Integers const& x0 = column_values<std::int32_t>(table, "x0");
  Integers const& x1 = column_values<std::int32_t>(table, "x1");
  return collect<Span>(table, count, [&](std::size_t i) {
    if (!near(y[i]) || !near(x0[i]) || !near(x1[i]) || x1[i] < x0[i])
      refuse_row(table, i, "is no span");
    return Span{y[i], x0[i], x1[i]};
  });
}

std::vector<std::vector<Peak>> peaks_of(fits::Table const& table, std::size_t count) {
  Integers const& x = column_values<std::int32_t>(table, "x");
  Integers const& y = column_values<std::int32_t>(table, "y");
  std::vector<float> const& value = column_values<float>(table, "value");
  return collect<Peak>(table, count, [&](std::size_t i) {
    if (!near(x[i]) || !near(y[i])) refuse_row(table, i, "is no peak");
    return Peak{{x[i], y[i]}, value[i]};
  });
}

void read_values(fits::Table const& table, std::span<std::shared_ptr<Footprint> const> footprints) {
  Integers const& rows = column_values<std::int32_t>(table, "row");
  auto const& values = table.float_arrays("values");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto const& footprint = footprints[checked_row(table, i, rows[i], footprints.size())];
    if (!footprint || !footprint->values().empty())
      refuse_row(table, i, "has values of no footprint, or of one that has its own already");
    try {
      footprint->set_values(values[i]);
    } catch (DataError const& error) {
      refuse_row(table, i, std::string("is wrong: ") + error.what());
    }
  }
}

}  // namespace

void write_footprints(fits::Writer& writer, std::span<Footprint const* const> footprints) {
  writer.table(spans_extension, span_table(footprints));
  writer.table(peaks_extension, peak_table(footprints));
  if (fits::Table const heavy = heavy_table(footprints); heavy.rows != 0)
    writer.table(heavy_extension, heavy);
}

std::vector<std::shared_ptr<Footprint>> read_footprints(fits::Reader& reader, std::size_t count) {
  auto spans = spans_of(reader.table(reader.require(spans_extension)), count);
  auto peaks = peaks_of(reader.table(reader.require(peaks_extension)), count);
  std::vector<std::shared_ptr<Footprint>> footprints(count);
  for (std::size_t i = 0; i < count; ++i)
    if (!spans[i].empty() || !peaks[i].empty())
      footprints[i] = std::make_shared<Footprint>(std::move(spans[i]), std::move(peaks[i]));
  if (auto const heavy = reader.find(heavy_extension))
    read_values(reader.table(*heavy), footprints);
  return footprints;
}

void write_blends(fits::Writer& writer, FootprintSet const& set) {
  if (!set.children.empty()) {
    fits::Table table;
    table.rows = static_cast<std::int64_t>(set.children.size());
    Integers parent;
    std::vector<std::uint8_t> as_psf, ramped;
    for (Child const& child : set.children) {
      parent.push_back(static_cast<std::int32_t>(child.parent));
      as_psf.push_back(child.as_psf ? 1 : 0);
      ramped.push_back(child.ramped ? 1 : 0);
    }
    add_column(table, "parent", "", "its footprint, from 0", std::move(parent));
    add_logical_column(table, "as_psf", "the template is the PSF", std::move(as_psf));
    add_logical_column(table, "ramped", "the template goes on beyond the parent's footprint",
                       std::move(ramped));
    writer.table(children_extension, table);
  }
  if (!set.skipped.empty()) {
    fits::Table table;
    table.rows = static_cast<std::int64_t>(set.skipped.size());
    add_column(table, "row", "", "footprint that was not deblended, from 0",
               Integers(set.skipped.begin(), set.skipped.end()));
    writer.table(skipped_extension, table);
  }
}

void read_blends(fits::Reader& reader, FootprintSet& set) {
  if (auto const hdu = reader.find(children_extension)) {
    fits::Table const table = reader.table(*hdu);
    Integers const& parent = column_values<std::int32_t>(table, "parent");
    auto const& as_psf = logical_values(table, "as_psf");
    auto const& ramped = logical_values(table, "ramped");
    if (parent.size() > set.footprints.size())
      throw DataError(table.header.origin() + ": more children than footprints");
    std::size_t const parents = set.footprints.size() - parent.size();
    for (std::size_t i = 0; i < parent.size(); ++i)
      set.children.push_back(
          {checked_row(table, i, parent[i], parents), as_psf[i] != 0, ramped[i] != 0});
  }
  if (auto const hdu = reader.find(skipped_extension)) {
    fits::Table const table = reader.table(*hdu);
    Integers const& rows = column_values<std::int32_t>(table, "row");
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::size_t const row = checked_row(table, i, rows[i], set.parent_count());
      if (!set.skipped.empty() && row <= set.skipped.back()) refuse_row(table, i, "does not rise");
      set.skipped.push_back(row);
    }
  }
}

}  // namespace almagest
