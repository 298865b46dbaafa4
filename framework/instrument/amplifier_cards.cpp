#include "instrument/amplifier_cards.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>
#include <utility>

#include "instrument/number_text.hpp"
#include "instrument/table_reader.hpp"

namespace almagest {
namespace {

constexpr int largest_edge = 1'000'000;  // far beyond any detector; sums stay within an int

std::string quoted(Value const& value) {
  return "'" + to_string(value) + "'";
}

[[noreturn]] void fail_absent(CardSource const& cards, std::string const& card) {
  throw DataError(cards.own.origin() + ": card " + card + " is absent");
}

/// One edge: a number from 1 on, or `*`.
std::optional<int> parse_edge(std::string_view text) {
  if (text == "*") return 0;
  int edge = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), edge);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (edge < 1 || edge > largest_edge) return std::nullopt;
  return edge;
}

std::optional<std::pair<int, int>> parse_range(std::string_view text) {
  if (text == "*") return std::pair(1, 0);
  auto const colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  auto const first = parse_edge(text.substr(0, colon));
  auto const last = parse_edge(text.substr(colon + 1));
  if (!first || !last || *first == 0) return std::nullopt;
  return std::pair(*first, *last);
}

/// First index and length of a range within `size`.
std::pair<int, int> resolved(int first, int last, int size) {
  return {first - 1, (last == 0 ? std::max(size, first - 1) : last) - first + 1};
}

}  // namespace

Value const* CardSource::find(std::string_view card) const noexcept {
  for (Header const* header : {&own, &primary}) {
    Value const* const value = header->find(card);
    auto const* text = value ? std::get_if<std::string>(value) : nullptr;
    if (value && !(text && text->find_first_not_of(' ') == std::string::npos)) return value;
  }
  return nullptr;
}

double CardNumber::value(CardSource const& cards) const {
  if (card.empty()) return without_file();
  Value const* const found = cards.find(card);
  if (!found && !absent) fail_absent(cards, card);
  if (!found) return *absent;
  auto const number = number_of(*found);
  if (!number || !std::isfinite(*number))
    throw DataError(cards.own.origin() + ": card " + card + " is no number: " + quoted(*found));
  return *number * scale;
}

double CardNumber::without_file() const noexcept {
  return absent.value_or(std::numeric_limits<double>::quiet_NaN());
}

std::optional<CardNumber> read_card_number(ConfigValue const& value, Problems& problems) {
  if (auto const* whole = std::get_if<std::int64_t>(&value.data))
    return CardNumber{{}, static_cast<double>(*whole), 1.0};
  if (auto const* real = std::get_if<double>(&value.data)) return CardNumber{{}, *real, 1.0};
  if (value.is_string()) return CardNumber{value.string(), {}, 1.0};
  if (value.is_table()) {
    TableReader table(value, "a number from a card", problems);
    CardNumber result{table.required_text("key"), table.number("default"), 1.0};
    result.scale = table.number("scale").value_or(1.0);
    table.finish();
    return result;
  }
  problems.add(value.where, std::string("wants a number, the name of a card, or { key = …, "
                                        "default = … }, got ") +
                                value.type_name());
  return std::nullopt;
}

std::string FitsSection::str() const {
  auto const edge = [](int n) { return n == 0 ? std::string("*") : std::to_string(n); };
  return "[" + edge(x1) + ":" + edge(x2) + "," + edge(y1) + ":" + edge(y2) + "]";
}

std::optional<FitsSection> parse_section(std::string_view text) {
  std::string packed;
  std::ranges::copy_if(text, std::back_inserter(packed), [](char c) { return c != ' '; });
  std::string_view const section = packed;
  if (section.size() < 2 || section.front() != '[' || section.back() != ']') return std::nullopt;
  auto const inside = section.substr(1, section.size() - 2);
  auto const comma = inside.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  auto const x = parse_range(inside.substr(0, comma));
  auto const y = parse_range(inside.substr(comma + 1));
  if (!x || !y) return std::nullopt;
  return FitsSection{x->first, x->second, y->first, y->second};
}

std::optional<FitsSection> SectionRule::from_card(CardSource const& cards) const {
  Value const* const value = cards.find(card_);
  if (!value) return std::nullopt;
  auto const* const text = std::get_if<std::string>(value);
  auto const section = text ? parse_section(*text) : std::nullopt;
  if (!section)
    throw DataError(cards.own.origin() + ": card " + card_ + " is no section: " + quoted(*value) +
                    "; expected one like '[1:512,1:2000]'");
  return section;
}

std::optional<FitsSection> SectionRule::from_edges(CardSource const& cards) const {
  std::array<int, 4> edges{};
  for (std::size_t i = 0; i < edges.size(); ++i) {
    Value const* const value = cards.find(edges_[i]);
    if (!value && absent_) return std::nullopt;
    if (!value) fail_absent(cards, edges_[i]);
    auto const number = number_of(*value);
    if (!number || *number != std::floor(*number) || *number < 1 || *number > largest_edge)
      throw DataError(cards.own.origin() + ": card " + edges_[i] +
                      " is no pixel number: " + quoted(*value));
    edges[i] = static_cast<int>(*number);
  }
  return FitsSection{edges[0], edges[1], edges[2], edges[3]};
}

std::optional<FitsSection> SectionRule::section(CardSource const& cards) const {
  if (!given_ || (card_.empty() && edges_[0].empty())) return absent_;
  auto const section = card_.empty() ? from_edges(cards) : from_card(cards);
  if (section) return section;
  if (!absent_) fail_absent(cards, card_);
  return absent_;
}

void SectionRule::read_literal(ConfigValue const& text, Problems& problems) {
  if (text.is_string()) absent_ = parse_section(text.string());
  if (!absent_)
    problems.add(text.where, to_toml(text) + " is no section; expected one like '[1:512,1:*]'");
}

void SectionRule::read_key(ConfigValue const& names, Problems& problems) {
  if (names.is_string() && !names.string().empty()) {
    card_ = names.string();
    return;
  }
  bool good = names.is_array() && names.array().size() == edges_.size();
  for (std::size_t i = 0; good && i < edges_.size(); ++i) {
    good = names.array()[i].is_string() && !names.array()[i].string().empty();
    if (good) edges_[i] = names.array()[i].string();
  }
  if (!good)
    problems.add(names.where,
                 "a section wants '[x1:x2,y1:y2]', the name of a card, or a list of four cards: "
                 "x1, x2, y1, y2");
}

std::optional<SectionRule> read_section_rule(ConfigValue const& value, Problems& problems) {
  SectionRule rule;
  rule.given_ = true;
  if (value.is_table()) {
    TableReader table(value, "a section", problems);
    ConfigValue const* const key = table.value("key");
    if (key)
      rule.read_key(*key, problems);
    else
      problems.add(value.where, "a section needs 'key': a card, or four");
    if (ConfigValue const* text = table.value("default")) rule.read_literal(*text, problems);
    table.finish();
  } else if (value.is_string() && value.string().starts_with('[')) {
    rule.read_literal(value, problems);
  } else {
    rule.read_key(value, problems);
  }
  return rule;
}

Box section_box(FitsSection const& section, int width, int height, std::string const& what) {
  if (section.reversed_x() || section.reversed_y())
    throw DataError(what + ": the section " + section.str() + " runs backwards");
  auto const [x0, columns] = resolved(section.x1, section.x2, width);
  auto const [y0, rows] = resolved(section.y1, section.y2, height);
  Box const box{x0, y0, columns, rows};
  if (!box.empty() && !Box{0, 0, width, height}.contains(box))
    throw DataError(what + ": the section " + section.str() + " is not inside the image of " +
                    std::to_string(width) + " x " + std::to_string(height) + " pixels");
  return box.empty() ? Box{} : box;
}

}  // namespace almagest
