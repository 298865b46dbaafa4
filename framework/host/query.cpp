#include <fmt/format.h>

#include "almagest/error.hpp"
#include "host/command.hpp"
#include "host/command_line.hpp"
#include "host/environment.hpp"
#include "repository/repository.hpp"

namespace almagest {

namespace {

char const* lookup_name(Lookup lookup) {
  switch (lookup) {
    case Lookup::exact:
      return "exact";
    case Lookup::validity:
      return "validity";
    case Lookup::sky:
      return "sky";
    case Lookup::instrument:
      return "instrument";
  }
  return "";
}

void print_types(Repository const& repository) {
  for (auto const& [name, type] : repository.datasets()) {
    std::string keys;
    for (std::string const& key : type.keys) keys += (keys.empty() ? "" : ",") + key;
    fmt::print("{:<20} {:<28} {:<10} {:<24} {}\n", name,
               type.product_id.empty() ? "-" : type.product_id, lookup_name(type.lookup),
               keys.empty() ? "-" : keys, type.doc);
  }
}

void print_reruns(Repository const& repository) {
  for (RerunInfo const& rerun : repository.reruns()) {
    std::string states;
    for (auto const& [state, count] : rerun.quanta_by_state)
      states += fmt::format(" {}={}", state, count);
    fmt::print("{:<20} {} datasets, quanta:{}; configuration {:.12}; {}\n",
               rerun.name.empty() ? "(this repository)" : rerun.name, rerun.datasets,
               states.empty() ? " none" : states, rerun.configuration_hash,
               rerun.directory.string());
  }
}

}  // namespace

int query_command(Arguments const& arguments) {
  CommandLine const line(arguments, "almagest query REPO [options]", 1, [](auto add) {
    namespace po = boost::program_options;
    // clang-format off
    add("dataset", po::value<std::string>()->value_name("NAME"), "list the data IDs for which this dataset type is stored (raw: all)")
       ("types", "list the dataset types instead")
       ("reruns", "list the reruns instead")
       ("rerun", po::value<std::string>()->value_name("NAME"), "look at what this rerun stored")
       ("id", po::value<Arguments>()->multitoken()->zero_tokens()->value_name("KEY=VALUE ..."), "only these data IDs")
       ("where", po::value<std::string>()->value_name("EXPR"), "only data IDs for which this holds");
    // clang-format on
  });
  if (line.help_printed()) return exit_ok;
  IdSelection ids;
  for (GivenOption const& option : line.all("id"))
    ids.groups.push_back(IdSelection::parse_group(option.values));
  if (ids.groups.empty()) ids.groups.emplace_back();
  std::vector<Expression> where;
  for (GivenOption const& option : line.all("where"))
    where.push_back(Expression::parse(option.values.at(0), {"--where", 0, 0}));

  PluginRegistry plugins;
  load_plugins(plugins, line.plugin_path());
  std::shared_ptr<Repository const> const repository = Repository::open(line.word(0), plugins, {});
  if (line.has("types")) print_types(*repository);
  if (line.has("reruns")) print_reruns(*repository);
  if (line.has("types") || line.has("reruns")) return exit_ok;
  std::vector<Expression const*> conditions;
  for (Expression const& expression : where) conditions.push_back(&expression);
  std::string const rerun = line.value("rerun").value_or("");
  std::optional<std::string> const dataset = line.value("dataset");
  std::unique_ptr<ProductStore> const stored = repository->stored(rerun);
  for (UnitCandidate const& candidate :
       repository->select(dataset.value_or("raw"), ids, conditions, rerun))
    if (!dataset || *dataset == "raw" || stored->unit(candidate.id)->exists(*dataset))
      fmt::print("{}\n", candidate.id.str());
  return exit_ok;
}

}  // namespace almagest
