#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "almagest/config_value.hpp"
#include "engine/pipeline.hpp"

namespace almagest {

/// A pipeline's file, its includes and the command line's changes, merged into one table.
///
/// Short forms are written out: `task.NAME = "a/b"` as `{ use = "a/b" }`, `outputs.NAME = "x"` as
/// `{ label = "x" }`, `inputs.NAME = "x"` as `{ dataset = "x" }`. Nothing else is judged yet.
struct PipelineDocument {
  ConfigValue root;
  std::string file;                 ///< the pipeline's own file, as found
  std::set<std::string> own_files;  ///< that one and those of `-C`, but not what they include

  /// Whether the pipeline's own file or the command line says so, rather than an include.
  bool own(Where const& where) const;
  /// Whether any part of a value is own.
  bool mentions(ConfigValue const& value) const;
};

/// \param problems  takes what is wrong with merging: the document is whole all the same
/// \throws ConfigError when a file is not found or cannot be read, with every problem so far
PipelineDocument read_pipeline_document(PipelineRequest const& request, Problems& problems);

/// The table that `-c KEY=VALUE` stands for, short forms written out.
///
/// \param root  the document so far: a key that begins with the name of a task means its parameter
/// \throws ConfigError with the place "-c KEY=VALUE"
ConfigValue parse_assignment(std::string const& text, ConfigValue const& root);

/// Writes out the short forms.
void normalise_pipeline(ConfigValue& root);

/// Lays one document over another: tables merge by key, the upper one wins, a new `use` drops what
/// the lower task had, `false` removes a task or an output.
void overlay_pipeline(ConfigValue& base, ConfigValue upper, Problems& problems);

/// The keys that a pipeline's file may have at its top.
std::vector<std::string> const& pipeline_keys();

/// Adds an error whose message begins with its place in `file`, so that it is sorted in.
void add_error(Problems& problems, std::string const& file, std::string_view message);

/// The keys of a table, or nothing.
std::vector<std::string> keys_of(ConfigValue const* table);

/// Whether a name can stand for a task, group, label or dataset: letters, digits, `_` and `-`.
bool is_plain_name(std::string_view name);

/// Where a message about something from the command line belongs: `-c KEY=VALUE`.
Where command_line_place(std::string const& option, std::string const& text);
bool from_command_line(Where const& where);

}  // namespace almagest
