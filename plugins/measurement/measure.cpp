#include "measure.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "almagest/error.hpp"
#include "almagest/instrument.hpp"

namespace measurement {
namespace {
using namespace almagest;

// Sources that one thread takes at a time.
constexpr std::size_t sources_per_chunk = 16;

/// A source before it is measured.
struct Planned {
  std::shared_ptr<Footprint const> footprint;  // its first peak is where the centroid starts
  std::size_t parent;                          // row, or no_parent
  std::int32_t children;
};
constexpr std::size_t no_parent = std::numeric_limits<std::size_t>::max();

std::shared_ptr<Footprint const> with_peak(Footprint const& footprint, Peak const& peak) {
  Footprint single = footprint;
  single.peaks() = {peak};
  return std::make_shared<Footprint const>(std::move(single));
}

/// The rows of the catalogue: parents first, then children parent by parent, as the stack orders
/// them.
std::vector<Planned> plan(FootprintSet const& set, std::string const& which) {
  bool const every_peak = which == "peaks", families = which == "families";
  std::vector<Planned> sources;
  for (Footprint const& footprint : set.footprints) {
    std::size_t const peaks = footprint.peaks().size();
    if (every_peak && peaks > 1) {
      for (Peak const& peak : footprint.peaks())
        sources.push_back({with_peak(footprint, peak), no_parent, 0});
    } else {
      auto const children = families && peaks > 1 ? static_cast<std::int32_t>(peaks) : 0;
      sources.push_back({std::make_shared<Footprint const>(footprint), no_parent, children});
    }
  }
  std::size_t const parents = sources.size();
  for (std::size_t row = 0; row < parents; ++row) {
    if (sources[row].children == 0) continue;
    Footprint const& whole = *sources[row].footprint;
    for (Peak const& peak : whole.peaks()) sources.push_back({with_peak(whole, peak), row, 0});
  }
  return sources;
}

/// Where the centroid search starts: the first, brightest peak; the middle of a footprint without
/// one.
Point start_of(Footprint const& footprint) {
  if (!footprint.peaks().empty()) {
    Pixel const pixel = footprint.peaks().front().pixel;
    return {static_cast<double>(pixel.x), static_cast<double>(pixel.y)};
  }
  Box const& box = footprint.bbox();
  return {box.x0 + 0.5 * (box.width - 1), box.y0 + 0.5 * (box.height - 1)};
}

/// "base_PsfFlux" of "base_PsfFlux" and of "measurement/base_PsfFlux".
std::string short_name(std::string const& name) {
  return name.substr(name.find('/') + 1);
}

/// \throws ConfigError when an algorithm stands before one that it needs
void check_order(Components<MeasurementAlgorithm> const& algorithms) {
  std::vector<std::string> before;
  for (std::size_t i = 0; i < algorithms.size(); ++i) {
    std::string const name = short_name(algorithms.use()[i]);
    for (std::string const& needed : algorithms[i].needs())
      if (std::find(before.begin(), before.end(), needed) == before.end())
        throw ConfigError("measurement algorithm '" + name + "' needs '" + needed +
                          "' before it in algorithms.use");
    before.push_back(name);
    if (std::string given = algorithms[i].gives(); !given.empty())
      before.push_back(std::move(given));
  }
}

}  // namespace

/// The first source, by row, that an algorithm gave up on, and how many there are.
struct Measure::Failure {
  std::size_t row = no_parent;
  std::string reason;
  std::int64_t count = 0;

  void add(std::size_t at, std::string const& why, std::int64_t how_many = 1) {
    count += how_many;
    if (at >= row) return;
    row = at;
    reason = why;
  }
};

void Measure::prepare(Setup& setup) {
  schema_ = Schema::minimal_source();
  id_ = schema_.key<std::int64_t>("id");
  parent_ = schema_.key<std::int64_t>("parent");
  ra_ = schema_.key<double>("coord_ra");
  dec_ = schema_.key<double>("coord_dec");
  child_count_ = schema_.add<std::int32_t>("deblend_nChild", "", "Children of this source");

  check_order(algorithms);
  failure_columns_.clear();
  for (std::size_t i = 0; i < algorithms.size(); ++i) {
    std::size_t const first = schema_.columns().size();
    algorithms[i].declare(schema_, short_name(algorithms.use()[i]));
    FailureColumns columns;
    for (std::size_t c = first; c < schema_.columns().size(); ++c) {
      Column const& column = schema_.columns()[c];
      if (column.type == ColumnType::float32)
        columns.floats.push_back(schema_.key<float>(column.name));
      if (column.type == ColumnType::float64)
        columns.doubles.push_back(schema_.key<double>(column.name));
      if (column.type == ColumnType::flag && column.name.ends_with("_flag"))
        columns.flags.push_back(schema_.key<bool>(column.name));
    }
    failure_columns_.push_back(std::move(columns));
  }
  setup.declare(catalog, schema_);
}

void Measure::measure_source(SourceRecord& source, std::vector<Failure>& failures) const {
  for (std::size_t i = 0; i < algorithms.size(); ++i) {
    try {
      algorithms[i].measure(source);
    } catch (Error const& error) {
      FailureColumns const& columns = failure_columns_[i];
      for (Key<float> const key : columns.floats)
        source.set(key, std::numeric_limits<float>::quiet_NaN());
      for (Key<double> const key : columns.doubles)
        source.set(key, std::numeric_limits<double>::quiet_NaN());
      for (Key<bool> const key : columns.flags) source.set(key, true);
      failures[i].add(source.row, error.what());
    }
  }
}

Outcome Measure::run(Context& context) const {
  Exposure const& image = context.get(exposure);
  std::vector<Planned> const planned = plan(context.get(footprints), *sources);
  SourceCatalog table(schema_, planned.size());
  std::int64_t const first_id = first_source_id(context.instrument().exposure_id(context.id()));
  auto const id_of = [first_id](std::size_t row) {
    return first_id + static_cast<std::int64_t>(row);
  };

  // One list of failures per chunk, put together in order: the log does not depend on the threads.
  std::size_t const chunks = (planned.size() + sources_per_chunk - 1) / sources_per_chunk;
  std::vector<std::vector<Failure>> failures(chunks, std::vector<Failure>(algorithms.size()));
  context.parallel_for(planned.size(), sources_per_chunk, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) {
      Planned const& plan = planned[row];
      table.set(row, id_, id_of(row));
      table.set(row, parent_, plan.parent == no_parent ? 0 : id_of(plan.parent));
      table.set(row, child_count_, plan.children);
      table.set_footprint(row, plan.footprint);
      SourceRecord source{table, row, *plan.footprint, image, start_of(*plan.footprint)};
      measure_source(source, failures[row / sources_per_chunk]);
      if (image.wcs) {
        SkyPoint const sky = image.wcs->pixel_to_sky(source.centroid);
        table.set(row, ra_, sky.ra);
        table.set(row, dec_, sky.dec);
      }
    }
  });

  std::int64_t failed = 0;
  for (std::size_t i = 0; i < algorithms.size(); ++i) {
    Failure all;
    for (std::vector<Failure> const& chunk : failures)
      if (chunk[i].count > 0) all.add(chunk[i].row, chunk[i].reason, chunk[i].count);
    if (all.count == 0) continue;
    failed += all.count;
    context.log().warning(algorithms.use()[i] + " failed for " + std::to_string(all.count) +
                          " of " + std::to_string(planned.size()) + " sources, the first of them " +
                          std::to_string(id_of(all.row)) + ": " + all.reason);
  }
  if (!image.wcs) context.log().warning("the exposure has no WCS: coord_ra and coord_dec are NaN");
  if (planned.empty())
    context.log().warning("no source to measure: the catalogue is empty");
  else
    context.log().info(std::to_string(planned.size()) + " sources measured");
  context.record(source_count, static_cast<std::int64_t>(planned.size()));
  context.record(failure_count, failed);
  context.put(catalog, std::move(table));
  return done;
}

}  // namespace measurement
