#include "instrument/header_translation.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace almagest {
namespace {

/// A card error that names file and property already.
class PropertyError : public CardError {
 public:
  using CardError::CardError;
};

constexpr std::size_t longest_text = 1024;  // std::regex is recursive

std::string const& short_text(std::string const& text) {
  if (text.size() > longest_text)
    throw DataError(shown(text) + " has " + std::to_string(text.size()) + " characters");
  return text;
}

double needed_number(Value const& value) {
  if (auto const number = number_of(value)) return *number;
  throw DataError(shown(value) + " is no number");
}

/// `scale`, `offset` and `mod`; whole numbers do not stay whole.
Value rescaled(HeaderRule const& rule, Value value) {
  if (!rule.scale && !rule.offset && !rule.modulus) return value;
  double number = needed_number(value) * rule.scale.value_or(1.0) + rule.offset.value_or(0.0);
  if (rule.modulus) {
    number -= *rule.modulus * std::floor(number / *rule.modulus);
    if (number >= *rule.modulus) number = 0.0;  // -1e-20 rounds up to the modulus
  }
  if (!std::isfinite(number)) throw DataError(shown(value) + " is out of range");
  return number;
}

Value typed(HeaderRule const& rule, Value value) {
  if (rule.type) value = to_type(value, *rule.type);
  if (rule.unit) value = to_unit(value, *rule.unit);
  return value;
}

void change_letters(std::string& text, HeaderRule::Case letters) {
  for (char& c : text) {
    if (letters == HeaderRule::Case::lower && c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
    if (letters == HeaderRule::Case::upper && c >= 'a' && c <= 'z')
      c = static_cast<char>(c - 'a' + 'A');
  }
}

/// How a value stands in a `map`: 6 for 6.0 too.
std::string map_key(Value const& value) {
  constexpr double exact = 9007199254740992.0;  // 2^53
  auto const* real = std::get_if<double>(&value);
  if (real && std::abs(*real) <= exact && *real == std::trunc(*real))
    return std::to_string(static_cast<std::int64_t>(*real));
  return to_string(value);
}

/// `trim`, `case`, `sub` and `map`. None when nothing is left.
std::optional<Value> respelled(HeaderRule const& rule, Value value) {
  bool const as_text =
      rule.trim || rule.letters != HeaderRule::Case::as_is || !rule.substitutions.empty();
  if (as_text) {
    std::string text = to_string(value);
    if (rule.trim) text = trimmed(text);
    change_letters(text, rule.letters);
    for (auto const& [pattern, replacement] : rule.substitutions)
      text = std::regex_replace(short_text(text), pattern, replacement);
    value = std::move(text);
  }
  if (!rule.map.empty() || rule.other) {
    auto const found = rule.map.find(map_key(value));
    if (found != rule.map.end())
      value = found->second;
    else if (rule.other)
      value = *rule.other;
  }
  auto const* text = std::get_if<std::string>(&value);
  return text && is_blank(*text) ? std::nullopt : std::optional(std::move(value));
}

}  // namespace

HeaderTranslation::HeaderTranslation(HeaderRules::Data const& rules, HeaderCards cards)
    : rules_(rules), cards_(std::move(cards)), slots_(rules.properties.size()) {
  scope_.lookup = [this](std::string_view name) {
    try {
      return look_up(name);
    } catch (CardError const&) {
      card_error_ = std::current_exception();
      throw;
    }
  };
}

// ---- names and expressions --------------------------------------------------------------------

std::optional<Value> HeaderTranslation::look_up(std::string_view name) {
  if (is_capture(name)) {
    std::size_t const number = name.size() == 2 ? static_cast<std::size_t>(name[1] - '0') : 10;
    if (!captures_ || number >= captures_->size() || !(*captures_)[number]) return std::nullopt;
    return *(*captures_)[number];
  }
  if (int const index = rules_.find(name); index >= 0)
    return property(static_cast<std::size_t>(index));
  Value const* const value = cards_.find(name);
  return value ? std::optional(*value) : std::nullopt;
}

std::optional<Value> HeaderTranslation::evaluate(Expression const& expression) {
  card_error_ = nullptr;
  try {
    Value value = expression.evaluate(scope_);
    if (auto const* real = std::get_if<double>(&value); real && !std::isfinite(*real))
      throw DataError("expression \"" + expression.text() + "\" gives " + to_string(value));
    return value;
  } catch (AbsentNameError const&) {
    return std::nullopt;
  } catch (DataError const& e) {
    // The expression has put its text around what a card's error says; that is the better one.
    if (card_error_) std::rethrow_exception(std::exchange(card_error_, nullptr));
    fail_at(expression, e.what());
  }
}

bool HeaderTranslation::test(Expression const& condition) {
  std::optional<Value> const value = evaluate(condition);
  if (!value) return false;
  if (bool const* flag = std::get_if<bool>(&*value)) return *flag;
  fail_at(condition, "condition \"" + condition.text() + "\" gives " + shown(*value));
}

std::optional<std::string> HeaderTranslation::fill(TextTemplate const& text) {
  return text.fill([this](std::string_view name) { return look_up(name); });
}

// ---- sources ----------------------------------------------------------------------------------

std::optional<Value> HeaderTranslation::from(source::Constant const& source) {
  auto const* text = std::get_if<std::string>(&source.value);
  return text && is_blank(*text) ? std::nullopt : std::optional(source.value);
}

std::optional<Value> HeaderTranslation::from(source::Names const& source) {
  for (std::string const& name : source.names)
    if (auto value = look_up(name)) return value;
  return std::nullopt;
}

std::optional<Value> HeaderTranslation::from(source::Join const& source) {
  std::optional<std::string> joined;
  for (std::string const& name : source.names)
    if (auto const value = look_up(name))
      joined = joined ? *joined + source.separator + to_string(*value) : to_string(*value);
  if (!joined) return std::nullopt;
  std::string const tail = source.separator + source.drop_trailing;
  while (!source.drop_trailing.empty() && joined->ends_with(tail))
    joined->erase(joined->size() - tail.size());
  return joined;
}

std::optional<Value> HeaderTranslation::from(source::Pair const& source) {
  auto const number = cards_.number_behind(source.prefix, source.equals);
  return number ? look_up(source.take + *number) : std::nullopt;
}

std::optional<Value> HeaderTranslation::from(source::TableCell const& source) {
  auto const wanted = fill(source.lookup);
  if (!wanted) return std::nullopt;
  auto const found = source.cells.find(*wanted);
  if (found == source.cells.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

std::optional<Value> HeaderTranslation::from(source::Time const& source) {
  std::optional<Value> given;
  for (source::Time::Text const& text : source.texts) {
    if (!text.text)
      given = look_up(text.name);
    else if (auto filled = fill(*text.text))
      given = *std::move(filled);
    if (given) break;
  }
  if (!given) return std::nullopt;
  double time = mjd_tai(*given, source.scale);
  if (source.not_before)
    if (auto const bound = evaluate(*source.not_before))
      time = std::max(time, needed_number(*bound));
  return time;
}

std::optional<Value> HeaderTranslation::from(source::Cases const& source) {
  for (HeaderRule const& rule : source.rules)
    if (auto value = value_of(rule)) return value;
  return std::nullopt;
}

std::optional<Value> HeaderTranslation::from(TextTemplate const& source) {
  return fill(source);
}

std::optional<Value> HeaderTranslation::from(Expression const& source) {
  return evaluate(source);
}

// ---- rules ------------------------------------------------------------------------------------

/// `re`, then `expr` or `format`. None when the pattern does not fit.
std::optional<Value> HeaderTranslation::caught(HeaderRule const& rule, Value const& value) {
  if (!rule.pattern && !rule.computed && !rule.format) return value;
  std::string const text = to_string(value);
  Captures captures{text};
  if (rule.pattern) {
    std::smatch match;
    if (!std::regex_search(short_text(text), match, *rule.pattern)) return std::nullopt;
    captures.clear();
    for (auto const& part : match)
      captures.push_back(part.matched ? std::optional(part.str()) : std::nullopt);
  }
  Captures const* const outer = std::exchange(captures_, &captures);
  struct Restore {
    Captures const*& place;
    Captures const* outer;
    ~Restore() { place = outer; }
  } const restore{captures_, outer};
  if (rule.computed) return evaluate(*rule.computed);
  if (rule.format) return fill(*rule.format);
  auto const& first = captures[captures.size() > 1 ? 1 : 0];
  return first ? std::optional<Value>(*first) : std::nullopt;
}

std::optional<Value> HeaderTranslation::modified(HeaderRule const& rule, Value value) {
  auto result = caught(rule, value);
  if (result) result = respelled(rule, *std::move(result));
  if (result) result = typed(rule, rescaled(rule, *std::move(result)));
  return result;
}

std::optional<Value> HeaderTranslation::default_of(HeaderRule const& rule) {
  if (rule.default_value) return from(source::Constant{*rule.default_value});
  if (!rule.default_expression) return std::nullopt;
  auto value = evaluate(*rule.default_expression);
  if (value && rule.type) value = to_type(*value, *rule.type);
  if (value && rule.unit) value = to_type(*value, ValueType::real);
  return value;
}

std::optional<Value> HeaderTranslation::unchecked_value(HeaderRule const& rule) {
  if (rule.gate && !test(*rule.gate)) return std::nullopt;
  auto value = std::visit([this](auto const& source) { return from(source); }, rule.from);
  if (value) value = modified(rule, *std::move(value));
  return value ? value : default_of(rule);
}

std::optional<Value> HeaderTranslation::value_of(HeaderRule const& rule) {
  try {
    return unchecked_value(rule);
  } catch (CardError const&) {
    throw;
  } catch (DataError const& e) {
    throw CardError(subject(rule) + ": " + e.what());
  }
}

std::optional<Value> const& HeaderTranslation::property(std::size_t index) {
  Slot& slot = slots_[index];
  if (slot.known) return slot.value;
  auto const& [name, rule] = rules_.properties[index];
  Captures const* const outer = std::exchange(captures_, nullptr);
  try {
    slot.value = value_of(rule);
  } catch (PropertyError const&) {
    throw;
  } catch (CardError const& e) {
    fail(e.what(), "property '" + name + "', " + rule.where.str());
  }
  captures_ = outer;
  slot.known = true;
  return slot.value;
}

// ---- fixes ------------------------------------------------------------------------------------

void HeaderTranslation::apply_fixes() {
  for (HeaderFix const& fix : rules_.fixes) {
    try {
      apply(fix);
    } catch (PropertyError const&) {
      throw;
    } catch (DataError const& e) {
      fail(e.what(), "[[fix]], " + fix.where.str());
    }
  }
}

void HeaderTranslation::apply(HeaderFix const& fix) {
  if (fix.gate && !test(*fix.gate)) return;
  if (!fix.file) {
    assign(fix.assignments);
    return;
  }
  if (fix.files.empty()) return;
  auto const name = fill(*fix.file);
  auto const file = name ? fix.files.find(*name) : fix.files.end();
  if (file != fix.files.end()) assign(file->second);
}

/// All values are computed before any is put in, so that their order does not matter.
void HeaderTranslation::assign(std::vector<HeaderFix::Assignment> const& assignments) {
  std::vector<std::pair<std::string const*, Value>> values;
  for (auto const& [name, value] : assignments) {
    if (auto const* constant = std::get_if<Value>(&value))
      values.emplace_back(&name, *constant);
    else if (auto computed = evaluate(std::get<Expression>(value)))
      values.emplace_back(&name, *std::move(computed));
  }
  for (auto& slot : slots_)
    if (!slot.forced) slot.known = false;
  for (auto& [name, value] : values) {
    int const index = rules_.find(*name);
    if (index >= 0)
      slots_[static_cast<std::size_t>(index)] = {true, true, from(source::Constant{value})};
    else
      cards_.set(*name, std::move(value));
  }
}

// ---- messages ---------------------------------------------------------------------------------

/// One line with the file in front and the place in the rules behind.
void HeaderTranslation::fail(std::string const& what, std::string const& in) const {
  std::string text = what;
  for (char& c : text)
    if (c < ' ' || c > '~') c = '?';  // what a header says may be anything
  throw PropertyError((cards_.origin().empty() ? "" : cards_.origin() + ": ") + text + " (" + in +
                      ")");
}

void HeaderTranslation::collect_cards(std::string const& name,
                                      std::vector<std::string>& names) const {
  if (std::ranges::find(names, name) != names.end()) return;
  names.push_back(name);
  if (int const index = rules_.find(name); index >= 0)
    collect_cards(rules_.properties[static_cast<std::size_t>(index)].second, names);
}

void HeaderTranslation::collect_cards(HeaderRule const& rule,
                                      std::vector<std::string>& names) const {
  for (std::string const& name : rule.names) collect_cards(name, names);
  if (auto const* cases = std::get_if<source::Cases>(&rule.from))
    for (HeaderRule const& inner : cases->rules) collect_cards(inner, names);
}

std::string HeaderTranslation::describe(std::vector<std::string> const& names,
                                        bool missing_too) const {
  std::string result;
  for (std::string const& name : names)
    if (rules_.find(name) < 0 && (missing_too || cards_.has(name)))
      result += (result.empty() ? "" : ", ") + cards_.describe(name);
  return result.empty() ? "no card" : result;
}

/// With the cards that the expression looks at; what it does with captures is for the rule to tell.
void HeaderTranslation::fail_at(Expression const& expression, std::string const& what) const {
  std::vector<std::string> names;
  for (std::string const& name : expression.names()) collect_cards(name, names);
  std::erase_if(names, [this](std::string const& name) { return !cards_.has(name); });
  if (names.empty()) throw DataError(what);
  throw CardError(describe(names, false) + ": " + what);
}

std::string HeaderTranslation::describe(std::size_t property) const {
  std::vector<std::string> names;
  collect_cards(rules_.properties[property].second, names);
  return describe(names, true);
}

/// The cards that a rule's value was made from: of a list of names the first that is there.
std::string HeaderTranslation::subject(HeaderRule const& rule) {
  std::vector<std::string> names;
  if (auto const* list = std::get_if<source::Names>(&rule.from)) {
    for (std::string const& name : list->names)
      if (names.empty() && look_up(name)) collect_cards(name, names);
  }
  if (names.empty()) collect_cards(rule, names);
  return describe(names, false);
}

}  // namespace almagest
