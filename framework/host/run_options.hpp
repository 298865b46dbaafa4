#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "almagest/log.hpp"
#include "engine/pipeline.hpp"
#include "host/command.hpp"
#include "repository/id_selection.hpp"
#include "repository/repository.hpp"

namespace almagest {

/// One thing that `--show` prints.
struct ShowItem {
  enum class What { config, data, tasks, graph, run } what;
  std::string detail;  ///< `config=GLOB`, `graph=dot`
};

enum class ProgressStyle { automatic, none, json };

/// The command line of `almagest run`, understood.
struct RunOptions {
  bool help = false;
  std::string pipeline;
  std::filesystem::path repository;
  RerunRequest rerun;
  std::string input_rerun;  ///< `--rerun IN:OUT`: the rerun that is read from; "" = the repository
  std::filesystem::path calibrations;
  std::vector<PipelineOverride> overrides;
  std::vector<std::string> steps;
  std::optional<IdSelection> ids;  ///< none: no --id was given
  std::vector<std::string> where;
  std::vector<ShowItem> show;
  std::vector<std::pair<std::string, LogLevel>>
      log_levels;  ///< task name ("" = all) and level, in order
  std::filesystem::path log_file;
  std::vector<std::filesystem::path> plugin_path;
  ProgressStyle progress = ProgressStyle::automatic;
  int jobs = 1;
  int max_in_flight = 0;
  double timeout_s = 0.0;
  bool stop_at_first_failure = false;

  bool show_only() const;  ///< something is shown and `run` is not among it
};

/// \param with_pipeline  whether the first positional word is the pipeline (`run`) or the camera
/// gives it (`process-ccd`) \throws ConfigError for anything that is wrong; NotImplementedError for
/// options that come later
RunOptions parse_run_options(Arguments const& arguments, bool with_pipeline);

/// The text of `--help`.
std::string run_usage(bool with_pipeline);

}  // namespace almagest
