#include "instrument/header_cards.hpp"

#include <cmath>

namespace almagest {
namespace {

constexpr std::size_t longest_text = 1024;
constexpr std::string_view blanks = " \t\r\n";

bool counts(Value const& value) {
  auto const* text = std::get_if<std::string>(&value);
  return !text || !is_blank(*text);
}

}  // namespace

bool is_blank(std::string_view text) noexcept {
  return text.find_first_not_of(blanks) == std::string_view::npos;
}

std::string_view trimmed(std::string_view text) noexcept {
  auto const first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string shown(Value const& value) {
  constexpr std::size_t longest = 60;
  auto const* text = std::get_if<std::string>(&value);
  if (!text) return to_string(value);
  std::string result = text->substr(0, longest);
  for (char& c : result)
    if (c < ' ' || c > '~') c = '?';
  return "'" + result + (text->size() > longest ? "...'" : "'");
}

HeaderCards::HeaderCards(std::span<Header const> headers, std::span<std::size_t const> hdus) {
  std::size_t const count = hdus.empty() ? headers.size() : hdus.size();
  auto const header = [&](std::size_t i) -> Header const* {
    std::size_t const hdu = hdus.empty() ? i : hdus[i];
    return hdu < headers.size() ? &headers[hdu] : nullptr;
  };
  std::size_t cards = 0;
  for (std::size_t i = 0; i < count; ++i) cards += header(i) ? header(i)->cards().size() : 0;
  cards_.reserve(cards);
  for (std::size_t i = 0; i < count; ++i) {
    if (!header(i)) continue;
    for (Header::Card const& card : header(i)->cards())
      if (card.value && counts(*card.value)) cards_.try_emplace(card.name, &*card.value);
  }
  if (!headers.empty()) origin_ = headers.front().origin();
}

Value const* HeaderCards::look_up(std::string_view card) const noexcept {
  if (auto const changed = changed_.find(card); changed != changed_.end())
    return counts(changed->second) ? &changed->second : nullptr;
  auto const found = cards_.find(card);
  return found == cards_.end() ? nullptr : found->second;
}

Value const* HeaderCards::find(std::string_view card) const {
  Value const* const value = look_up(card);
  if (!value) return nullptr;
  if (auto const* number = std::get_if<double>(value); number && !std::isfinite(*number))
    throw CardError(describe(card) + " is no finite number");
  if (auto const* text = std::get_if<std::string>(value); text && text->size() > longest_text)
    throw CardError(describe(card) + " has " + std::to_string(text->size()) + " characters");
  return value;
}

std::string HeaderCards::text(std::string_view card) const {
  Value const* const value = look_up(card);
  return value ? to_string(*value) : std::string();
}

std::optional<std::string> HeaderCards::number_behind(std::string_view prefix,
                                                      std::string_view value) const {
  std::optional<std::string> result;
  for (auto const& [name, unused] : cards_) {
    if (!name.starts_with(prefix) || name.size() == prefix.size()) continue;
    std::string_view const number = name.substr(prefix.size());
    if (number.find_first_not_of("0123456789") != std::string_view::npos) continue;
    if (trimmed(text(name)) == value && (!result || number < *result)) result = number;
  }
  return result;
}

void HeaderCards::set(std::string const& card, Value value) {
  changed_.insert_or_assign(card, std::move(value));
}

std::string HeaderCards::describe(std::string_view card) const {
  Value const* const value = look_up(card);
  return "card " + std::string(card) + (value ? " = " + shown(*value) : " (missing)");
}

}  // namespace almagest
