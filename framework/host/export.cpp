#include <fmt/format.h>

#include <algorithm>

#include "almagest/error.hpp"
#include "almagest/text.hpp"
#include "host/catalog_export.hpp"
#include "host/command.hpp"
#include "host/command_line.hpp"
#include "host/environment.hpp"
#include "repository/atomic_file.hpp"
#include "repository/repository.hpp"

namespace almagest {

namespace {

std::vector<FrameCatalog> read_catalogs(Repository const& repository, std::string const& dataset,
                                        IdSelection const& ids, std::string const& rerun) {
  std::string const product_id(ProductTraits<SourceCatalog>::id);
  auto const type = repository.datasets().find(dataset);
  if (type != repository.datasets().end() && type->second.product_id != product_id)
    throw ConfigError("'" + dataset + "' is no catalogue of sources");
  std::unique_ptr<ProductStore> const stored = repository.stored(rerun);
  std::vector<FrameCatalog> frames;
  auto const candidates = repository.select(dataset, ids, {}, rerun);
  // Without a rerun these are all frames. One file that is missing among others is an error.
  if (std::ranges::none_of(candidates, [&](UnitCandidate const& candidate) {
        return stored->unit(candidate.id)->exists(dataset);
      }))
    return {};
  for (UnitCandidate const& candidate : candidates) {
    AnyProduct const product = stored->load(dataset, product_id, candidate.id, std::nullopt);
    frames.push_back({candidate.id, product.get<SourceCatalog>()});
  }
  return frames;
}

bool has_radians(Schema const& schema) {
  return std::ranges::any_of(schema.columns(),
                             [](Column const& column) { return column.unit == "rad"; });
}

/// What `--rerun` could have said, or "".
std::string reruns_hint(Repository const& repository) {
  std::string names;
  for (RerunInfo const& rerun : repository.reruns())
    if (!rerun.name.empty()) names += " --rerun " + rerun.name;
  return names.empty() ? names : "; it has" + names;
}

}  // namespace

int export_command(Arguments const& arguments) {
  CommandLine const line(
      arguments, "almagest export REPO [DATASET] -o FILE [options]", 2, [](auto add) {
        namespace po = boost::program_options;
        // clang-format off
    add("out,o", po::value<std::string>()->value_name("FILE"), ".txt: the columns of the stack's demo; .csv and .fits: all columns")
       ("rerun", po::value<std::string>()->value_name("NAME"), "the rerun to read; a repository made by --output needs none")
       ("id", po::value<Arguments>()->multitoken()->zero_tokens()->value_name("KEY=VALUE ..."), "only these data IDs");
        // clang-format on
      });
  if (line.help_printed()) return exit_ok;
  std::filesystem::path const out = line.value("out").value_or("");
  std::string const ending = out.extension().string();
  if (ending != ".txt" && ending != ".csv" && ending != ".fits")
    throw ConfigError("give -o FILE with the ending .txt, .csv or .fits" +
                      (out.empty() ? std::string() : "; got '" + out.string() + "'"));
  std::string const dataset = line.words().size() > 1 ? line.word(1) : "src";
  IdSelection ids;
  for (GivenOption const& option : line.all("id"))
    ids.groups.push_back(IdSelection::parse_group(option.values));
  if (ids.groups.empty()) ids.groups.emplace_back();

  PluginRegistry plugins;
  load_plugins(plugins, line.plugin_path());
  std::shared_ptr<Repository const> const repository = Repository::open(line.word(0), plugins, {});
  std::vector<FrameCatalog> frames =
      read_catalogs(*repository, dataset, ids, line.value("rerun").value_or(""));
  if (frames.empty())
    throw NotFoundError("no '" + dataset + "' is stored in " + line.word(0) +
                        (line.has("rerun") ? "" : reruns_hint(*repository)));
  sort_by_band(frames, repository->instrument());

  if (ending == ".txt") {
    write_atomically(out, stack_demo_text(frames));
  } else {
    SourceCatalog const joined = joined_catalog(frames, repository->instrument());
    if (ending == ".csv") {
      write_atomically(out, csv_text(joined));
    } else {
      Formatter const* const formatter = plugins.formatter(ProductTraits<SourceCatalog>::id);
      AnyProduct const product = AnyProduct::make(joined);
      write_atomically(out, [&](std::filesystem::path const& temporary) {
        formatter->write(product, temporary, {});
      });
    }
  }
  std::size_t rows = 0;
  for (FrameCatalog const& frame : frames) rows += frame.catalog.size();
  // A CSV file has no place for units.
  bool const unsaid = ending == ".csv" && has_radians(frames.front().catalog.schema());
  fmt::print("{} of {} in {}{}\n", counted(rows, "row"), counted(frames.size(), "frame"),
             out.string(), unsaid ? "; angles in radians" : "");
  return exit_ok;
}

}  // namespace almagest
