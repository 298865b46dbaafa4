#include "host/run_options.hpp"

#include <algorithm>
#include <sstream>

#include "almagest/error.hpp"
#include "host/option_words.hpp"

namespace almagest {

namespace po = boost::program_options;

namespace {

po::options_description run_options_description() {
  auto words = [](char const* what) {
    return po::value<Arguments>()->multitoken()->value_name(what);
  };
  auto word = [](char const* what) { return po::value<std::string>()->value_name(what); };
  po::options_description options("options");
  // clang-format off
  options.add_options()
    ("help,h", "this text")
    ("id", words("KEY=VALUE ...")->zero_tokens(), "data to process; a VALUE is one, or several as A^B, a..b or a..b:step; repeatable; alone it means everything")
    ("where", word("EXPR"), "only data IDs for which this holds")
    ("rerun", word("NAME"), "write to REPO/rerun/NAME")
    ("output", word("DIR"), "write to a repository of its own; REPO is only read")
    ("calib", word("DIR"), "calibrations, instead of REPO/CALIB")
    ("config,c", words("ASSIGNMENT ..."), "override parameters: TASK.PARAMETER=VALUE")
    ("configfile,C", words("FILE ..."), "override from TOML files")
    ("steps", words("NAME ..."), "only these steps and groups")
    ("show", words("WHAT ..."), "config, config=GLOB, data, tasks, graph, graph=dot, graph=mermaid: print and stop; with 'run' go on")
    ("processes,j", word("N"), "threads (1)")
    ("max-in-flight", word("N"), "data IDs in memory at once")
    ("timeout,t", word("SECONDS"), "a step that takes longer fails; 0 means no limit")
    ("redo", "run again what is up to date")
    ("clobber-config", "replace the rerun's configuration")
    ("clobber-output", "remove the rerun's outputs first")
    ("doraise", "stop at the first failure")
    ("loglevel,L", words("LEVEL ..."), "trace, debug, info, warn or error; of one task: TASK=LEVEL")
    ("logdest", word("FILE"), "write the log there too")
    ("progress", word("STYLE"), "auto, none or json (one JSON object per line on standard output)")
    ("plugin-path", words("DIR ..."), "search for plugins here first")
    ("id-table", word("FILE"), "(not implemented)")
    ("trace", words("COMPONENT ..."), "(not implemented)")
    ("debug", "(not implemented)");
  // clang-format on
  return options;
}

LogLevel parse_level(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  if (text == "trace") return LogLevel::trace;
  if (text == "debug") return LogLevel::debug;
  if (text == "info") return LogLevel::info;
  if (text == "warn" || text == "warning") return LogLevel::warning;
  if (text == "error" || text == "fatal") return LogLevel::error;
  throw ConfigError("'" + text + "' is no log level: trace, debug, info, warn, error");
}

void add_log_level(RunOptions& options, std::string const& word) {
  auto const equal = word.find('=');
  if (equal == std::string::npos) {
    options.log_levels.emplace_back("", parse_level(word));
  } else {
    options.log_levels.emplace_back(word.substr(0, equal), parse_level(word.substr(equal + 1)));
  }
}

ShowItem parse_show(std::string const& word) {
  using What = ShowItem::What;
  auto const equal = word.find('=');
  std::string const name = word.substr(0, equal);
  std::string const detail = equal == std::string::npos ? "" : word.substr(equal + 1);
  if (name == "config") return {What::config, detail};
  if (name == "graph" && (detail.empty() || detail == "dot" || detail == "mermaid"))
    return {What::graph, detail};
  if (detail.empty()) {
    if (name == "data") return {What::data, ""};
    if (name == "tasks") return {What::tasks, ""};
    if (name == "run") return {What::run, ""};
  }
  throw ConfigError("--show " + word +
                    " is not known: config, config=GLOB, data, tasks, graph, graph=dot, "
                    "graph=mermaid, run");
}

/// Words after `--id` and `-c` have a `=`; one without is most likely the repository, swallowed.
void require_assignments(GivenOption const& option) {
  for (std::string const& word : option.values)
    if (word.find('=') == std::string::npos)
      throw ConfigError(
          "'" + word + "' after --" + option.name +
          " is not KEY=VALUE; the pipeline and the repository stand before the options");
}

/// `NAME`, or `IN:OUT`: a rerun that reads from another one.
void apply_rerun(RunOptions& options, std::string const& names) {
  auto const colon = names.find(':');
  options.input_rerun = colon == std::string::npos ? std::string() : names.substr(0, colon);
  options.rerun.name = colon == std::string::npos ? names : names.substr(colon + 1);
  if (colon != std::string::npos && (options.input_rerun.empty() || options.rerun.name.empty()))
    throw ConfigError("--rerun '" + names + "' is not IN:OUT, two names");
}

void apply(RunOptions& options, GivenOption const& option) {
  std::string const& name = option.name;
  if (name == "help") {
    options.help = true;
  } else if (name == "id") {
    require_assignments(option);
    if (!options.ids) options.ids.emplace();
    options.ids->groups.push_back(IdSelection::parse_group(option.values));
  } else if (name == "where") {
    options.where.push_back(option.values.at(0));
  } else if (name == "rerun") {
    apply_rerun(options, option.values.at(0));
  } else if (name == "output") {
    options.rerun.output = option.values.at(0);
  } else if (name == "calib") {
    options.calibrations = option.values.at(0);
  } else if (name == "config") {
    require_assignments(option);
    for (std::string const& word : option.values)
      options.overrides.push_back({PipelineOverride::Kind::assignment, word});
  } else if (name == "configfile") {
    for (std::string const& word : option.values)
      options.overrides.push_back({PipelineOverride::Kind::file, word});
  } else if (name == "steps") {
    options.steps.insert(options.steps.end(), option.values.begin(), option.values.end());
  } else if (name == "show") {
    for (std::string const& word : option.values) options.show.push_back(parse_show(word));
  } else if (name == "processes") {
    options.jobs = option_integer(option, 1, 1024);
  } else if (name == "max-in-flight") {
    options.max_in_flight = option_integer(option, 1, 1'000'000);
  } else if (name == "timeout") {
    constexpr double longest_s = 1e9;
    options.timeout_s = option_number(option, 0.0, longest_s);
  } else if (name == "redo") {
    options.rerun.redo = true;
  } else if (name == "clobber-config") {
    options.rerun.clobber_config = true;
  } else if (name == "clobber-output") {
    options.rerun.clobber_output = true;
  } else if (name == "doraise") {
    options.stop_at_first_failure = true;
  } else if (name == "loglevel") {
    for (std::string const& word : option.values) add_log_level(options, word);
  } else if (name == "logdest") {
    options.log_file = option.values.at(0);
  } else if (name == "progress") {
    std::string const& style = option.values.at(0);
    if (style != "auto" && style != "none" && style != "json")
      throw ConfigError("--progress wants auto, none or json, got '" + style + "'");
    options.progress = style == "json"   ? ProgressStyle::json
                       : style == "none" ? ProgressStyle::none
                                         : ProgressStyle::automatic;
  } else if (name == "plugin-path") {
    options.plugin_path.insert(options.plugin_path.end(), option.values.begin(),
                               option.values.end());
  } else {
    throw NotImplementedError("--" + name);
  }
}

void apply_positional(RunOptions& options, std::vector<std::string> const& words,
                      bool with_pipeline) {
  std::size_t const wanted = with_pipeline ? 2 : 1;
  char const* const what = with_pipeline ? "a pipeline and a repository" : "a repository";
  if (words.size() < wanted)
    throw ConfigError(std::string("give ") + what + " before the options" +
                      (words.empty() ? "" : "; got only '" + words.back() + "'"));
  if (words.size() > wanted)
    throw ConfigError("one word too many: '" + words[wanted] + "' (wanted " + what + ")");
  if (with_pipeline) options.pipeline = words[0];
  options.repository = words.back();
}

}  // namespace

bool RunOptions::show_only() const {
  auto const is_run = [](ShowItem const& item) { return item.what == ShowItem::What::run; };
  return !show.empty() && std::none_of(show.begin(), show.end(), is_run);
}

RunOptions parse_run_options(Arguments const& arguments, bool with_pipeline) {
  RunOptions options;
  std::vector<std::string> positional;
  for (GivenOption const& option :
       parse_options(expand_argument_files(arguments), run_options_description())) {
    if (option.name.empty()) {
      positional.insert(positional.end(), option.values.begin(), option.values.end());
    } else {
      apply(options, option);
    }
  }
  if (options.help) return options;
  apply_positional(options, positional, with_pipeline);
  if (!options.rerun.name.empty() && !options.rerun.output.empty())
    throw ConfigError("--rerun and --output exclude each other");
  return options;
}

std::string run_usage(bool with_pipeline) {
  std::ostringstream text;
  text << "usage: almagest " << (with_pipeline ? "run PIPELINE REPO" : "process-ccd REPO")
       << " (--rerun NAME | --output DIR) --id [KEY=VALUE …] [options] [@FILE]\n\n"
       << run_options_description();
  return text.str();
}

}  // namespace almagest
