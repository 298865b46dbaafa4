#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "almagest/error.hpp"
#include "engine/executor.hpp"
#include "host/command.hpp"
#include "host/console.hpp"
#include "host/environment.hpp"
#include "host/interrupt.hpp"
#include "host/logging.hpp"
#include "host/progress.hpp"
#include "host/run_options.hpp"
#include "repository/frame_table.hpp"
#include "repository/repository.hpp"
#include "repository/schema_files.hpp"

namespace almagest {

namespace {

/// Everything that a run is made of before anything has been written.
struct Preparation {
  PluginRegistry plugins;
  std::shared_ptr<Repository const> repository;
  Pipeline whole;                 ///< all steps: what the rerun's configuration is
  std::optional<Pipeline> part;   ///< the steps of `--steps`
  std::map<int, Schema> schemas;  ///< of `whole`
  std::vector<UnitCandidate> candidates;

  Pipeline const& pipeline() const { return part ? *part : whole; }  ///< the steps that run
};

PipelineRequest pipeline_request(RunOptions const& options, Repository const& repository) {
  PipelineRequest request;
  request.name = options.pipeline.empty() ? repository.single_frame_pipeline() : options.pipeline;
  if (request.name.empty()) request.name = "process_ccd";
  request.instrument_pipelines = repository.pipelines();
  request.installed_pipelines = installed_pipelines();
  request.overrides = options.overrides;
  return request;
}

std::vector<UnitCandidate> select_units(RunOptions const& options, Preparation const& prepared) {
  if (!options.ids && options.where.empty())
    throw ConfigError("nothing is selected: give --id KEY=VALUE … (a bare --id means everything)");
  std::vector<Expression> where;
  for (std::string const& text : options.where)
    where.push_back(Expression::parse(text, {"--where", 0, 0}));
  std::vector<Expression const*> conditions;
  for (Expression const& expression : where) conditions.push_back(&expression);
  if (prepared.pipeline().select) conditions.push_back(&*prepared.pipeline().select);
  IdSelection const everything{{IdSelection::Group{}}};
  return prepared.repository->select(prepared.pipeline().input_dataset,
                                     options.ids.value_or(everything), conditions);
}

/// `-L task=level` for a task that is not there would be no error to anybody else.
void check_log_levels(RunOptions const& options, Pipeline const& pipeline) {
  std::vector<std::string> names{"almagest"};
  for (Step const& step : pipeline.steps) names.push_back(step.name);
  for (auto const& [task, level] : options.log_levels)
    if (!task.empty() && std::ranges::find(names, task) == names.end())
      throw ConfigError("-L " + task + "=…: there is no task '" + task + "'" +
                        nearest_name_hint(task, names));
}

void prepare(Preparation& prepared, RunOptions const& options, Logging& logging) {
  load_plugins(prepared.plugins, options.plugin_path);
  std::filesystem::path root = options.repository;
  if (!options.input_rerun.empty()) root = root / "rerun" / options.input_rerun;
  prepared.repository =
      Repository::open(root, prepared.plugins, {.calibrations = options.calibrations});
  Repository const& repository = *prepared.repository;

  PipelineRequest request = pipeline_request(options, repository);
  PipelineContext const context{prepared.plugins, repository.datasets(), repository.column_names()};
  prepared.whole = load_pipeline(request, context);
  check_log_levels(options, prepared.whole);
  if (!options.steps.empty()) {
    request.steps = options.steps;
    prepared.part = load_pipeline(request, context);
  }

  std::map<std::string, std::unique_ptr<Schema>> stored;
  SchemaSource const schema_source = [&](std::string const& dataset) {
    auto const [entry, fresh] = stored.try_emplace(dataset);
    if (fresh) entry->second = stored_schema(repository, options.rerun, dataset);
    return static_cast<Schema const*>(entry->second.get());
  };
  auto const log_of = [&](std::string const& step) -> Log& { return logging.of(step); };
  prepared.schemas =
      prepare_pipeline(prepared.whole, repository.instrument(), schema_source, log_of);
  if (prepared.part)
    prepare_pipeline(*prepared.part, repository.instrument(), schema_source, log_of);
}

void show(ShowItem const& item, Preparation const& prepared) {
  using What = ShowItem::What;
  switch (item.what) {
    case What::config: {
      std::string const text = dump_config(prepared.pipeline(), true, item.detail);
      if (text.empty())
        throw ConfigError("--show config=" + item.detail + ": nothing is called so");
      fmt::print("{}", text);
      break;
    }
    case What::tasks:
      fmt::print("{}", show_tasks(prepared.pipeline()));
      break;
    case What::graph: {
      GraphFormat const format = item.detail == "dot"       ? GraphFormat::dot
                                 : item.detail == "mermaid" ? GraphFormat::mermaid
                                                            : GraphFormat::text;
      fmt::print("{}", show_graph(prepared.pipeline(), format));
      break;
    }
    case What::data:
      for (UnitCandidate const& candidate : prepared.candidates) {
        std::string line = candidate.id.str();
        for (auto const& [name, value] : candidate.columns)
          if (!candidate.id.find(name) && !FrameTable::is_bookkeeping(name))
            line += " " + name + "=" + to_string(value);
        fmt::print("{}\n", line);
      }
      break;
    case What::run:
      break;
  }
}

bool shows_data(RunOptions const& options) {
  for (ShowItem const& item : options.show)
    if (item.what == ShowItem::What::data) return true;
  return false;
}

int run_units(RunOptions const& options, Preparation& prepared, Console& console,
              Logging& logging) {
  Interrupt interrupt;  // before any other thread: they inherit the blocked signals
  Log& log = logging.of("almagest");
  std::unique_ptr<Rerun> const rerun = Rerun::open(prepared.repository, prepared.plugins,
                                                   options.rerun, prepared.whole, prepared.schemas);
  for (std::string const& warning : rerun->executing(prepared.pipeline())) log.warning(warning);
  Instrument const& instrument = prepared.repository->instrument();
  RunPlan const plan =
      plan_run(prepared.pipeline(), prepared.candidates, instrument,
               [&](Output const& output, DataId const& id, std::vector<DataId> const& members) {
                 return rerun->stale(output, id, members);
               });

  ExecutorOptions executor;
  executor.jobs = options.jobs;
  executor.max_in_flight = options.max_in_flight;
  executor.stop = interrupt.token();
  executor.timeout_s = options.timeout_s;
  executor.log_of = [&](std::string const& step) -> Log& { return logging.of(step); };

  Progress progress(prepared.pipeline(), count_to_run(plan), options.progress, console, logging,
                    rerun.get(), [&] {
                      if (options.stop_at_first_failure) interrupt.request_stop();
                    });
  RunSummary const summary =
      execute(prepared.pipeline(), plan, instrument, *rerun, progress, executor);
  progress.finish();
  rerun->finish();
  if (!summary.observer_error.empty()) throw DataError(summary.observer_error);

  logging.note(progress.summary(summary));
  if (interrupt.requested_by_signal()) {
    log.warning("interrupted; the same command again finishes the job");
    return exit_interrupted;
  }
  if (progress.failures() > 0 || summary.units_failed > 0) return exit_some_failed;
  log.info("outputs are in " + rerun->directory().string());
  return exit_ok;
}

int run_with(RunOptions const& options) {
  Console console;
  Logging logging(console, options.log_levels, options.log_file);
  Preparation prepared;
  prepare(prepared, options, logging);
  if (!options.show_only() || shows_data(options))
    prepared.candidates = select_units(options, prepared);
  if (shows_data(options) && prepared.candidates.empty())
    logging.of("almagest").warning("no data IDs match");
  for (ShowItem const& item : options.show) show(item, prepared);
  if (options.show_only()) return exit_ok;
  if (options.rerun.name.empty() && options.rerun.output.empty())
    throw ConfigError("say where the outputs go: --rerun NAME or --output DIR");
  if (prepared.candidates.empty()) {
    logging.of("almagest").warning("no data IDs match; nothing to do");
    return exit_ok;
  }
  return run_units(options, prepared, console, logging);
}

int run_or_help(Arguments const& arguments, bool with_pipeline) {
  RunOptions const options = parse_run_options(arguments, with_pipeline);
  if (options.help) {
    fmt::print("{}", run_usage(with_pipeline));
    return exit_ok;
  }
  return run_with(options);
}

}  // namespace

int run_command(Arguments const& arguments) {
  return run_or_help(arguments, true);
}

int process_ccd_command(Arguments const& arguments) {
  return run_or_help(arguments, false);
}

}  // namespace almagest
