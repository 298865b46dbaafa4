#pragma once

#include <cstdint>

#include "almagest/matches.hpp"
#include "almagest/source_catalog.hpp"
#include "almagest/task.hpp"

namespace astrometry {

/// The matched sources with all their columns, and the reference object's beside them: one table
/// for whoever wants to look at residuals.
class MatchedSources final : public almagest::Task {
 public:
  void prepare(almagest::Setup& setup) override;
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  almagest::In<almagest::SourceCatalog> sources{*this, "sources"};
  almagest::In<almagest::Matches> matches{*this, "matches", "Of these sources"};
  almagest::Out<almagest::SourceCatalog> matched{
      *this, "matched_sources",
      "One row per match, by rising source id, with further columns ref_… and match_…"};

  almagest::Metric<std::int64_t> count{*this, "matched_sources", "", "Rows"};

  almagest::Schema schema_;
  almagest::Key<std::int64_t> id_, ref_id_;
  almagest::Key<double> ref_ra_, ref_dec_, ref_error_, ref_flux_, ref_flux_error_, distance_;
  almagest::Key<bool> fitted_;
};

}  // namespace astrometry
