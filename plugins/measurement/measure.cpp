#include "measure.hpp"

#include <algorithm>
#include <limits>
#include <mutex>
#include <utility>

#include "almagest/calibration_flags.hpp"
#include "almagest/error.hpp"
#include "almagest/instrument.hpp"
#include "almagest/statistics.hpp"
#include "almagest/text.hpp"

namespace measurement {
namespace {
using namespace almagest;

// Families that one thread takes at a time.
constexpr std::size_t families_per_chunk = 16;

/// Where the centroid search starts: the first, brightest peak; the middle of a footprint without
/// one.
Point start_of(Footprint const& footprint) {
  if (!footprint.peaks().empty()) {
    Pixel const pixel = footprint.peaks().front().pixel;
    return {static_cast<double>(pixel.x), static_cast<double>(pixel.y)};
  }
  return centre_of(footprint.bbox());
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
  std::size_t row = std::numeric_limits<std::size_t>::max();
  std::string reason;
  std::int64_t count = 0;

  void add(std::size_t at, std::string const& why, std::int64_t how_many = 1) {
    count += how_many;
    if (at >= row) return;
    row = at;
    reason = why;
  }
};

/// Where one thread measures: an exposure of its own, in which sources come and go; or, when
/// neighbours stay, everyone's.
class Measure::Workplace {
 public:
  explicit Workplace(Exposure const& image) : exposure_(image) {}
  Workplace(Exposure const& image, NoiseReplacer const& replacer)
      : exposure_(image), replacer_(replacer) {}

  Exposure const& exposure() const noexcept { return exposure_; }
  std::size_t next() const noexcept { return replacer_ ? replacer_->next() : 0; }

  void begin(std::size_t family) {
    if (replacer_) replacer_->begin(family, exposure_.image());
  }
  void insert(std::size_t source) {
    if (replacer_) replacer_->insert(source, exposure_.image());
  }
  void remove(std::size_t source) {
    if (replacer_) replacer_->remove(source, exposure_.image());
  }

 private:
  Exposure exposure_;  // planes are shared until written: only the image is copied
  std::optional<NoiseReplacer> replacer_;
};

namespace {

/// Lends out the workplaces of one image, and makes as many as are in use at once.
template <class Workplace>
class Workplaces {
 public:
  template <class Make>
  std::unique_ptr<Workplace> take(std::size_t family, Make const& make) {
    std::lock_guard const lock(mutex_);
    // The one that has come nearest, so that the fewest families must be taken out again.
    auto best = idle_.end();
    for (auto i = idle_.begin(); i != idle_.end(); ++i) {
      bool const ready = (*i)->next() <= family;
      if (best == idle_.end() ||
          (ready && ((*best)->next() > family || (*best)->next() < (*i)->next())))
        best = i;
    }
    if (best == idle_.end()) return make();
    auto taken = std::move(*best);
    idle_.erase(best);
    return taken;
  }
  void give_back(std::unique_ptr<Workplace> workplace) {
    std::lock_guard const lock(mutex_);
    idle_.push_back(std::move(workplace));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Workplace>> idle_;
};

}  // namespace

void Measure::prepare(Setup& setup) {
  schema_ = Schema::minimal_source();
  id_ = schema_.key<std::int64_t>("id");
  parent_ = schema_.key<std::int64_t>("parent");
  ra_ = schema_.key<double>("coord_ra");
  dec_ = schema_.key<double>("coord_dec");
  child_count_ = schema_.add<std::int32_t>("deblend_nChild", "", "Children of this source");
  as_psf_ = schema_.add_flag("deblend_deblendedAsPsf", "The deblender took this child for a star");
  ramped_ = schema_.add_flag("deblend_rampedTemplate",
                             "The deblender continued this child beyond its parent's footprint");
  skipped_ = schema_.add_flag("deblend_skipped", "The deblender left this blend alone");
  if (*declare_calibration_flags)
    for (CalibrationFlag const& flag : calibration_flags) flag.in(schema_);

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

/// The catalogue with all that is known before anything is measured.
SourceCatalog Measure::rows(std::shared_ptr<FootprintSet const> const& set,
                            std::vector<Family> const& families, std::int64_t first_id) const {
  auto const id_of = [first_id](std::size_t row) {
    return first_id + static_cast<std::int64_t>(row);
  };
  SourceCatalog table(schema_, set->footprints.size());
  for (std::size_t row = 0; row < table.size(); ++row) {
    table.set(row, id_, id_of(row));
    // The row shares the set: its footprint is not copied.
    table.set_footprint(row, {set, &set->footprints[row]});
  }
  for (Family const& family : families) {
    table.set(family.parent, child_count_, static_cast<std::int32_t>(family.child_count()));
    for (std::size_t row = family.first_child; row < family.end; ++row) {
      Child const& child = set->children[row - set->parent_count()];
      table.set(row, parent_, id_of(family.parent));
      table.set(row, as_psf_, child.as_psf);
      table.set(row, ramped_, child.ramped);
    }
  }
  for (std::size_t const parent : set->skipped)
    if (parent < families.size()) table.set(parent, skipped_, true);
  return table;
}

std::optional<ReplacementNoise> Measure::draw_noise(Context& context,
                                                    FootprintSet const& set) const {
  if (!*replace_neighbours || set.footprints.empty()) return std::nullopt;
  Exposure const& image = context.get(exposure);
  ClippedStatistics level;
  try {
    level = clipped_statistics(image.image(), image.mask(), 0, image.bbox());
  } catch (MeasurementError const&) {
    context.log().warning("no pixel of the image is a number: sources are replaced by zeros");
  }
  context.record(noise_mean, level.mean);
  context.record(noise_sigma, level.scatter);
  // The exposure's number is the seed: its lower 32 bits.
  auto const seed =
      static_cast<std::uint32_t>(context.instrument().exposure_id(context.id()).value);
  return ReplacementNoise(set, level.mean, level.scatter, seed);
}

void Measure::run_algorithms(Step step, SourceRecord& source, Failures& failures) const {
  for (std::size_t i = 0; i < algorithms.size(); ++i) {
    try {
      (algorithms[i].*step)(source);
    } catch (ConfigError const& error) {  // no other source would fare better
      throw ConfigError("measurement algorithm '" + algorithms.use()[i] + "': " + error.what());
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

void Measure::measure_family(Family const& family, Workplace& workplace, SourceCatalog& table,
                             Failures& failures) const {
  Exposure const& image = workplace.exposure();
  auto const record_of = [&](std::size_t row) {
    Footprint const& footprint = *table.footprint(row);
    return SourceRecord{table, row, footprint, image, start_of(footprint)};
  };
  auto const place_on_sky = [&](SourceRecord const& source) {
    if (!image.wcs) return;
    SkyPoint const sky = image.wcs->pixel_to_sky(source.centroid);
    table.set(source.row, ra_, sky.ra);
    table.set(source.row, dec_, sky.dec);
  };

  workplace.begin(family.parent);
  std::vector<SourceRecord> children;
  children.reserve(family.child_count());
  for (std::size_t row = family.first_child; row < family.end; ++row) {
    SourceRecord& child = children.emplace_back(record_of(row));
    workplace.insert(row);
    run_algorithms(&MeasurementAlgorithm::measure, child, failures);
    workplace.remove(row);
    place_on_sky(child);
  }
  SourceRecord parent = record_of(family.parent);
  workplace.insert(family.parent);
  run_algorithms(&MeasurementAlgorithm::measure, parent, failures);
  place_on_sky(parent);
  for (SourceRecord& child : children)
    run_algorithms(&MeasurementAlgorithm::measure_in_family, child, failures);
  workplace.remove(family.parent);
}

/// Says how often each algorithm gave up, and why first. \returns how often all did
std::int64_t Measure::report(std::vector<Failures> const& chunks, SourceCatalog const& table,
                             Log& log) const {
  std::int64_t failed = 0;
  for (std::size_t i = 0; i < algorithms.size(); ++i) {
    Failure all;
    for (Failures const& chunk : chunks)
      if (chunk[i].count > 0) all.add(chunk[i].row, chunk[i].reason, chunk[i].count);
    if (all.count == 0) continue;
    failed += all.count;
    log.warning(algorithms.use()[i] + " failed for " + std::to_string(all.count) + " of " +
                counted(table.size(), "source") + ", the first of them " +
                std::to_string(table.get(all.row, id_)) + ": " + all.reason);
  }
  return failed;
}

Outcome Measure::run(Context& context) const {
  Exposure const& image = context.get(exposure);
  auto const set = std::make_shared<FootprintSet const>(context.take(footprints));
  std::vector<Family> const families = families_of(*set);
  std::int64_t const first_id = first_source_id(context.instrument().exposure_id(context.id()));
  SourceCatalog table = rows(set, families, first_id);
  std::optional<ReplacementNoise> const noise = draw_noise(context, *set);

  Workplaces<Workplace> workplaces;
  auto const new_workplace = [&] {
    return noise ? std::make_unique<Workplace>(image,
                                               NoiseReplacer(*set, families, *noise, image.image()))
                 : std::make_unique<Workplace>(image);
  };
  // One list of failures per chunk, put together in order: the log does not depend on the threads.
  std::size_t const chunks = (families.size() + families_per_chunk - 1) / families_per_chunk;
  std::vector<Failures> failures(chunks, Failures(algorithms.size()));
  context.parallel_for(families.size(), families_per_chunk,
                       [&](std::size_t begin, std::size_t end) {
                         auto workplace = workplaces.take(begin, new_workplace);
                         for (std::size_t family = begin; family < end; ++family)
                           measure_family(families[family], *workplace, table,
                                          failures[family / families_per_chunk]);
                         workplaces.give_back(std::move(workplace));
                       });

  std::int64_t const failed = report(failures, table, context.log());
  if (!image.wcs) context.log().warning("the exposure has no WCS: coord_ra and coord_dec are NaN");
  if (table.empty())
    context.log().warning("no source to measure: the catalogue is empty");
  else
    context.log().info(counted(table.size(), "source") + " measured, " +
                       std::to_string(set->children.size()) + " of them children");
  context.record(source_count, static_cast<std::int64_t>(table.size()));
  context.record(failure_count, failed);
  context.put(catalog, std::move(table));
  return done;
}

}  // namespace measurement
