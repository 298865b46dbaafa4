#include "engine/expression.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>

using namespace almagest;

namespace {

Scope scope_of(std::map<std::string, Value, std::less<>> const& values) {
  return {[values](std::string_view name) -> std::optional<Value> {
            auto const found = values.find(name);
            if (found == values.end()) return std::nullopt;
            return found->second;
          },
          [](std::string_view key, Value const& value) -> std::optional<std::int64_t> {
            std::string const order = "ugriz";
            auto const* text = std::get_if<std::string>(&value);
            if (key != "filter" || !text || text->size() != 1) return std::nullopt;
            auto const at = order.find(*text);
            if (at == std::string::npos) return std::nullopt;
            return static_cast<std::int64_t>(at);
          }};
}

Scope const hsc = scope_of({{"visit", std::int64_t{904024}},
                            {"filter", std::string("i")},
                            {"T_X-Y", 2.5},
                            {"detector.type", std::string("science")},
                            {"good", true}});

Value evaluate(std::string const& text) {
  return Expression::parse(text, {"x.toml", 4, 10}).evaluate(hsc);
}
bool test(std::string const& text) {
  return Expression::parse(text, {"x.toml", 4, 10}).test(hsc);
}
std::string syntax_error(std::string const& text) {
  try {
    Expression::parse(text, {"x.toml", 4, 10});
    return {};
  } catch (ConfigError const& error) {
    return error.what();
  }
}
std::string data_error(std::string const& text) {
  try {
    evaluate(text);
    return {};
  } catch (DataError const& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("expression: comparisons, ranges, lists and logic") {
  CHECK(test("visit == 904024 and filter == 'i'"));
  CHECK(test("visit in 904000..904100"));
  CHECK_FALSE(test("visit not in 904000..904100"));
  CHECK(test("filter in ('g', 'i')"));
  CHECK(test("visit in (1, 904020..904030, 7)"));
  CHECK(test("visit >= 904024.0"));
  CHECK(test("not filter != 'i' or false"));
  CHECK(test("good == true"));
  CHECK(test("filter ~ '^[a-i]$'"));
  CHECK_FALSE(test("filter ~ 'I'"));
  CHECK(test("detector.type == \"science\""));
}

TEST_CASE("expression: and binds tighter than or, not tighter than and") {
  CHECK(test("true or false and false"));
  CHECK_FALSE(test("(true or false) and false"));
  CHECK(test("not false and true"));
  CHECK_FALSE(test("not (false or true)"));
}

TEST_CASE("expression: both sides of a logical operator are looked at only when needed") {
  CHECK_FALSE(test("present(ghost) and ghost > 3"));
  CHECK(test("not present(ghost) or ghost > 3"));
}

TEST_CASE("expression: whole numbers stay whole, div and % round down") {
  CHECK(evaluate("2 + 3 * 4") == Value(std::int64_t{14}));
  CHECK(evaluate("10 - 2 - 3") == Value(std::int64_t{5}));
  CHECK(evaluate("7 / 2") == Value(3.5));
  CHECK(evaluate("7 div 2") == Value(std::int64_t{3}));
  CHECK(evaluate("-7 div 2") == Value(std::int64_t{-4}));
  CHECK(evaluate("-7 % 2") == Value(std::int64_t{1}));
  CHECK(evaluate("-1.5 % 360") == Value(358.5));
  CHECK(evaluate("visit*100 + 3") == Value(std::int64_t{90402403}));
  CHECK(evaluate("T_X-Y - 1") == Value(1.5));
}

TEST_CASE("expression: an absent name has an error of its own") {
  Scope const nothing;
  auto const parsed = [](char const* text) { return Expression::parse(text, {}); };
  CHECK_THROWS_AS(parsed("ghost + 1").evaluate(nothing), AbsentNameError);
  CHECK_THROWS_AS(parsed("first(ghost, phantom)").evaluate(nothing), AbsentNameError);
  CHECK(parsed("not present(ghost) or ghost > 1").test(nothing));
}

TEST_CASE("expression: functions") {
  CHECK(evaluate("first(ghost, phantom, visit)") == Value(std::int64_t{904024}));
  CHECK(evaluate("first(ghost + 1, 7)") == Value(std::int64_t{7}));
  CHECK(evaluate("int('007')") == Value(std::int64_t{7}));
  CHECK(evaluate("int(-3.9)") == Value(std::int64_t{-3}));
  CHECK(evaluate("floor(-3.1)") == Value(std::int64_t{-4}));
  CHECK(evaluate("num(' +1.5e1 ')") == Value(15.0));
  CHECK(evaluate("min(3, 1.5, 2)") == Value(1.5));
  CHECK(evaluate("max(3, 1.5, 2)") == Value(std::int64_t{3}));
  CHECK(evaluate("abs(-3)") == Value(std::int64_t{3}));
  CHECK(evaluate("index(filter)") == Value(std::int64_t{3}));
  CHECK(evaluate("len('Å b')") == Value(std::int64_t{3}));
}

// Python: datetime.date(2013, 6, 17).toordinal(); (datetime(...) - datetime(2015, 1, 1)).
TEST_CASE("expression: dates") {
  CHECK(evaluate("ordinal('2013-06-17')") == Value(std::int64_t{735036}));
  CHECK(evaluate("ordinal('0001-01-01')") == Value(std::int64_t{1}));
  CHECK(evaluate("ordinal(20130617)") == Value(std::int64_t{735036}));
  CHECK(evaluate("seconds('2026-03-15T22:50:34', '2015-01-01')") == Value(std::int64_t{353544634}));
  CHECK(evaluate("seconds('2015-01-01T00:00:01.5', '2015-01-01')") == Value(1.5));
  CHECK(data_error("ordinal('2013-02-30')") != "");
  CHECK(data_error("ordinal('17.6.2013')") != "");
  CHECK(data_error("ordinal(20130230)") != "");
  CHECK(data_error("ordinal(-1)") != "");
}

// Visit ids of real LATISS headers: digits of the group's hash * 100 + its length.
TEST_CASE("expression: blake2b gives the leading digits of the digest") {
  auto const id = [&](std::string const& g) {
    return evaluate("blake2b('" + g + "', 14)*100 + len('" + g + "')");
  };
  CHECK(id("TEST01") == Value(std::int64_t{1123819875881954006}));
  CHECK(id("wave,Focus,455,32.0PH=5um") == Value(std::int64_t{1892608703001301325}));
}

TEST_CASE("expression: names are those that have to be looked up") {
  CHECK(Expression::parse("band == 'i' and int($1) > visit and band in (a-b, c.d)", {}).names() ==
        std::vector<std::string>{"$1", "a-b", "band", "c.d", "visit"});
}

TEST_CASE("expression: a syntax error stands at its column") {
  CHECK(syntax_error("band = 'i'") ==
        "x.toml:4:15: expression \"band = 'i'\": equality is written ==");
  CHECK(syntax_error("band == 'i") ==
        "x.toml:4:18: expression \"band == 'i\": a string is not closed");
  CHECK(syntax_error("(a or b") ==
        "x.toml:4:17: expression \"(a or b\": expected ')', found its end");
  CHECK(syntax_error("a b") == "x.toml:4:12: expression \"a b\": expected an operator, found 'b'");
  CHECK(syntax_error("a in 3") ==
        "x.toml:4:16: expression \"a in 3\": expected a range a..b, or a list (a, b) after 'in', "
        "found its end");
  CHECK(syntax_error("lenn('x')") ==
        "x.toml:4:10: expression \"lenn('x')\": there is no function 'lenn'; did you mean 'len'?");
  CHECK(syntax_error("") == "x.toml:4:10: expression \"\": expected a value, found its end");
  CHECK(syntax_error("a ~ '('") != "");
  CHECK(syntax_error("99999999999999999999") != "");
  CHECK(syntax_error("present(1)") != "");
  CHECK(syntax_error("1 .. 2") != "");
  CHECK(syntax_error("a ; b") != "");
}

TEST_CASE("expression: what cannot be evaluated says why and quotes the expression") {
  CHECK(data_error("ghost > 3") == "expression \"ghost > 3\": 'ghost' has no value");
  CHECK(data_error("visit == 'x'") ==
        "expression \"visit == 'x'\": cannot compare integer 904024 with string 'x'");
  CHECK(data_error("1 div 0") == "expression \"1 div 0\": division by zero");
  CHECK(data_error("9223372036854775807 + 1") != "");
  CHECK(data_error("visit and true") != "");
  CHECK_THROWS_AS(test("visit"), DataError);
}

TEST_CASE("expression: nesting and chains that would exhaust the stack are refused") {
  auto const many = [](std::string const& text) {
    std::string all;
    for (int i = 0; i < 200000; ++i) all += text;
    return all;
  };
  CHECK(syntax_error(many("(") + "1" + many(")")) != "");
  CHECK(syntax_error(many("not ") + "true") != "");
  CHECK(syntax_error(many("- ") + "1") != "");
  CHECK(syntax_error(many("1 + ") + "1") != "");
  CHECK(syntax_error(many("true or ") + "true") != "");
  CHECK(syntax_error(many("abs(") + "1" + many(")")) != "");
}
