#include "repository/formatters/footprint_tables.hpp"

#include "repository/formatters/table_building.hpp"

namespace almagest {
namespace {

using Integers = std::vector<std::int32_t>;

// Far outside any image; keeps sums of coordinates within an int.
constexpr int farthest = 1 << 29;

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
  add_column(table, "value", "adu", "of the smoothed image", std::move(value));
  return table;
}

/// What belongs to each footprint, collected from the rows of a table.
template <class T, class Make>
std::vector<std::vector<T>> collect(fits::Table const& table, std::size_t count, Make make) {
  std::vector<std::vector<T>> result(count);
  Integers const& rows = column_values<std::int32_t>(table, "row");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] < 0 || static_cast<std::size_t>(rows[i]) >= count)
      throw DataError(table.header.origin() + ": row " + std::to_string(i) +
                      " belongs to no footprint");
    result[static_cast<std::size_t>(rows[i])].push_back(make(i));
  }
  return result;
}

std::vector<std::vector<Span>> spans_of(fits::Table const& table, std::size_t count) {
  Integers const& y = column_values<std::int32_t>(table, "y");
  Integers const& x0 = column_values<std::int32_t>(table, "x0");
  Integers const& x1 = column_values<std::int32_t>(table, "x1");
  auto const near = [](std::int32_t v) { return v > -farthest && v < farthest; };
  return collect<Span>(table, count, [&](std::size_t i) {
    if (!near(y[i]) || !near(x0[i]) || !near(x1[i]) || x1[i] < x0[i])
      throw DataError(table.header.origin() + ": row " + std::to_string(i) + " is no span");
    return Span{y[i], x0[i], x1[i]};
  });
}

std::vector<std::vector<Peak>> peaks_of(fits::Table const& table, std::size_t count) {
  Integers const& x = column_values<std::int32_t>(table, "x");
  Integers const& y = column_values<std::int32_t>(table, "y");
  std::vector<float> const& value = column_values<float>(table, "value");
  return collect<Peak>(table, count, [&](std::size_t i) { return Peak{{x[i], y[i]}, value[i]}; });
}

}  // namespace

void write_footprints(fits::Writer& writer, std::span<Footprint const* const> footprints) {
  writer.table("SPANS", span_table(footprints));
  writer.table("PEAKS", peak_table(footprints));
}

std::vector<std::shared_ptr<Footprint const>> read_footprints(fits::Reader& reader,
                                                              std::size_t count) {
  auto spans = spans_of(reader.table(reader.require("SPANS")), count);
  auto peaks = peaks_of(reader.table(reader.require("PEAKS")), count);
  std::vector<std::shared_ptr<Footprint const>> footprints(count);
  for (std::size_t i = 0; i < count; ++i)
    if (!spans[i].empty() || !peaks[i].empty())
      footprints[i] = std::make_shared<Footprint>(std::move(spans[i]), std::move(peaks[i]));
  return footprints;
}

}  // namespace almagest
