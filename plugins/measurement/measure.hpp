#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "almagest/exposure.hpp"
#include "almagest/footprint.hpp"
#include "almagest/measurement.hpp"
#include "almagest/source_catalog.hpp"
#include "almagest/task.hpp"

#include "families.hpp"
#include "noise_replacer.hpp"

namespace measurement {

/// Runs a list of measurement algorithms on every source, each alone among noise, and writes their
/// columns.
///
///     family by family:   child 1 in, measure, out ... child n in, measure, out,
///                         parent in, measure, every child measure_in_family, parent out
class Measure final : public almagest::Task {
 public:
  void prepare(almagest::Setup& setup) override;
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  /// One algorithm's columns that a failure fills.
  struct FailureColumns {
    std::vector<almagest::Key<float>> floats;
    std::vector<almagest::Key<double>> doubles;
    std::vector<almagest::Key<bool>> flags;  // those that mean "not to be trusted"
  };
  struct Failure;
  class Workplace;
  using Failures = std::vector<Failure>;  // per algorithm
  using Step = void (almagest::MeasurementAlgorithm::*)(almagest::SourceRecord&) const;

  almagest::SourceCatalog rows(std::shared_ptr<almagest::FootprintSet const> const& set,
                               std::vector<Family> const& families, std::int64_t first_id) const;
  std::optional<ReplacementNoise> draw_noise(almagest::Context& context,
                                             almagest::FootprintSet const& set) const;
  void measure_family(Family const& family, Workplace& workplace, almagest::SourceCatalog& table,
                      Failures& failures) const;
  void run_algorithms(Step step, almagest::SourceRecord& source, Failures& failures) const;
  std::int64_t report(std::vector<Failures> const& chunks, almagest::SourceCatalog const& table,
                      almagest::Log& log) const;

  almagest::Components<almagest::MeasurementAlgorithm> algorithms{
      *this,
      "algorithms",
      {"base_SdssCentroid", "base_SdssShape", "base_GaussianFlux", "base_PsfFlux",
       "base_CircularApertureFlux", "base_PixelFlags"},
      "Measurement algorithms, in the order in which they run; one that needs another stands after "
      "it"};
  almagest::Param<bool> replace_neighbours{
      *this, "replace_neighbours", true,
      "Measure each source with all others replaced by noise of the image's own level and width; "
      "false measures the image as it is, children with their neighbours' light"};

  almagest::Param<bool> declare_calibration_flags{
      *this, "calibration_flags", true,
      "Make the columns calib_… that later steps set, so that a catalogue has the same columns "
      "whether such a step succeeds or not"};

  almagest::In<almagest::Exposure> exposure{*this, "exposure",
                                            "Background-subtracted image, with PSF and WCS"};
  almagest::In<almagest::FootprintSet> footprints{*this, "footprints",
                                                  "The sources: parents, then their children"};
  almagest::Out<almagest::SourceCatalog> catalog{*this, "sources",
                                                 "One row per footprint, in the same order"};

  almagest::Metric<std::int64_t> source_count{*this, "sources", "", "Sources measured"};
  almagest::Metric<std::int64_t> failure_count{
      *this, "failures", "", "Algorithms that gave up on a source, over all sources"};
  almagest::Metric<double> noise_mean{*this, "noise_mean", "adu",
                                      "Clipped mean of the image, that of the replacing noise"};
  almagest::Metric<double> noise_sigma{*this, "noise_sigma", "adu",
                                       "Clipped width of the image, that of the replacing noise"};

  almagest::Schema schema_;
  almagest::Key<std::int64_t> id_, parent_;
  almagest::Key<double> ra_, dec_;
  almagest::Key<std::int32_t> child_count_;
  almagest::Key<bool> as_psf_, ramped_, skipped_;
  std::vector<FailureColumns> failure_columns_;  // per algorithm
};

}  // namespace measurement
