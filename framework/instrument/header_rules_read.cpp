#include <algorithm>

#include "instrument/header_rule_reader.hpp"
#include "instrument/header_rules_data.hpp"

namespace almagest {
namespace {

HeaderRules::Data::Match read_match(ConfigValue const& value, Problems& problems) {
  HeaderRules::Data::Match match;
  if (!value.is_table() || value.table().empty()) {
    problems.add(value.where, "'match' wants tables of patterns: { INSTRUME = \"FOO\" }");
    return match;
  }
  for (auto const& [card, pattern] : value.table())
    if (auto regex = read_regex(pattern, problems, true))
      match.emplace_back(card, *std::move(regex));
  return match;
}

void read_camera_table(ConfigValue const& camera, HeaderRules::Data& data, Problems& problems) {
  if (ConfigValue const* name = camera.find("name"); name && name->is_string())
    data.camera = name->string();
  if (ConfigValue const* list = camera.find("match")) {
    if (list->is_array())
      for (ConfigValue const& entry : list->array())
        data.matches.push_back(read_match(entry, problems));
    else
      data.matches.push_back(read_match(*list, problems));
  }
  if (ConfigValue const* list = camera.find("header_hdus")) {
    bool sound = list->is_array() && !list->array().empty();
    for (ConfigValue const& entry : sound ? list->array() : ConfigValue::Array{}) {
      auto const* hdu = std::get_if<std::int64_t>(&entry.data);
      sound = sound && hdu && *hdu >= 0 && *hdu < 10000;
      if (sound) data.hdus.push_back(static_cast<std::size_t>(*hdu));
    }
    if (!sound) problems.add(list->where, "'header_hdus' wants a list of HDU numbers from 0");
  }
}

/// The names that are no property, and the properties that need themselves.
class Connections {
 public:
  Connections(HeaderRules::Data const& data, Problems& problems)
      : data_(data), problems_(problems), state_(data.properties.size()) {
    for (auto const& [name, rule] : data.properties) known_.push_back(name);
  }

  void check() {
    for (std::size_t i = 0; i < data_.properties.size(); ++i) visit(i);
    for (HeaderFix const& fix : data_.fixes) check_fix(fix);
  }

 private:
  enum class State : char { unseen, open, done };

  void need(std::string const& name, Where const& where) {
    if (is_property(name) && data_.find(name) < 0)
      problems_.add(where,
                    "'" + name + "' is no property of [header]" + nearest_name_hint(name, known_));
  }

  void visit(std::size_t i) {
    if (state_[i] != State::unseen) return;
    state_[i] = State::open;
    auto const& [name, rule] = data_.properties[i];
    for (std::string const& needed : rule.needed) {
      need(needed, rule.where);
      int const next = data_.find(needed);
      if (next < 0) continue;
      if (state_[static_cast<std::size_t>(next)] == State::open)
        problems_.add(rule.where,
                      "property '" + name + "' needs '" + needed + "', which needs it in turn");
      else
        visit(static_cast<std::size_t>(next));
    }
    state_[i] = State::done;
  }

  void check_fix(HeaderFix const& fix) {
    auto const expression = [&](Expression const& e) {
      for (std::string const& name : e.names()) need(name, fix.where);
    };
    auto const assignments = [&](std::vector<HeaderFix::Assignment> const& list) {
      for (auto const& [name, value] : list) {
        need(name, fix.where);
        if (auto const* e = std::get_if<Expression>(&value)) expression(*e);
      }
    };
    if (fix.gate) expression(*fix.gate);
    if (fix.file)
      for (std::string const& name : fix.file->names()) need(name, fix.where);
    assignments(fix.assignments);
    for (auto const& [file, list] : fix.files) assignments(list);
  }

  HeaderRules::Data const& data_;
  Problems& problems_;
  std::vector<State> state_;
  std::vector<std::string> known_;
};

void read_properties(ConfigValue const& header, HeaderRules::Data& data, Problems& problems) {
  constexpr std::size_t most = 1000;  // properties need each other: a bound on the recursion
  if (!header.is_table() || header.table().size() > most) {
    problems.add(header.where, "[header] wants a table of at most 1000 properties");
    return;
  }
  for (auto const& [name, value] : header.table()) {
    if (!is_property(name))
      problems.add(value.key_where, "'" + name +
                                        "': a property has small letters; a name in "
                                        "capitals is a card");
    data.properties.emplace_back(name,
                                 read_header_rule(value, "property '" + name + "'", problems));
  }
}

}  // namespace

int HeaderRules::Data::find(std::string_view property) const noexcept {
  auto const found =
      std::ranges::lower_bound(properties, property, std::less<>(),
                               [](auto const& entry) -> std::string_view { return entry.first; });
  return found != properties.end() && found->first == property
             ? static_cast<int>(found - properties.begin())
             : -1;
}

HeaderRules HeaderRules::read(ConfigValue const& document, std::span<DataIdKey const> keys,
                              Problems& problems) {
  auto data = std::make_shared<Data>();
  if (ConfigValue const* camera = document.find("camera"))
    read_camera_table(*camera, *data, problems);
  ConfigValue const* const header = document.find("header");
  if (header) {
    read_properties(*header, *data, problems);
    data->keys.assign(keys.begin(), keys.end());
    for (DataIdKey const& key : keys)
      if (data->find(key.name) < 0)
        problems.add(header->where,
                     "[header] does not give '" + key.name + "', which is a key of the data IDs");
  }
  if (ConfigValue const* fixes = document.find("fix")) {
    if (!header) problems.add(fixes->where, "[[fix]] wants a [header]");
    if (!fixes->is_array())
      problems.add(fixes->where, "'fix' is a list of tables: [[fix]]");
    else
      for (ConfigValue const& fix : fixes->array())
        data->fixes.push_back(read_header_fix(fix, problems));
  }
  Connections(*data, problems).check();
  // ERFA sets its leap seconds up when they are first asked for: not in two threads at once.
  mjd_tai(first_mjd, TimeScale::utc);
  HeaderRules rules;
  rules.data_ = std::move(data);
  return rules;
}

}  // namespace almagest
