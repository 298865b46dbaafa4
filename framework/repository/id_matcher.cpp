#include "repository/id_matcher.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace almagest {
namespace {

template <class T>
T number(std::string const& text, std::string const& key, char const* wanted) {
  T value{};
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    throw ConfigError(fmt::format("--id {0}={1}: '{0}' wants {2}, got '{1}'", key, text, wanted));
  return value;
}

}  // namespace

IdMatcher::Key IdMatcher::read(IdSelection::KeyValues const& entry, FrameTable::Type type) {
  Key key{entry.key, {}, {}};
  for (auto const& given : entry.any) {
    if (auto const* range = std::get_if<IntegerRange>(&given)) {
      if (type == FrameTable::Type::text)
        throw ConfigError(fmt::format("--id {0}={1}..{2}: '{0}' is text and has no ranges",
                                      entry.key, range->first, range->last));
      key.ranges.push_back(*range);
      continue;
    }
    std::string const& text = std::get<std::string>(given);
    if (type == FrameTable::Type::integer)
      key.values.emplace_back(number<std::int64_t>(text, entry.key, "an integer"));
    else if (type == FrameTable::Type::number)
      key.values.emplace_back(number<double>(text, entry.key, "a number"));
    else
      key.values.emplace_back(text);
  }
  return key;
}

IdMatcher::IdMatcher(
    IdSelection const& ids,
    std::function<std::optional<FrameTable::Type>(std::string const&)> const& type_of,
    std::vector<std::string> const& known) {
  for (IdSelection::Group const& group : ids.groups) {
    std::vector<Key>& keys = groups_.emplace_back();
    for (IdSelection::KeyValues const& entry : group) {
      auto const type = type_of(entry.key);
      if (!type)
        throw ConfigError(fmt::format("--id has no key '{}'{} (known: {})", entry.key,
                                      nearest_name_hint(entry.key, known), fmt::join(known, ", ")));
      keys.push_back(read(entry, *type));
    }
  }
}

bool IdMatcher::Key::matches(Value const& value) const {
  if (std::ranges::find(values, value) != values.end()) return true;
  auto const* integer = std::get_if<std::int64_t>(&value);
  auto const* real = std::get_if<double>(&value);
  if (!integer && !real) return false;
  // A column of numbers may hold integers, and the other way round.
  for (Value const& wanted : values) {
    auto const* i = std::get_if<std::int64_t>(&wanted);
    auto const* d = std::get_if<double>(&wanted);
    if (integer && d && static_cast<double>(*integer) == *d) return true;
    if (real && i && *real == static_cast<double>(*i)) return true;
  }
  std::int64_t whole = integer ? *integer : 0;
  if (real) {
    constexpr double exact = 9007199254740992.0;  // 2^53
    if (std::nearbyint(*real) != *real || std::abs(*real) > exact) return false;
    whole = static_cast<std::int64_t>(*real);
  }
  return std::ranges::any_of(ranges, [&](IntegerRange const& r) { return r.contains(whole); });
}

bool IdMatcher::matches(UnitCandidate const& candidate) const {
  return std::ranges::any_of(groups_, [&](std::vector<Key> const& group) {
    return std::ranges::all_of(group, [&](Key const& key) {
      auto const found = candidate.columns.find(key.name);
      return found != candidate.columns.end() && key.matches(found->second);
    });
  });
}

}  // namespace almagest
