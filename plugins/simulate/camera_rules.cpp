#include "camera_rules.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <toml++/toml.h>

#include "almagest/error.hpp"
#include "calendar.hpp"

namespace simulate {

using namespace almagest;
namespace fs = std::filesystem;

namespace {

/// Entries of `below` that `above` has not, tables in tables included; a property of [header] is
/// taken whole.
void fill_up(toml::table& above, toml::table const& below, bool whole_entries = false) {
  for (auto const& [key, value] : below) {
    toml::node* const own = above.get(key);
    if (!own)
      above.insert(key, value);
    else if (own->is_table() && value.is_table() && !whole_entries)
      fill_up(*own->as_table(), *value.as_table(), key.str() == "header");
  }
}

toml::table read_with_inherited(fs::path const& path, int depth = 0) {
  constexpr int deepest = 10;
  if (depth > deepest) throw ConfigError(path.string() + ": [camera] inherit goes in circles");
  toml::table document;
  try {
    document = toml::parse_file(path.string());
  } catch (toml::parse_error const& error) {
    throw ConfigError(path.string() + ": " + std::string(error.description()));
  }
  std::vector<std::string> names;  // `inherit` stands at the top or in [camera]
  for (toml::node_view<toml::node> const inherit :
       {document["inherit"], document["camera"]["inherit"]}) {
    if (auto const name = inherit.value<std::string>()) names.push_back(*name);
    if (toml::array const* list = inherit.as_array())
      for (toml::node const& element : *list)
        if (auto const name = element.value<std::string>()) names.push_back(*name);
  }
  for (std::string const& name : names)
    fill_up(document, read_with_inherited(path.parent_path() / name, depth + 1));
  return document;
}

std::string first_text(toml::node_view<toml::node const> node) {
  if (auto const text = node.value<std::string>()) return *text;
  if (toml::array const* list = node.as_array())
    for (toml::node const& element : *list)
      if (auto const text = element.value<std::string>()) return *text;
  return "";
}

bool is_card_name(std::string const& text) {
  return !text.empty() && text[0] >= 'A' && text[0] <= 'Z' &&
         text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_ ") == std::string::npos;
}

/// A text that a simple pattern fits: its first alternative without what may be anything.
std::string example_of(std::string pattern) {
  pattern = pattern.substr(0, pattern.find('|'));
  for (auto at = pattern.find(".*"); at != std::string::npos; at = pattern.find(".*"))
    pattern.erase(at, 2);
  std::erase_if(pattern,
                [](char c) { return c == '^' || c == '$' || c == '\\' || c == '(' || c == ')'; });
  return pattern;
}

std::string text_of(toml::node const& node) {
  if (auto const text = node.value<std::string>()) return *text;
  if (auto const number = node.value<std::int64_t>()) return std::to_string(*number);
  return "";
}

/// "{DATE-OBS}T{UT-STR}" is a date and a time of day.
void split_template(CardRule& rule) {
  auto const end = rule.card.find("}T{");
  if (!rule.card.starts_with("{") || !rule.card.ends_with("}") || end == std::string::npos) return;
  rule.second_card = rule.card.substr(end + 3, rule.card.size() - end - 4);
  rule.card = rule.card.substr(1, end - 1);
}

/// None for rules that say more than a card and what becomes of it.
std::optional<CardRule> rule_of(std::string const& property, toml::table const& table) {
  for (char const* key : {"re", "expr", "format", "cases", "join", "pair", "table", "sub"})
    if (table.contains(key)) return std::nullopt;
  toml::node_view<toml::node const> const view(table);
  CardRule rule;
  rule.property = property;
  bool const time = table.contains("time");
  rule.card = first_text(view[time ? "time" : "key"]);
  if (time) split_template(rule);
  if (!is_card_name(rule.card)) return std::nullopt;
  if (time) rule.form = CardRule::Form::time;
  std::string const unit = view["unit"].value_or(std::string());
  if (unit == "hms") rule.form = CardRule::Form::hours;
  if (unit == "dms") rule.form = CardRule::Form::degrees;
  if (unit == "rad") rule.form = CardRule::Form::radians;
  if (auto const type = view["type"].value<std::string>()) rule.as_text = *type == "str";
  rule.upper_case = view["case"].value_or(std::string()) == "lower";
  rule.scale = view["scale"].value_or(1.0);
  rule.offset = view["offset"].value_or(0.0);
  if (toml::table const* map = view["map"].as_table())
    for (auto const& [card, meaning] : *map)
      rule.map.emplace_back(std::string(card.str()), text_of(meaning));
  return rule;
}

AmplifierFileRule::Section section_cards(toml::node_view<toml::node const> node) {
  AmplifierFileRule::Section section;
  toml::array const* const edges = node.is_table() ? node["key"].as_array() : node.as_array();
  if (edges) {
    for (toml::node const& element : *edges) section.cards.push_back(text_of(element));
  } else {
    std::string const name = node.is_table() ? first_text(node["key"]) : first_text(node);
    if (is_card_name(name)) section.cards = {name};
  }
  return section;
}

/// The lower left pixel of "[9:520,50:4225]", counted from 0.
std::optional<Pixel> first_pixel(toml::node_view<toml::node const> node) {
  std::string const text = node.is_table() ? first_text(node["default"]) : first_text(node);
  int x1 = 0, x2 = 0, y1 = 0, y2 = 0;
  int const read = std::sscanf(text.c_str(), "[%d:%d,%d:%d", &x1, &x2, &y1, &y2);
  if (read == 4) return Pixel{std::min(x1, x2) - 1, std::min(y1, y2) - 1};
  if (std::sscanf(text.c_str(), "[%d:*,%d:", &x1, &y1) == 2 ||
      std::sscanf(text.c_str(), "[%d:%d,%d:*", &x1, &x2, &y1) == 3)
    return Pixel{x1 - 1, y1 - 1};
  return std::nullopt;
}

std::string number_card(toml::node_view<toml::node const> node) {
  std::string const name = node.is_table() ? first_text(node["key"]) : first_text(node);
  return is_card_name(name) ? name : "";
}

void read_over(toml::table const& table, AmplifierFileRule& rule) {
  toml::node_view<toml::node const> const view(table);
  if (auto const number = view["hdu"].value<std::int64_t>()) rule.hdu = static_cast<int>(*number);
  if (auto const name = view["hdu"].value<std::string>()) rule.hdu = *name;
  if (auto const first = first_pixel(view["data"])) rule.data = first;
  if (toml::array const* size = view["raw_size"].as_array(); size && size->size() == 2) {
    rule.width = (*size)[0].value_or(0);
    rule.height = (*size)[1].value_or(0);
  }
  auto const section = [&](char const* key, AmplifierFileRule::Section& target) {
    if (table.contains(key)) target = section_cards(view[key]);
  };
  section("image", rule.image);
  section("data", rule.data_cards);
  section("prescan", rule.prescan);
  section("serial_overscan", rule.serial_overscan);
  section("parallel_overscan", rule.parallel_overscan);
  section("overscan", rule.overscan);
  auto const number = [&](char const* key, std::string& target) {
    if (table.contains(key)) target = number_card(view[key]);
  };
  number("gain", rule.gain);
  number("read_noise", rule.read_noise);
  number("saturation", rule.saturation);
}

/// What a detector's or kind's table says of one of its amplifiers, over what is known.
void read_amplifier(toml::table const* table, std::string const& name, AmplifierFileRule& rule) {
  if (!table) return;
  toml::node_view<toml::node const> const view(*table);
  if (toml::table const* common = view["amp"]["default"].as_table()) read_over(*common, rule);
  if (toml::array const* rows = view["amp_row"].as_array())
    for (toml::node const& row : *rows) {
      toml::array const* const names = toml::node_view<toml::node const>(row)["names"].as_array();
      toml::array const* const hdus = toml::node_view<toml::node const>(row)["hdus"].as_array();
      for (std::size_t i = 0; names && hdus && i < names->size() && i < hdus->size(); ++i)
        if (text_of((*names)[i]) == name) rule.hdu = text_of((*hdus)[i]);
    }
  if (toml::table const* own = view["amp"][name].as_table()) read_over(*own, rule);
}

/// The table of a detector's kind, or nullptr: what its own table says, or the kind that has the
/// detector's vendor, whose name stands for one that is not given.
toml::table const* kind_table(toml::table const& document, toml::table const* own,
                              std::string const& vendor) {
  toml::table const* const kinds =
      toml::node_view<toml::node const>(document)["detector_kind"].as_table();
  if (!kinds) return nullptr;
  toml::node_view<toml::node const> const all(*kinds);
  if (own)
    if (auto const name = toml::node_view<toml::node const>(*own)["kind"].value<std::string>())
      return all[*name].as_table();
  if (toml::table const* const named = all[vendor].as_table()) return named;
  for (auto const& [name, kind] : *kinds)
    if (toml::node_view<toml::node const>(kind)["vendor"].value_or(std::string()) == vendor)
      return kind.as_table();
  return nullptr;
}

}  // namespace

struct CameraRules::Document {
  toml::table table;
};

CameraRules::CameraRules(fs::path const& camera_toml)
    : document_(std::make_unique<Document>(read_with_inherited(camera_toml))) {
  read_match();
  read_header();
}
CameraRules::~CameraRules() = default;
CameraRules::CameraRules(CameraRules&&) noexcept = default;

void CameraRules::read_match() {
  toml::node_view<toml::node const> const match =
      std::as_const(document_->table)["camera"]["match"];
  toml::table const* first = match.as_table();
  if (toml::array const* list = match.as_array(); list && !list->empty())
    first = list->front().as_table();
  if (!first) return;
  for (auto const& [card, pattern] : *first)
    if (std::string const text = text_of(pattern); !text.empty())
      match_.emplace_back(std::string(card.str()), example_of(text));
}

void CameraRules::read_header() {
  toml::table const* const header = std::as_const(document_->table)["header"].as_table();
  if (!header) return;
  for (auto const& [property, value] : *header)
    if (toml::table const* table = value.as_table())
      if (auto rule = rule_of(std::string(property.str()), *table)) cards_.push_back(*rule);
}

CardRule const* CameraRules::find(std::string_view property) const noexcept {
  auto const found = std::ranges::find(cards_, property, &CardRule::property);
  return found == cards_.end() ? nullptr : &*found;
}

AmplifierFileRule CameraRules::amplifier(int detector, std::string const& detector_name,
                                         std::string const& vendor,
                                         std::string const& amplifier_name) const {
  AmplifierFileRule rule;
  toml::node_view<toml::node const> const all(std::as_const(document_->table));
  toml::table const* own = all["detector"][std::to_string(detector)].as_table();
  if (!own) own = all["detector"][detector_name].as_table();
  read_amplifier(all["detector"]["default"].as_table(), amplifier_name, rule);
  read_amplifier(kind_table(document_->table, own, vendor), amplifier_name, rule);
  read_amplifier(own, amplifier_name, rule);
  return rule;
}

Value card_value(CardRule const& rule, Value const& value) {
  auto const* const integer = std::get_if<std::int64_t>(&value);
  auto const* const number = std::get_if<double>(&value);
  double const degrees = number ? *number : integer ? static_cast<double>(*integer) : 0.0;
  switch (rule.form) {
    case CardRule::Form::hours:
      return sexagesimal_hours(degrees * radians_per_degree);
    case CardRule::Form::degrees:
      return sexagesimal_degrees(degrees * radians_per_degree);
    case CardRule::Form::radians:
      return degrees * radians_per_degree;
    case CardRule::Form::time:
      if (rule.card.starts_with("MJD") || rule.card.find("MJD") != std::string::npos)
        return degrees;
      return rule.second_card.empty() ? iso_date_time(degrees) : iso_date(degrees);
    case CardRule::Form::plain:
      break;
  }
  if (rule.scale != 1.0 || rule.offset != 0.0) return (degrees - rule.offset) / rule.scale;
  std::string text = to_string(value);
  bool mapped = false;
  for (auto const& [card, meaning] : rule.map)
    if (meaning == text) {
      text = card;
      mapped = true;
      break;
    }
  if (rule.upper_case)
    std::ranges::transform(text, text.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
  bool const as_text = std::holds_alternative<std::string>(value) || rule.upper_case || mapped;
  if (rule.as_text.value_or(as_text) || as_text) return text;
  return value;
}

}  // namespace simulate
