#include "almagest/plugin.hpp"

#include "match.hpp"
#include "matched_sources.hpp"

ALMAGEST_PLUGIN("astrometry", "0.1.0") {
  registrar.task<astrometry::Match>(
      "match", "Match the sources to a reference catalogue and refit the WCS with them");
  registrar.task<astrometry::MatchedSources>(
      "matched_sources", "The matched sources with the reference objects' columns beside theirs");
}
