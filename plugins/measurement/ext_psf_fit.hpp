#pragma once

#include <string>
#include <vector>

#include "almagest/measurement.hpp"

#include "weighted_psf_fit.hpp"

namespace measurement {

/// Flux and position of a star by maximum likelihood: psf_fit(). The position is a second one; it
/// leaves SourceRecord::centroid, which it starts from, alone.
class PsfFit final : public almagest::MeasurementAlgorithm {
 public:
  void declare(almagest::Schema& schema, std::string const& prefix) override;
  std::vector<std::string> needs() const override { return {"centroid"}; }
  void measure(almagest::SourceRecord& source) const override;

 private:
  almagest::Param<std::vector<std::string>> ignore{
      *this, "ignore", {"BAD", "SAT", "CR", "INTRP", "NO_DATA"}, "Mask planes that are left out"};
  almagest::Param<double> max_shift =
      almagest::Param<double>{*this, "max_shift", 2.0,
                              "Positions further than this from the centroid, along x or y, are "
                              "no result of the fit [pixel]"}
          .within(0.1, max_psf_shift);
  almagest::Key<double> flux_, error_, x_, y_;
  almagest::Key<float> x_error_, y_error_, chi2_;
  almagest::Key<bool> flag_, edge_, left_out_, no_good_pixels_, no_convergence_;
};

}  // namespace measurement
