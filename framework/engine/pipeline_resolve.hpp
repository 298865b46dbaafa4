#pragma once

#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/pipeline.hpp"
#include "engine/pipeline_document.hpp"
#include "engine/pipeline_tasks.hpp"

namespace almagest {

/// What the parts of load_pipeline() work on, one after the other. None of them stops at a problem.
struct Resolution {
  PipelineDocument const& document;
  PipelineContext const& context;
  Problems problems{};
  Pipeline pipeline{};
  std::map<std::string, TaskTable> tasks{};

  /// The steps of each group that `steps` names, as indices into pipeline.steps.
  std::map<std::string, std::vector<int>> groups{};
  /// A step that could not be made would have stood here: labels that are unknown from here on may
  /// be its products, and are not reported.
  std::size_t first_gap = std::numeric_limits<std::size_t>::max();

  bool after_gap(std::size_t step) const noexcept { return step >= first_gap; }
};

/// `steps` and `group`: makes and configures the tasks, in order.
void resolve_steps(Resolution& resolution);
/// `inputs`, and who reads and writes which version of each label.
void resolve_versions(Resolution& resolution);
/// `outputs`, and that what is gathered is stored.
void resolve_outputs(Resolution& resolution);
/// `run`.
void resolve_run_settings(Resolution& resolution);
/// The document as it was carried out: defaults filled in, nothing unused.
ConfigValue complete_document(Resolution const& resolution);

/// Keeps the steps that `--steps` names. What a left-out step would have made is read from the
/// dataset that stores it.
/// \throws ConfigError when none does, giving the line to add
void keep_steps(Pipeline& pipeline, std::map<std::string, std::vector<int>> const& groups,
                std::vector<std::string> const& names);

/// A condition whose names are all known; nothing, and a problem, otherwise.
std::optional<Expression> read_condition(ConfigValue const& value, std::string const& owner,
                                         Resolution& resolution);

/// `label` or `label@point`.
struct LabelText {
  std::string label;
  std::string point;  ///< a step or group, or ""
};
LabelText split_label(std::string const& text);

/// The index of the step that a point means: the step itself, or the last of the group; nothing for
/// an unknown one.
std::optional<int> last_step_of(Resolution const& resolution, std::string const& point);

/// "; did you mean …" for a point that is no step and no group.
std::string point_hint(Resolution const& resolution, std::string const& point);

/// The last version of a label that the steps up to and including `step` write, or −1.
int version_after(Pipeline const& pipeline, std::string const& label, int step);

/// `label@step` for a version that a step writes, or just the label when it is the last one.
std::string label_text(Pipeline const& pipeline, int version);

}  // namespace almagest
