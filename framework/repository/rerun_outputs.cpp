#include "repository/rerun_outputs.hpp"

#include <algorithm>

#include "repository/metadata_file.hpp"

namespace almagest {
namespace {

DatasetNaming naming_of(Output const& output, Version const& version, Pipeline const& pipeline,
                        OpenedRepository const& repository, DatasetFinder const& finder) {
  auto naming = finder.declared(output.dataset, version.product_id);
  // What is looked up by date is stored by what its writer says that it is of.
  bool const has_keys = naming && !repository.datasets().at(output.dataset).keys.empty() &&
                        repository.datasets().at(output.dataset).lookup == Lookup::exact;
  if (naming && !has_keys) naming->keys = repository.key_names();
  if (!naming)
    naming = DatasetNaming{
        repository.key_names(),
        PathTemplate::parse(
            DatasetFinder::default_path(output.dataset, version.product_id, repository.plugins()),
            output.where)};
  if (!has_keys && version.writer >= 0)
    if (auto const& per = pipeline.steps[static_cast<std::size_t>(version.writer)].per;
        !per.empty())
      naming->keys = per;
  if (!output.path.empty()) naming->path = PathTemplate::parse(output.path, output.where);
  return *naming;
}

/// The key or registry column that a placeholder means.
std::string column_of(std::string const& name, OpenedRepository const& repository) {
  std::string role = repository.instrument().role(name);
  return role.empty() ? name : role;
}

/// Two data IDs must never have one file.
void check_path(Output const& output, DatasetNaming const& naming,
                OpenedRepository const& repository, Problems& problems) {
  auto const& names = naming.path.names();
  if (std::ranges::find(names, "keys") != names.end()) return;
  for (std::string const& key : naming.keys)
    if (std::ranges::none_of(names, [&](std::string const& name) {
          return column_of(name, repository) == column_of(key, repository);
        }))
      problems.add(output.where, "the path '" + naming.path.text() + "' of output '" +
                                     output.dataset + "' lacks {" + key +
                                     "}: several data IDs would share a file");
}

/// The same for two outputs whose paths differ only in their spelling.
std::string shape_of(std::string const& dataset, DatasetNaming const& naming,
                     OpenedRepository const& repository) {
  return naming.path.shape([&](std::string const& name) {
    if (name == "dataset") return dataset;
    if (name != "keys") return '{' + column_of(name, repository) + '}';
    std::string keys;
    for (std::string const& key : naming.keys)
      keys += (keys.empty() ? "{" : "-{") + column_of(key, repository) + '}';
    return keys.empty() ? std::string("all") : keys;
  });
}

}  // namespace

std::map<std::string, RerunOutput> rerun_outputs(Pipeline const& pipeline,
                                                 OpenedRepository const& repository,
                                                 DatasetFinder const& finder) {
  std::map<std::string, RerunOutput> result;
  std::map<std::string, std::string> owners;  // of paths, by their shape
  bool const own_metadata = std::ranges::find(pipeline.outputs, metadata_type, &Output::dataset) !=
                            pipeline.outputs.end();
  if (auto const metadata = finder.declared(metadata_type, {}); metadata && !own_metadata)
    owners.emplace(shape_of(metadata_type, *metadata, repository), metadata_type);
  Problems problems;
  for (Output const& output : pipeline.outputs) try {
      Version const& version = pipeline.versions.at(static_cast<std::size_t>(output.version));
      DatasetNaming const naming = naming_of(output, version, pipeline, repository, finder);
      check_path(output, naming, repository, problems);
      auto const [owner, fresh] =
          owners.emplace(shape_of(output.dataset, naming, repository), output.dataset);
      if (!fresh)
        problems.add(output.where, "outputs '" + owner->second + "' and '" + output.dataset +
                                       "' have one path: '" + naming.path.text() + "'");
      result.insert_or_assign(
          output.dataset,
          RerunOutput{{output.dataset, version.product_id, naming.keys, naming.path.text(), {}},
                      naming});
    } catch (ProductError const& e) {
      problems.add(output.where, e.what());
    }
  problems.raise();
  return result;
}

}  // namespace almagest
