// Questions to a registry that is only read: read_reruns() and the like of registry.hpp.
#include "repository/registry_statements.hpp"

namespace almagest {

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> result;
  while (!text.empty()) {
    auto const blank = text.find(' ');
    result.emplace_back(text.substr(0, blank));
    text = blank == std::string_view::npos ? std::string_view() : text.substr(blank + 1);
  }
  return result;
}

std::vector<StoredTypeRow> types_of(SQLite::Database& database, std::int64_t rerun) {
  std::vector<StoredTypeRow> result;
  SQLite::Statement query(
      database, "SELECT name, product, keys, path, schema_hash FROM dataset_type WHERE rerun = ?");
  bind_all(query, rerun);
  while (query.executeStep())
    result.push_back({query.getColumn(0).getString(), query.getColumn(1).getString(),
                      words(query.getColumn(2).getString()), query.getColumn(3).getString(),
                      query.getColumn(4).getString()});
  return result;
}

std::optional<std::pair<std::int64_t, std::string>> find_rerun(SQLite::Database& database,
                                                               std::string const& name) {
  SQLite::Statement query(database, "SELECT id, configuration_hash FROM rerun WHERE name = ?");
  bind_all(query, name);
  if (!query.executeStep()) return std::nullopt;
  return std::pair(std::int64_t{query.getColumn(0).getInt64()}, query.getColumn(1).getString());
}

std::vector<RerunRow> read_reruns(ReadConnection const& registry) {
  std::vector<RerunRow> result;
  if (!registry.exists()) return result;
  registry.use([&](SQLite::Database& database) {
    result.clear();
    SQLite::Statement query(database,
                            "SELECT id, name, directory, configuration_hash, (SELECT count(*) FROM "
                            "dataset WHERE dataset.rerun = rerun.id AND removed = 0) FROM rerun "
                            "ORDER BY name");
    while (query.executeStep())
      result.push_back({query.getColumn(0).getInt64(),
                        query.getColumn(1).getString(),
                        query.getColumn(2).getString(),
                        query.getColumn(3).getString(),
                        static_cast<std::size_t>(query.getColumn(4).getInt64()),
                        {}});
    SQLite::Statement quanta(database,
                             "SELECT state, count(*) FROM quantum WHERE rerun = ? GROUP BY state");
    for (RerunRow& rerun : result) {
      quanta.reset();
      bind_all(quanta, rerun.id);
      while (quanta.executeStep())
        rerun.quanta_by_state[quanta.getColumn(0).getString()] =
            static_cast<std::size_t>(quanta.getColumn(1).getInt64());
    }
  });
  return result;
}

std::map<std::string, StoredTypeRow> read_types(ReadConnection const& registry,
                                                std::string const& rerun) {
  std::map<std::string, StoredTypeRow> result;
  if (!registry.exists()) return result;
  registry.use([&](SQLite::Database& database) {
    result.clear();
    if (auto const known = find_rerun(database, rerun))
      for (StoredTypeRow& type : types_of(database, known->first)) {
        std::string const name = type.name;
        result.emplace(name, std::move(type));
      }
  });
  return result;
}

std::vector<DataId> read_data_ids(ReadConnection const& registry, std::string const& rerun,
                                  std::string const& type) {
  std::vector<DataId> result;
  if (!registry.exists()) return result;
  registry.use([&](SQLite::Database& database) {
    result.clear();
    SQLite::Statement query(
        database,
        "SELECT dataset.id, j.key, j.value, j.type FROM rerun JOIN dataset ON rerun = rerun.id, "
        "json_each(data_id) AS j WHERE name = ? AND dataset.type = ? AND removed = 0 "
        "ORDER BY dataset.id, j.id");
    bind_all(query, rerun, type);
    std::int64_t last = 0;  // row numbers begin with 1
    while (query.executeStep()) {
      if (std::int64_t const id = query.getColumn(0).getInt64(); id != last) {
        result.emplace_back();
        last = id;
      }
      std::string const json_type = query.getColumn(3).getString();
      Value value = json_type == "integer" ? Value(std::int64_t{query.getColumn(2).getInt64()})
                    : json_type == "real"  ? Value(query.getColumn(2).getDouble())
                    : json_type == "true"  ? Value(true)
                    : json_type == "false" ? Value(false)
                                           : Value(query.getColumn(2).getString());
      result.back().set(query.getColumn(1).getString(), std::move(value));
    }
  });
  return result;
}

}  // namespace almagest
