#include "instrument/header_rules.hpp"

#include <algorithm>

#include "instrument/header_rules_data.hpp"
#include "instrument/header_translation.hpp"

namespace almagest {
namespace {

/// Whether one of the patterns of `match` fits.
bool fits(HeaderRules::Data const& rules, HeaderCards const& cards) {
  constexpr std::size_t longest_text = 1024;  // std::regex is recursive
  auto const fits_card = [&](auto const& pattern) {
    std::string const text = cards.text(pattern.first);
    return text.size() <= longest_text && std::regex_match(text, pattern.second);
  };
  return rules.matches.empty() ||
         std::ranges::any_of(rules.matches, [&](HeaderRules::Data::Match const& match) {
           return std::ranges::all_of(match, fits_card);
         });
}

std::string not_of_this_camera(HeaderRules::Data const& rules, HeaderCards const& cards) {
  std::string message = cards.origin().empty() ? "" : cards.origin() + ": ";
  message += "this is no file of '" + rules.camera + "':";
  std::vector<std::string> said;
  for (auto const& match : rules.matches)
    for (auto const& [card, pattern] : match)
      if (std::ranges::find(said, card) == said.end()) {
        message += (said.empty() ? " " : ", ") + cards.describe(card);
        said.push_back(card);
      }
  return message;
}

/// A key of the data ID must be there, and of its type.
void check_key(DataIdKey const& key, std::size_t index, HeaderTranslation& translation,
               std::string const& origin) {
  auto const& value = translation.property(index);
  std::string const file = origin.empty() ? "" : origin + ": ";
  if (!value)
    throw DataError(file + "'" + key.name + "' has no value; it comes from " +
                    translation.describe(index));
  bool const wants_text = key.type == DataIdKey::Type::text;
  if (wants_text ? std::holds_alternative<std::string>(*value)
                 : std::holds_alternative<std::int64_t>(*value))
    return;
  throw DataError(file + "'" + key.name + "' wants " + (wants_text ? "a string" : "an integer") +
                  ", got " + type_name(*value) + " " + shown(*value) + "; it comes from " +
                  translation.describe(index));
}

/// A standard number that the rest of the framework computes with.
void check_range(char const* property, double least, double most, ObservationInfo const& info,
                 HeaderRules::Data const& rules, HeaderTranslation const& translation,
                 std::string const& origin) {
  Value const* const value = info.find(property);
  if (!value) return;
  double const number = info.number(property);
  if (number >= least && number <= most) return;
  throw DataError((origin.empty() ? "" : origin + ": ") + "'" + property + "' = " + shown(*value) +
                  " is not in " + to_string(least) + ".." + to_string(most) + "; it comes from " +
                  translation.describe(static_cast<std::size_t>(rules.find(property))));
}

}  // namespace

HeaderRules::HeaderRules() : data_(std::make_shared<Data>()) {}

bool HeaderRules::empty() const noexcept {
  return data_->properties.empty();
}

bool HeaderRules::recognises(std::span<Header const> headers) const {
  return !empty() && fits(*data_, HeaderCards(headers, data_->hdus));
}

ObservationInfo HeaderRules::translate(std::span<Header const> headers) const {
  if (empty()) throw DataError("camera '" + data_->camera + "' has no [header] in its camera.toml");
  HeaderCards cards(headers, data_->hdus);
  if (!fits(*data_, cards)) throw DataError(not_of_this_camera(*data_, cards));
  std::string const origin = cards.origin();
  HeaderTranslation translation(*data_, std::move(cards));
  translation.apply_fixes();
  ObservationInfo info;
  info.set_instrument(data_->camera);
  for (std::size_t i = 0; i < data_->properties.size(); ++i) {
    auto const& [name, rule] = data_->properties[i];
    if (name.starts_with('_')) continue;
    if (auto const& value = translation.property(i)) info.set(name, *value);
  }
  for (DataIdKey const& key : data_->keys)
    if (int const index = data_->find(key.name); index >= 0)
      check_key(key, static_cast<std::size_t>(index), translation, origin);
  check_range("dec", -90.0, 90.0, info, *data_, translation, origin);
  check_range("begin", first_mjd, last_mjd, info, *data_, translation, origin);
  check_range("end", first_mjd, last_mjd, info, *data_, translation, origin);
  return info;
}

}  // namespace almagest
