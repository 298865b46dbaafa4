#include "repository/schema_files.hpp"

#include "almagest/source_catalog.hpp"
#include "repository/atomic_file.hpp"
#include "repository/checksum.hpp"
#include "repository/dataset_finder.hpp"
#include "repository/opened_repository.hpp"
#include "repository/rerun_place.hpp"

namespace almagest {

namespace fs = std::filesystem;

fs::path schema_directory(fs::path const& rerun) {
  return rerun / "schema";
}

fs::path schema_file(fs::path const& rerun, std::string const& dataset) {
  return schema_directory(rerun) / (dataset + ".fits");
}

void write_schema_file(fs::path const& path, Schema const& schema, Formatter const& formatter) {
  AnyProduct const empty = AnyProduct::make(SourceCatalog(schema));
  write_atomically(path, [&](fs::path const& temporary) {
    formatter.write(empty, temporary, {{}, ConfigValue()});
  });
}

std::string schema_hash(Schema const& schema) {
  std::string text;
  for (Column const& column : schema.columns())
    text +=
        column.name + '\0' + to_string(column.type) + '\0' + column.unit + '\0' + column.doc + '\n';
  return text_hash(text);
}

std::unique_ptr<Schema> stored_schema(Repository const& repository, RerunRequest const& request,
                                      std::string const& dataset) {
  OpenedRepository const& known = opened(repository);
  std::vector<fs::path> directories;
  if (!request.name.empty() || !request.output.empty())
    directories.push_back(rerun_place(known, request).directory);
  for (OpenedRepository const* level = &known; level; level = level->parent())
    directories.push_back(level->root());
  constexpr auto catalog = ProductTraits<SourceCatalog>::id;
  Formatter const* formatter = known.plugins().formatter(catalog);
  for (fs::path const& directory : directories) {
    fs::path const path = schema_file(directory, dataset);
    if (!formatter || !file_exists(path)) continue;
    return std::make_unique<Schema>(formatter->read(path, {}).get<SourceCatalog>().schema());
  }
  return nullptr;
}

}  // namespace almagest
