#include "repository/opened_repository.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "repository/atomic_file.hpp"
#include "repository/dataset_finder.hpp"
#include "repository/id_matcher.hpp"
#include "repository/reference_catalogs.hpp"
#include "repository/stored_products.hpp"

namespace almagest {
namespace {

namespace fs = std::filesystem;

constexpr char const* role_names[] = {"exposure", "visit", "detector", "band"};

void append_new(std::vector<std::string>& list, std::string const& name) {
  if (!name.empty() && std::ranges::find(list, name) == list.end()) list.push_back(name);
}

/// A registry's value as the key's type; Gen2 registries keep some numbers as text.
Value typed(DataIdKey const& key, Value const& value, fs::path const& root) {
  bool const is_text = std::holds_alternative<std::string>(value);
  if (key.type == DataIdKey::Type::text) return is_text ? value : Value(to_string(value));
  if (std::holds_alternative<std::int64_t>(value)) return value;
  std::string const text = to_string(value);
  std::int64_t number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    throw DataError(fmt::format("{}: the registry holds {}='{}', which is no integer",
                                root.string(), key.name, text));
  return number;
}

}  // namespace

// ---- opening ----------------------------------------------------------------------------------

OpenedRepository::OpenedRepository(fs::path root, PluginRegistry const& plugins,
                                   fs::path const& calibrations)
    : root_(fs::absolute(root).lexically_normal()), plugins_(plugins) {
  if (!root_.has_filename()) root_ = root_.parent_path();  // "input/"
  if (!fs::is_directory(root_))
    throw ConfigError("there is no repository " + root_.string() + ": no such directory");
  if (fs::exists(root_ / repository_file_name))
    open_own(calibrations);
  else if (fs::exists(root_ / "_mapper"))
    open_gen2();
  else
    throw ConfigError(root_.string() + " is no repository: it has neither " + repository_file_name +
                      " nor _mapper (almagest create makes one)");
  // A directory that is given is that of the oldest repository, and the only one.
  if (!calibrations.empty() && !parent_)
    calibrations_ = CalibrationIndex::of_directory(calibrations);
  else if (calibrations.empty() && !is_rerun())
    calibrations_ = CalibrationIndex::of_repository(root_);
}

OpenedRepository::~OpenedRepository() = default;

void OpenedRepository::open_gen2() {
  package_ =
      std::make_shared<ObsPackage>(load_obs_package_for_mapper(gen2_mapper(root_), plugins_));
  frames_ =
      std::make_unique<FrameTable>(root_ / registry_file_name, true, package_->gen2_raw_table);
  registry_ = std::make_unique<ReadConnection>(root_ / gen2_rerun_file_name, false);
  datasets_ = package_->datasets;
  add_reference_catalogs(root_, datasets_);
}

void OpenedRepository::open_own(fs::path const& calibrations) {
  RepositoryFile const file = read_repository_file(root_);
  if (file.parent.empty()) {
    package_ = std::make_shared<ObsPackage>(load_obs_package(file.instrument, plugins_));
    frames_ = std::make_unique<FrameTable>(root_ / registry_file_name, false, "raw");
    registry_ = std::make_unique<ReadConnection>(root_ / registry_file_name, false);
    datasets_ = package_->datasets;
    add_reference_catalogs(root_, datasets_);
    return;
  }
  if (!fs::is_directory(file.parent))
    throw ConfigError(fmt::format("{}: its parent {} does not exist",
                                  (root_ / repository_file_name).string(), file.parent.string()));
  parent_ = std::make_shared<OpenedRepository>(file.parent, plugins_, calibrations);
  package_ = parent_->package_;
  if (file.instrument != instrument().name())
    throw ConfigError(fmt::format("{}: instrument '{}', but its parent {} is of '{}'",
                                  (root_ / repository_file_name).string(), file.instrument,
                                  file.parent.string(), instrument().name()));
  own_rerun_ = file.rerun;
  registry_ = std::make_unique<ReadConnection>(
      file.rerun.empty() ? root_ / registry_file_name : parent_->registry_->path(), false);
  datasets_ = parent_->datasets_;
  for (auto const& [name, type] : read_types(*registry_, *own_rerun_))
    datasets_.try_emplace(name, DatasetType{name,
                                            type.product_id,
                                            type.keys,
                                            type.path,
                                            Lookup::exact,
                                            "Stored in " + root_.string(),
                                            {}});
  add_reference_catalogs(root_, datasets_);
}

FrameTable const& OpenedRepository::frames() const {
  return parent_ ? parent_->frames() : *frames_;
}

// ---- names and values -------------------------------------------------------------------------

std::vector<std::string> OpenedRepository::key_names() const {
  std::vector<std::string> names;
  for (DataIdKey const& key : instrument().keys()) names.push_back(key.name);
  return names;
}

std::vector<std::string> OpenedRepository::column_names() const {
  std::vector<std::string> names = key_names();
  for (char const* role : role_names)
    if (!instrument().role(role).empty()) append_new(names, role);
  for (FrameTable::Column const& column : frames().columns()) append_new(names, column.name);
  return names;
}

std::optional<Value> OpenedRepository::value(DataId const& id, std::string const& name) const {
  auto const known = [&](std::string const& key) -> Value const* {
    if (Value const* value = id.find(key)) return value;
    for (char const* role : role_names)  // a group's ID may name a key by its role
      if (instrument().role(role) == key)
        if (Value const* value = id.find(role)) return value;
    return nullptr;
  };
  std::string const role = instrument().role(name);
  std::string const& column = role.empty() ? name : role;
  if (Value const* value = known(column)) return *value;
  if (Value const* value = id.find(name)) return *value;
  if (!frames().find(column)) return std::nullopt;
  std::vector<std::pair<std::string, Value>> where;
  for (FrameTable::Column const& given : frames().columns())
    if (Value const* value = known(given.name)) where.emplace_back(given.name, *value);
  std::vector<Value> const values = frames().values(column, where);
  return values.size() == 1 ? std::optional(values.front()) : std::nullopt;
}

DataId OpenedRepository::project(DataId const& id, std::vector<std::string> const& keys) const {
  DataId result;
  for (std::string const& key : keys) {
    Value const* given = id.find(key);
    std::optional<Value> const found = given ? std::optional(*given) : value(id, key);
    if (!found) throw DataError(fmt::format("data ID '{}' does not tell '{}'", id.str(), key));
    result.set(key, *found);
  }
  return result;
}

// ---- selecting --------------------------------------------------------------------------------

void OpenedRepository::add_roles(UnitCandidate& candidate) const {
  for (char const* role : role_names) {
    auto const found = candidate.columns.find(instrument().role(role));
    if (found != candidate.columns.end()) candidate.columns.emplace(role, found->second);
  }
}

std::vector<UnitCandidate> OpenedRepository::frame_candidates() const {
  FrameTable const& table = frames();
  std::vector<std::size_t> places;
  for (DataIdKey const& key : instrument().keys()) {
    auto const place = table.find(key.name);
    if (!place)
      throw ConfigError(fmt::format("{}: the registry's table of raw frames has no column '{}'",
                                    root_.string(), key.name));
    places.push_back(*place);
  }
  std::vector<UnitCandidate> result;
  for (FrameTable::Row const& row : table.rows()) {
    UnitCandidate& candidate = result.emplace_back();
    for (std::size_t i = 0; i < row.size(); ++i)
      if (row[i]) candidate.columns.emplace(table.columns()[i].name, *row[i]);
    for (std::size_t i = 0; i < places.size(); ++i) {
      DataIdKey const& key = instrument().keys()[i];
      if (!row[places[i]])
        throw DataError(fmt::format("{}: the registry holds a raw frame without '{}'",
                                    root_.string(), key.name));
      Value const value = typed(key, *row[places[i]], root_);
      candidate.id.set(key.name, value);
      candidate.columns[key.name] = value;
    }
    add_roles(candidate);
  }
  return result;
}

std::vector<UnitCandidate> OpenedRepository::stored_candidates(std::string const& rerun,
                                                               std::string const& dataset) const {
  std::vector<UnitCandidate> result;
  for (DataId& id : read_data_ids(registry(), rerun, dataset)) {
    UnitCandidate& candidate = result.emplace_back();
    candidate.id = std::move(id);
    for (auto const& [key, value] : candidate.id.items()) candidate.columns.emplace(key, value);
    add_roles(candidate);
  }
  if (result.empty()) return result;
  // Registry columns of full data IDs come from the raw frames.
  std::map<DataId, UnitCandidate> frames_by_id;
  for (UnitCandidate& frame : frame_candidates()) {
    DataId const id = frame.id;
    frames_by_id.emplace(id, std::move(frame));
  }
  for (UnitCandidate& candidate : result)
    if (auto const frame = frames_by_id.find(candidate.id); frame != frames_by_id.end())
      candidate.columns.insert(frame->second.columns.begin(), frame->second.columns.end());
  return result;
}

std::vector<UnitCandidate> OpenedRepository::grouped(std::vector<UnitCandidate> candidates,
                                                     std::vector<std::string> const& keys) const {
  std::map<DataId, UnitCandidate> groups;
  for (UnitCandidate& candidate : candidates) {
    DataId const id = project(candidate.id, keys);
    auto const [group, fresh] = groups.try_emplace(id);
    if (fresh) {
      group->second = std::move(candidate);
      group->second.id = id;
    } else {  // a column has a value for the group when all its members agree
      std::erase_if(group->second.columns, [&](auto const& column) {
        auto const other = candidate.columns.find(column.first);
        return other == candidate.columns.end() || other->second != column.second;
      });
    }
  }
  std::vector<UnitCandidate> result;
  for (auto& [id, group] : groups) result.push_back(std::move(group));
  return result;
}

std::vector<UnitCandidate> OpenedRepository::select(
    std::string const& dataset, IdSelection const& ids,
    std::vector<Expression const*> const& conditions, std::string const& rerun) const {
  std::vector<std::string> const names = column_names();
  IdMatcher const matcher(
      ids,
      [&](std::string const& name) -> std::optional<FrameTable::Type> {
        std::string const role = instrument().role(name);
        std::string const& column = role.empty() ? name : role;
        for (DataIdKey const& key : instrument().keys())
          if (key.name == column)
            return key.type == DataIdKey::Type::integer ? FrameTable::Type::integer
                                                        : FrameTable::Type::text;
        if (auto const place = frames().find(column)) return frames().columns()[*place].type;
        return std::nullopt;
      },
      names);
  for (Expression const* condition : conditions)
    for (std::string const& name : condition->names())
      if (std::ranges::find(names, name) == names.end())
        throw ConfigError(fmt::format(
            "'{}' names '{}', which is no key, role or registry column{} "
            "(known: {})",
            condition->text(), name, nearest_name_hint(name, names), fmt::join(names, ", ")));

  std::vector<UnitCandidate> candidates;
  bool from_frames = false;
  if (!rerun.empty()) {
    auto const all = read_reruns(registry());
    if (is_rerun() || std::ranges::find(all, rerun, &RerunRow::name) == all.end())
      throw ConfigError(
          fmt::format("{} has no rerun '{}'{}", root_.string(), rerun, known_reruns()));
    candidates = stored_candidates(rerun, dataset);
  } else {
    if (own_rerun_) candidates = stored_candidates(*own_rerun_, dataset);
    from_frames = candidates.empty();
    if (from_frames) candidates = frame_candidates();
  }
  if (from_frames) {
    auto const type = datasets().find(dataset);
    if (type == datasets().end()) {
      std::vector<std::string> known;
      for (auto const& [name, declared] : datasets()) known.push_back(name);
      throw ConfigError(fmt::format("no dataset type '{}'{} (known: {})", dataset,
                                    nearest_name_hint(dataset, known), fmt::join(known, ", ")));
    }
    std::vector<std::string> const& keys = type->second.keys;
    // Which calibration holds depends on the frame.
    if (type->second.lookup != Lookup::validity && !keys.empty() &&
        !std::ranges::is_permutation(keys, key_names()))
      candidates = grouped(std::move(candidates), keys);
  }

  std::erase_if(candidates, [&](UnitCandidate const& candidate) {
    if (!matcher.matches(candidate)) return true;
    Scope scope;
    scope.lookup = [&](std::string_view name) -> std::optional<Value> {
      auto const found = candidate.columns.find(std::string(name));
      return found == candidate.columns.end() ? std::nullopt : std::optional(found->second);
    };
    scope.index = [&](std::string_view name, Value const& value) -> std::optional<std::int64_t> {
      std::string const role = instrument().role(name);
      auto const& keys = instrument().keys();
      auto const key =
          std::ranges::find(keys, role.empty() ? std::string(name) : role, &DataIdKey::name);
      if (key == keys.end()) return std::nullopt;
      auto const place = std::ranges::find(key->values, to_string(value));
      if (place == key->values.end()) return std::nullopt;
      return place - key->values.begin();
    };
    try {
      return !std::ranges::all_of(
          conditions, [&](Expression const* condition) { return condition->test(scope); });
    } catch (DataError const& e) {  // the condition is wrong, not the data
      throw ConfigError(candidate.id.str() + ": " + e.what());
    }
  });
  std::ranges::sort(candidates, [&](UnitCandidate const& a, UnitCandidate const& b) {
    return instrument().id_less(a.id, b.id);
  });
  return candidates;
}

// ---- reruns -----------------------------------------------------------------------------------

std::vector<RerunInfo> OpenedRepository::reruns() const {
  std::vector<RerunInfo> result;
  for (RerunRow& row : read_reruns(registry())) {
    if (is_rerun() && row.name != *own_rerun_) continue;
    fs::path const beside = registry().path().parent_path();
    result.push_back({row.name, row.directory == "." ? beside : beside / row.directory,
                      row.configuration_hash, row.datasets, std::move(row.quanta_by_state)});
  }
  return result;
}

std::string OpenedRepository::known_reruns() const {
  std::vector<std::string> names;
  for (RerunInfo const& rerun : reruns())
    if (!rerun.name.empty()) names.push_back(rerun.name);
  return names.empty() ? std::string() : fmt::format("; it has {}", fmt::join(names, ", "));
}

std::unique_ptr<ProductStore> OpenedRepository::stored(std::string const& rerun) const {
  if (rerun.empty()) return std::make_unique<StoredProducts>(DatasetFinder(*this, {}, {}));
  for (RerunInfo const& known : reruns())
    if (known.name == rerun && !is_rerun())
      return std::make_unique<StoredProducts>(
          DatasetFinder(*this, known.directory, read_types(registry(), rerun)));
  throw ConfigError(fmt::format("{} has no rerun '{}'{}", root_.string(), rerun, known_reruns()));
}

OpenedRepository const& opened(Repository const& repository) {
  auto const* result = dynamic_cast<OpenedRepository const*>(&repository);
  if (!result) throw ConfigError("a rerun needs a repository that was opened from its files");
  return *result;
}

}  // namespace almagest
