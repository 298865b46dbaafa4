#include "almagest/header.hpp"

#include <algorithm>
#include <utility>

#include "almagest/error.hpp"

namespace almagest {
namespace {

char upper(char c) noexcept {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

std::string upper(std::string_view name) {
  std::string result(name);
  std::ranges::transform(result, result.begin(), [](char c) { return upper(c); });
  return result;
}

/// Whether a card has that name; capitals and small letters are the same, as FITS wants.
auto named(std::string_view name) {
  return [name](Header::Card const& card) {
    return std::ranges::equal(card.name, name, [](char a, char b) { return upper(a) == upper(b); });
  };
}

bool is_commentary(std::string_view name) noexcept {
  return name == "COMMENT" || name == "HISTORY" || name.empty();
}

[[noreturn]] void fail(Header const& header, std::string_view name, char const* wanted) {
  std::string message = header.origin().empty() ? "" : header.origin() + ": ";
  message += "card " + upper(name);
  Value const* const value = header.find(name);
  if (!value)
    message += std::ranges::any_of(header.cards(), named(name)) ? " has no value" : " is missing";
  else
    message += std::string(" wants ") + wanted + ", got " + type_name(*value) + " '" +
               to_string(*value) + "'";
  throw DataError(message);
}

}  // namespace

Value const* Header::find(std::string_view name) const noexcept {
  auto const card = std::ranges::find_if(cards_, named(name));
  return card != cards_.end() && card->value ? &*card->value : nullptr;
}

double Header::number(std::string_view name) const {
  Value const* const value = find(name);
  if (value) {
    if (auto const* v = std::get_if<double>(value)) return *v;
    if (auto const* v = std::get_if<std::int64_t>(value)) return static_cast<double>(*v);
  }
  fail(*this, name, "float");
}

std::int64_t Header::integer(std::string_view name) const {
  Value const* const value = find(name);
  if (value)
    if (auto const* v = std::get_if<std::int64_t>(value)) return *v;
  fail(*this, name, "integer");
}

std::string const& Header::text(std::string_view name) const {
  Value const* const value = find(name);
  if (value)
    if (auto const* v = std::get_if<std::string>(value)) return *v;
  fail(*this, name, "string");
}

bool Header::logical(std::string_view name) const {
  Value const* const value = find(name);
  if (value)
    if (auto const* v = std::get_if<bool>(value)) return *v;
  fail(*this, name, "bool");
}

double Header::number_or(std::string_view name, double absent) const {
  return has(name) ? number(name) : absent;
}

void Header::set(std::string_view name, Value value, std::string comment) {
  Card card{upper(name), std::move(value), std::move(comment)};
  if (is_commentary(card.name)) {
    card.comment = to_string(*card.value);
    card.value.reset();
    cards_.push_back(std::move(card));
    return;
  }
  auto const first = std::ranges::find_if(cards_, named(name));
  if (first == cards_.end()) {
    cards_.push_back(std::move(card));
    return;
  }
  if (card.comment.empty()) card.comment = std::move(first->comment);
  *first = std::move(card);
  cards_.erase(std::remove_if(first + 1, cards_.end(), named(name)), cards_.end());
}

void Header::append(Card card) {
  card.name = upper(card.name);
  cards_.push_back(std::move(card));
}

void Header::erase(std::string_view name) {
  std::erase_if(cards_, named(name));
}

}  // namespace almagest
