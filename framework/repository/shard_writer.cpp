#include "repository/shard_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <fstream>
#include <set>

#include "almagest/error.hpp"
#include "almagest/fits.hpp"
#include "almagest/htm.hpp"
#include "repository/formatters/table_building.hpp"

namespace almagest {
namespace {

namespace fs = std::filesystem;

constexpr char const* notes_ending = ".rows";

}  // namespace

ShardWriter::ShardWriter(fs::path directory, ShardLayout layout, int level, std::size_t most_bytes)
    : directory_(std::move(directory)),
      layout_(std::move(layout)),
      level_(level),
      most_bytes_(most_bytes) {}

fs::path ShardWriter::notes_of(std::int64_t htm) const {
  return directory_ / (std::to_string(htm) + notes_ending);
}

void ShardWriter::add(CatalogueRow const& row) {
  std::vector<double>& held = held_[htm_id({row.values[0], row.values[1]}, level_)];
  held.push_back(std::bit_cast<double>(row.id));
  held.insert(held.end(), row.values.begin(), row.values.end());
  held_bytes_ += (row.values.size() + 1) * sizeof(double);
  ++rows_;
  if (held_bytes_ > most_bytes_) spill();
}

void ShardWriter::spill() {
  for (auto const& [htm, held] : held_) {
    std::ofstream notes(notes_of(htm), std::ios::binary | std::ios::app);
    notes.write(reinterpret_cast<char const*>(held.data()),
                static_cast<std::streamsize>(held.size() * sizeof(double)));
    notes.close();
    if (!notes) throw DataError(notes_of(htm).string() + ": cannot write");
  }
  held_.clear();
  held_bytes_ = 0;
}

std::vector<CatalogueRow> ShardWriter::rows_of(std::int64_t htm) {
  std::vector<double> all;
  std::error_code absent;
  if (auto const size = fs::file_size(notes_of(htm), absent); !absent) {
    all.resize(size / sizeof(double));
    std::ifstream notes(notes_of(htm), std::ios::binary);
    if (!notes.read(reinterpret_cast<char*>(all.data()), static_cast<std::streamsize>(size)))
      throw DataError(notes_of(htm).string() + ": cannot read");
    fs::remove(notes_of(htm), absent);
  }
  if (auto held = held_.extract(htm))
    all.insert(all.end(), held.mapped().begin(), held.mapped().end());
  std::size_t const width = layout_.columns.size() + 1;
  std::vector<CatalogueRow> rows;
  for (std::size_t at = 0; at + width <= all.size(); at += width) {
    auto const begin = all.begin() + static_cast<std::ptrdiff_t>(at);
    rows.push_back({std::bit_cast<std::int64_t>(*begin),
                    {begin + 1, begin + static_cast<std::ptrdiff_t>(width)}});
  }
  // Whatever the order of the files and the limit of memory were.
  std::ranges::stable_sort(rows, [](CatalogueRow const& a, CatalogueRow const& b) {
    return a.id != b.id ? a.id < b.id : a.values[0] < b.values[0];
  });
  return rows;
}

void ShardWriter::write_shard(fs::path const& path, std::vector<CatalogueRow> rows) const {
  fits::Table table;
  table.rows = static_cast<std::int64_t>(rows.size());
  std::vector<std::int64_t> ids;
  for (CatalogueRow const& row : rows) ids.push_back(row.id);
  add_column(table, "id", "", "unique number", std::move(ids));
  for (std::size_t i = 0; i < layout_.columns.size(); ++i) {
    ShardLayout::Column const& column = layout_.columns[i];
    std::vector<double> values;
    for (CatalogueRow const& row : rows) values.push_back(row.values[i]);
    add_column(table, column.name, column.unit, column.doc, std::move(values));
  }
  table.header.set("REFCAT_FORMAT_VERSION", std::int64_t{1}, "fluxes are in nJy");
  fits::Writer writer(path);
  writer.primary({});
  writer.table("", table);
  writer.close();
}

std::size_t ShardWriter::finish() {
  std::set<std::int64_t> triangles;
  for (auto const& [htm, held] : held_) triangles.insert(htm);
  for (fs::directory_entry const& entry : fs::directory_iterator(directory_))
    if (entry.path().extension() == notes_ending)
      triangles.insert(std::stoll(entry.path().stem().string()));
  for (std::int64_t const htm : triangles)
    write_shard(directory_ / fmt::format("{}.fits", htm), rows_of(htm));
  write_shard(directory_ / "master_schema.fits", {});
  return triangles.size();
}

}  // namespace almagest
