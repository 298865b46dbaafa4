#pragma once

#include <map>
#include <memory>
#include <optional>
#include <regex>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "engine/expression.hpp"
#include "instrument/number_text.hpp"
#include "instrument/text_template.hpp"
#include "instrument/time_text.hpp"

/// The rules of `[header]`, parsed: what header_rules.cpp reads and header_translation.cpp carries
/// out. The names in them are cards, properties and captures.
///
///     source ──► re ─► expr/format ──► trim case sub map ──► scale offset mod ──► type unit ──►
///     default
namespace almagest {

/// A name with a small letter is a property, `$1` what a regular expression has caught; all others
/// are cards.
inline bool is_capture(std::string_view name) noexcept {
  return name.starts_with('$');
}
inline bool is_property(std::string_view name) noexcept {
  return !is_capture(name) &&
         name.find_first_of("abcdefghijklmnopqrstuvwxyz") != std::string_view::npos;
}

struct HeaderRule;

namespace source {

struct Constant {
  Value value;
};
/// The first of these names that has a value.
struct Names {
  std::vector<std::string> names;
};
struct Join {
  std::vector<std::string> names;
  std::string separator;
  std::string drop_trailing;  ///< taken off the end with its separator, as often as it stands there
};
/// VERn, for the n with PKGn = 'throughputs'.
struct Pair {
  std::string prefix;
  std::string equals;
  std::string take;
};
/// A column of a CSV file, in the row that another column picks out.
struct TableCell {
  std::unordered_map<std::string, std::string> cells;
  TextTemplate lookup;
};
struct Time {
  struct Text {
    std::string name;                  ///< a card or property
    std::optional<TextTemplate> text;  ///< put together from several
  };
  std::vector<Text> texts;
  TimeScale scale = TimeScale::tai;
  std::optional<Expression> not_before;  ///< MJD TAI
};
/// The first rule that has a value.
struct Cases {
  std::vector<HeaderRule> rules;
};

}  // namespace source

struct HeaderRule {
  std::variant<source::Constant, source::Names, source::Join, source::Pair, source::TableCell,
               source::Time, source::Cases, TextTemplate, Expression>
      from;
  Where where;
  std::optional<Expression> gate;   ///< `where`: without it there is no value at all
  std::vector<std::string> names;   ///< cards and properties of this rule, but not of its cases
  std::vector<std::string> needed;  ///< properties of all of it

  std::optional<std::regex> pattern;
  std::optional<Expression> computed;
  std::optional<TextTemplate> format;
  bool trim = false;
  enum class Case { as_is, lower, upper } letters = Case::as_is;
  std::vector<std::pair<std::regex, std::string>> substitutions;
  std::map<std::string, Value, std::less<>> map;
  std::optional<Value> other;  ///< for what `map` does not have
  std::optional<double> scale, offset, modulus;
  std::optional<ValueType> type;
  std::optional<Unit> unit;
  std::optional<Value> default_value;
  std::optional<Expression> default_expression;
};

/// A `[[fix]]`: a header known to be wrong, and what it should say.
struct HeaderFix {
  struct Assignment {
    std::string name;  ///< a card or property
    std::variant<Value, Expression> value;
  };
  Where where;
  std::optional<Expression> gate;
  std::vector<Assignment> assignments;
  /// `file`: the assignments of each file that there is, by its name.
  std::optional<TextTemplate> file;
  std::map<std::string, std::vector<Assignment>, std::less<>> files;
};

}  // namespace almagest
