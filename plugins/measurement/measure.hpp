#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "almagest/exposure.hpp"
#include "almagest/footprint.hpp"
#include "almagest/measurement.hpp"
#include "almagest/source_catalog.hpp"
#include "almagest/task.hpp"

namespace measurement {

/// Runs a list of measurement algorithms on every source and writes their columns.
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

  void measure_source(almagest::SourceRecord& source, std::vector<Failure>& failures) const;

  almagest::Param<std::string> sources =
      almagest::Param<std::string>{
          *this, "sources", "families",
          "Which sources there are: 'footprints' one per footprint; 'peaks' one per peak; "
          "'families' "
          "one per footprint, and where it has several peaks one child for each of them"}
          .one_of({"footprints", "peaks", "families"});
  almagest::Components<almagest::MeasurementAlgorithm> algorithms{
      *this,
      "algorithms",
      {"base_SdssCentroid", "base_SdssShape", "base_GaussianFlux", "base_PsfFlux",
       "base_CircularApertureFlux", "base_PixelFlags"},
      "Measurement algorithms, in the order in which they run; one that needs another stands after "
      "it"};

  almagest::In<almagest::Exposure> exposure{*this, "exposure",
                                            "Background-subtracted image, with PSF and WCS"};
  almagest::In<almagest::FootprintSet> footprints{*this, "footprints"};
  almagest::Out<almagest::SourceCatalog> catalog{*this, "sources", "One row per source"};

  almagest::Metric<std::int64_t> source_count{*this, "sources", "", "Sources measured"};
  almagest::Metric<std::int64_t> failure_count{
      *this, "failures", "", "Algorithms that gave up on a source, over all sources"};

  almagest::Schema schema_;
  almagest::Key<std::int64_t> id_, parent_;
  almagest::Key<double> ra_, dec_;
  almagest::Key<std::int32_t> child_count_;
  std::vector<FailureColumns> failure_columns_;  // per algorithm
};

}  // namespace measurement
