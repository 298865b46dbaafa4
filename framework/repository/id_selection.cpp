#include "repository/id_selection.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "almagest/error.hpp"

namespace almagest {
namespace {

std::optional<std::int64_t> integer(std::string_view text) {
  std::int64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// `a..b` or `a..b:step`.
IntegerRange parse_range(std::string_view text, std::size_t dots, std::string const& word) {
  std::string_view last = text.substr(dots + 2);
  std::optional<std::int64_t> step = 1;
  if (auto const colon = last.find(':'); colon != std::string_view::npos) {
    step = integer(last.substr(colon + 1));
    last = last.substr(0, colon);
  }
  auto const from = integer(text.substr(0, dots));
  auto const to = integer(last);
  if (!from || !to || !step)
    throw ConfigError("'" + std::string(text) + "' in --id '" + word +
                      "' is no range: want FIRST..LAST or FIRST..LAST:STEP, all integers");
  if (*step < 1 || *to < *from)
    throw ConfigError("the range '" + std::string(text) + "' in --id '" + word + "' is empty");
  return {*from, *to, *step};
}

}  // namespace

IdSelection::Group IdSelection::parse_group(std::vector<std::string> const& words) {
  Group group;
  for (std::string const& word : words) {
    auto const equals = word.find('=');
    if (equals == std::string::npos)
      throw ConfigError("'" + word + "' after --id is not KEY=VALUE[^VALUE…]");
    if (equals == 0) throw ConfigError("--id '" + word + "' has no key before '='");
    KeyValues entry{word.substr(0, equals), {}};
    if (std::ranges::find(group, entry.key, &KeyValues::key) != group.end())
      throw ConfigError("'" + entry.key + "' stands twice after one --id; alternatives are " +
                        entry.key + "=A^B");
    std::string_view rest = std::string_view(word).substr(equals + 1);
    for (bool more = true; more;) {
      auto const caret = rest.find('^');
      std::string_view const value = rest.substr(0, caret);
      more = caret != std::string_view::npos;
      if (more) rest.remove_prefix(caret + 1);
      if (value.empty())
        throw ConfigError("--id '" + word + "' has an empty value for '" + entry.key + "'");
      if (auto const dots = value.find(".."); dots != std::string_view::npos)
        entry.any.emplace_back(parse_range(value, dots, word));
      else
        entry.any.emplace_back(std::string(value));
    }
    group.push_back(std::move(entry));
  }
  return group;
}

}  // namespace almagest
