// Who gets a rerun, and who works on it: claim() and release() of registry.hpp.
#include <SQLiteCpp/Transaction.h>
#include <fmt/format.h>
#include <unistd.h>

#include <set>

#include "repository/atomic_file.hpp"
#include "repository/registry_statements.hpp"

namespace almagest {
namespace {

namespace fs = std::filesystem;

std::string joined(std::vector<std::string> const& list) {
  std::string result;
  for (std::string const& word : list) result += (result.empty() ? "" : " ") + word;
  return result;
}

// ---- processes --------------------------------------------------------------------------------

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

/// When a process was started, in ticks since the machine's (proc(5), field 22 of stat); "" when it
/// does not exist.
std::string start_of(int pid) {
  std::string const stat = file_text(fmt::format("/proc/{}/stat", pid));
  auto const name_end = stat.rfind(')');  // the name itself may hold blanks and parentheses
  if (name_end == std::string::npos) return {};
  std::vector<std::string> const fields = words(std::string_view(stat).substr(name_end + 2));
  constexpr std::size_t start_after_name = 19;
  return fields.size() > start_after_name ? fields[start_after_name] : std::string();
}

/// Removes the entries of processes of this machine that are gone.
bool remove_dead_processes(SQLite::Database& database, std::int64_t rerun) {
  std::vector<std::pair<int, std::string>> dead;
  SQLite::Statement query(database,
                          "SELECT pid, started FROM process WHERE rerun = ? AND host = ?");
  bind_all(query, rerun, host_name());
  while (query.executeStep())
    if (int const pid = query.getColumn(0).getInt();
        start_of(pid) != query.getColumn(1).getString())
      dead.emplace_back(pid, query.getColumn(1).getString());
  query.reset();
  SQLite::Statement remove(
      database, "DELETE FROM process WHERE rerun = ? AND host = ? AND pid = ? AND started = ?");
  for (auto const& [pid, started] : dead) execute(remove, rerun, host_name(), pid, started);
  return !dead.empty();
}

// ---- claim ------------------------------------------------------------------------------------

std::string shown(std::map<std::string, std::string> const& configuration, std::string const& key) {
  auto const found = configuration.find(key);
  return found == configuration.end() ? "nothing" : found->second;
}

[[noreturn]] void refuse(SQLite::Database& database, std::int64_t rerun,
                         ClaimRequest const& request) {
  std::map<std::string, std::string> stored;
  SQLite::Statement query(database, "SELECT key, value FROM configuration WHERE rerun = ?");
  bind_all(query, rerun);
  while (query.executeStep())
    stored.emplace(query.getColumn(0).getString(), query.getColumn(1).getString());
  std::set<std::string> keys;
  for (auto const& [key, value] : stored) keys.insert(key);
  for (auto const& [key, value] : request.configuration) keys.insert(key);
  std::string text = request.directory.string() + " holds outputs of another configuration:\n";
  for (std::string const& key : keys)
    if (std::string const was = shown(stored, key), is = shown(request.configuration, key);
        was != is)
      text += fmt::format("  {}: stored {}, now {}\n", key, was, is);
  throw ConfigError(text + "use another rerun, or --clobber-config to replace the configuration");
}

std::vector<std::string> forget_outputs(SQLite::Database& database, std::int64_t rerun) {
  std::vector<std::string> paths;
  SQLite::Statement query(database, "SELECT path FROM dataset WHERE rerun = ?");
  bind_all(query, rerun);
  while (query.executeStep()) paths.push_back(query.getColumn(0).getString());
  query.reset();
  for (char const* table : {"dataset", "quantum", "dataset_type"}) {
    SQLite::Statement remove(database, fmt::format("DELETE FROM {} WHERE rerun = ?", table));
    execute(remove, rerun);
  }
  return paths;
}

void store_configuration(SQLite::Database& database, std::int64_t rerun,
                         ClaimRequest const& request) {
  SQLite::Statement clear(database, "DELETE FROM configuration WHERE rerun = ?");
  execute(clear, rerun);
  SQLite::Statement insert(database, "INSERT INTO configuration VALUES (?, ?, ?)");
  for (auto const& [key, value] : request.configuration) execute(insert, rerun, key, value);
  SQLite::Statement update(database, "UPDATE rerun SET configuration_hash = ? WHERE id = ?");
  execute(update, request.configuration_hash, rerun);
}

Claim claim_in_transaction(SQLite::Database& database, fs::path const& registry,
                           ClaimRequest const& request) {
  Claim claim;
  auto const known = find_rerun(database, request.name);
  if (known) {
    claim.rerun = known->first;
    bool const differs = known->second != request.configuration_hash;
    if (differs && !request.replace_configuration && !request.forget_outputs)
      refuse(database, claim.rerun, request);
    if (request.forget_outputs) claim.forgotten_paths = forget_outputs(database, claim.rerun);
    claim.configuration_is_new = differs;
  } else {
    SQLite::Statement insert(
        database, "INSERT INTO rerun (name, directory, configuration_hash) VALUES (?, ?, '')");
    execute(insert, request.name,
            request.directory.lexically_relative(registry.parent_path()).string());
    claim.rerun = database.getLastInsertRowid();
    claim.configuration_is_new = true;
  }
  if (claim.configuration_is_new) store_configuration(database, claim.rerun, request);
  // A pipeline of which only some steps run stores fewer types: what is there stays.
  SQLite::Statement upsert(database,
                           "INSERT INTO dataset_type VALUES (?, ?, ?, ?, ?, '') ON CONFLICT DO "
                           "UPDATE SET product = excluded.product, keys = excluded.keys, "
                           "path = excluded.path");
  for (StoredTypeRow const& type : request.types)
    execute(upsert, claim.rerun, type.name, type.product_id, joined(type.keys), type.path);
  claim.types = types_of(database, claim.rerun);
  claim.was_interrupted = remove_dead_processes(database, claim.rerun);
  SQLite::Statement enter(database, "INSERT OR IGNORE INTO process VALUES (?, ?, ?, ?)");
  execute(enter, claim.rerun, host_name(), static_cast<int>(::getpid()), start_of(::getpid()));
  return claim;
}

}  // namespace

Claim Registry::claim(ClaimRequest const& request) {
  std::scoped_lock const lock(mutex_);
  return while_busy(path_, [&] {
    SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
    Claim claim = claim_in_transaction(*database_, path_, request);
    transaction.commit();
    return claim;
  });
}

void Registry::release(std::int64_t rerun) {
  std::scoped_lock const lock(mutex_);
  while_busy(path_, [&] {
    SQLite::Statement remove(
        *database_, "DELETE FROM process WHERE rerun = ? AND host = ? AND pid = ? AND started = ?");
    execute(remove, rerun, host_name(), static_cast<int>(::getpid()), start_of(::getpid()));
  });
}

}  // namespace almagest
