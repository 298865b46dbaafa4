#include "repository/sky_inputs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace almagest {
namespace {

/// The indices of versions that are a reference catalogue, one for all data IDs.
std::vector<std::size_t> catalogs_of(Pipeline const& pipeline, DatasetFinder const& finder) {
  std::vector<std::size_t> result;
  for (std::size_t v = 0; v < pipeline.versions.size(); ++v) {
    Version const& version = pipeline.versions[v];
    if (version.writer < 0 && !version.readers.empty() && finder.is_sky(version.dataset) &&
        finder.declared(version.dataset, version.product_id)->path.names().empty())
      result.push_back(v);
  }
  return result;
}

/// Whether a step cannot run without a version, for any data ID.
bool requires_version(Step const& step, std::size_t v) {
  return !step.when && std::ranges::any_of(step.task->ports(), [&](Port const* port) {
    return port->kind() == Port::Kind::in && step.versions[port->index()] == static_cast<int>(v);
  });
}

/// Puts a catalogue that does not exist where it belongs: to the warnings when a step that cannot
/// run without it may fail, to the problems when none may.
void report_missing(Pipeline const& pipeline, std::size_t v, NotFoundError const& missing,
                    std::set<std::string>& warnings, Problems& problems) {
  std::string names;
  Where where;
  bool goes_on = false;
  for (int const reader : pipeline.versions[v].readers) {
    Step const& step = pipeline.steps[static_cast<std::size_t>(reader)];
    if (!requires_version(step, v)) continue;
    if (names.empty()) where = step.where;
    names += (names.empty() ? "'" : ", '") + step.name + "'";
    goes_on = goes_on || step.on_failure == OnFailure::keep_going;
  }
  if (names.empty()) return;
  if (goes_on)
    warnings.insert(fmt::format("{}; without it will fail: {}", missing.what(), names));
  else
    problems.add(where, fmt::format("{}; it is wanted by {}", missing.what(), names));
}

}  // namespace

void refuse_ambiguous_catalogs(Pipeline const& pipeline, DatasetFinder const& finder) {
  for (std::size_t const v : catalogs_of(pipeline, finder))
    finder.find(pipeline.versions[v].dataset, pipeline.versions[v].product_id, {});
}

std::vector<std::string> missing_catalogs(Pipeline const& pipeline, DatasetFinder const& finder) {
  std::set<std::string> warnings;
  Problems problems;
  for (std::size_t const v : catalogs_of(pipeline, finder)) {
    try {
      finder.require(pipeline.versions[v].dataset, pipeline.versions[v].product_id, {});
    } catch (NotFoundError const& missing) {
      report_missing(pipeline, v, missing, warnings, problems);
    }
  }
  problems.raise();
  return {warnings.begin(), warnings.end()};
}

}  // namespace almagest
