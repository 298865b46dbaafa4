#include <algorithm>
#include <cmath>
#include <compare>
#include <limits>

#include "engine/expression_node.hpp"

namespace almagest {
namespace {

using Node = Expression::Node;
using Kind = Node::Kind;

bool is_number(Value const& v) {
  return std::holds_alternative<std::int64_t>(v) || std::holds_alternative<double>(v);
}

double as_double(Value const& v) {
  auto const* whole = std::get_if<std::int64_t>(&v);
  return whole ? static_cast<double>(*whole) : std::get<double>(v);
}

/// Numbers with numbers, strings with strings, bools with bools.
std::partial_ordering compare(Value const& a, Value const& b) {
  if (a.index() == b.index()) return a <=> b;
  if (is_number(a) && is_number(b)) return as_double(a) <=> as_double(b);
  throw DataError(std::string("cannot compare ") + type_name(a) + ' ' + quoted(a) + " with " +
                  type_name(b) + ' ' + quoted(b));
}

bool holds(std::string_view symbol, std::partial_ordering order) {
  if (symbol == "==") return order == 0;
  if (symbol == "!=") return order != 0;
  if (symbol == "<") return order < 0;
  if (symbol == "<=") return order <= 0;
  if (symbol == ">") return order > 0;
  return order >= 0;
}

[[noreturn]] void overflow() {
  throw DataError("a result does not fit 64 bits");
}

/// Rounded down, so that a == b * (a div b) + a % b with 0 <= a % b < b, as a calendar wants it.
std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  if (b == 0) throw DataError("division by zero");
  if (b == -1 && a == std::numeric_limits<std::int64_t>::min()) overflow();
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

std::int64_t whole_arithmetic(char symbol, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  switch (symbol) {
    case '+':
      if (__builtin_add_overflow(a, b, &result)) overflow();
      return result;
    case '-':
      if (__builtin_sub_overflow(a, b, &result)) overflow();
      return result;
    case '*':
      if (__builtin_mul_overflow(a, b, &result)) overflow();
      return result;
    case '%':
      return b == -1 ? 0 : a - b * floor_divide(a, b);
    default:
      return floor_divide(a, b);
  }
}

double real_arithmetic(char symbol, double a, double b) {
  if (b == 0.0 && (symbol == '/' || symbol == '%' || symbol == 'd'))
    throw DataError("division by zero");
  switch (symbol) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      return a - b * std::floor(a / b);
    default:
      return std::floor(a / b);
  }
}

/// Whole numbers stay whole, except under `/`. Two strings may be added.
Value arithmetic(std::string const& symbol, Value const& a, Value const& b) {
  auto const* const text_a = std::get_if<std::string>(&a);
  auto const* const text_b = std::get_if<std::string>(&b);
  if (symbol == "+" && text_a && text_b) return *text_a + *text_b;
  if (!is_number(a) || !is_number(b))
    throw DataError("'" + symbol + "' wants numbers, got " + quoted(is_number(a) ? b : a));
  auto const* const whole_a = std::get_if<std::int64_t>(&a);
  auto const* const whole_b = std::get_if<std::int64_t>(&b);
  if (whole_a && whole_b && symbol != "/") return whole_arithmetic(symbol[0], *whole_a, *whole_b);
  return real_arithmetic(symbol[0], as_double(a), as_double(b));
}

class Evaluator {
 public:
  explicit Evaluator(Scope const& scope) : scope_(scope) {}

  Value evaluate(Node const& node) const {
    switch (node.kind) {
      case Kind::literal:
        return node.value;
      case Kind::name:
        return value_of(node.text);
      case Kind::negate:
        return arithmetic("-", std::int64_t{0}, evaluate(child(node, 0)));
      case Kind::logical_not:
        return !condition(child(node, 0));
      case Kind::logical_and:
        return condition(child(node, 0)) && condition(child(node, 1));
      case Kind::logical_or:
        return condition(child(node, 0)) || condition(child(node, 1));
      case Kind::compare:
        return holds(node.text, compare(evaluate(child(node, 0)), evaluate(child(node, 1))));
      case Kind::arithmetic:
        return arithmetic(node.text, evaluate(child(node, 0)), evaluate(child(node, 1)));
      case Kind::in:
        return member(node);
      case Kind::not_in:
        return !member(node);
      case Kind::matches:
        return matches(node);
      case Kind::call:
        return call(node);
      case Kind::range:
        break;  // only below `in`, which looks at its bounds itself
    }
    throw DataError("a range may only stand behind 'in'");
  }

 private:
  static Node const& child(Node const& node, std::size_t i) { return *node.children[i]; }

  std::optional<Value> lookup(std::string const& name) const {
    return scope_.lookup ? scope_.lookup(name) : std::nullopt;
  }

  Value value_of(std::string const& name) const {
    if (auto value = lookup(name)) return *std::move(value);
    throw AbsentNameError("'" + name + "' has no value");
  }

  bool condition(Node const& node) const {
    Value const value = evaluate(node);
    if (bool const* flag = std::get_if<bool>(&value)) return *flag;
    throw DataError(std::string("a condition must be true or false, got ") + type_name(value) +
                    ' ' + quoted(value));
  }

  bool member(Node const& node) const {
    Value const value = evaluate(child(node, 0));
    return std::any_of(node.children.begin() + 1, node.children.end(), [&](auto const& item) {
      if (item->kind != Kind::range) return compare(value, evaluate(*item)) == 0;
      return compare(value, evaluate(child(*item, 0))) >= 0 &&
             compare(value, evaluate(child(*item, 1))) <= 0;
    });
  }

  bool matches(Node const& node) const {
    constexpr std::size_t longest = 1024;  // std::regex is recursive; header cards are shorter
    Value const value = evaluate(child(node, 0));
    auto const* text = std::get_if<std::string>(&value);
    if (!text) throw DataError(std::string("'~' wants a string, got ") + quoted(value));
    if (text->size() > longest) throw DataError("'~' wants a string of at most 1024 characters");
    return std::regex_search(*text, node.pattern);
  }

  bool all_present(Node const& node) const {
    if (node.kind == Kind::name) return lookup(node.text).has_value();
    if (node.kind == Kind::call && (node.text == "present" || node.text == "first")) return true;
    return std::ranges::all_of(node.children, [&](auto const& c) { return all_present(*c); });
  }

  Value call(Node const& node) const {
    if (node.text == "present") return lookup(child(node, 0).text).has_value();
    if (node.text == "first") return first(node);
    if (node.text == "index") return index(child(node, 0).text);
    std::vector<Value> arguments;
    for (auto const& c : node.children) arguments.push_back(evaluate(*c));
    return find_expression_function(node.text)->call(arguments);
  }

  /// The first argument whose names all have a value.
  Value first(Node const& node) const {
    for (auto const& c : node.children)
      if (all_present(*c)) return evaluate(*c);
    throw AbsentNameError("first(): none of its arguments has a value");
  }

  Value index(std::string const& key) const {
    Value const value = value_of(key);
    auto const position = scope_.index ? scope_.index(key, value) : std::nullopt;
    if (!position)
      throw DataError("index(): " + quoted(value) + " is no known value of '" + key + "'");
    return *position;
  }

  Scope const& scope_;
};

}  // namespace

Value Expression::evaluate(Scope const& scope) const {
  if (!root_) throw DataError("an empty expression has no value");
  try {
    return Evaluator(scope).evaluate(*root_);
  } catch (AbsentNameError const& error) {
    throw AbsentNameError("expression \"" + text_ + "\": " + error.what());
  } catch (DataError const& error) {
    throw DataError("expression \"" + text_ + "\": " + error.what());
  }
}

bool Expression::test(Scope const& scope) const {
  Value const value = evaluate(scope);
  if (bool const* flag = std::get_if<bool>(&value)) return *flag;
  throw DataError("expression \"" + text_ + "\" must be true or false, got " + type_name(value) +
                  ' ' + quoted(value));
}

}  // namespace almagest
