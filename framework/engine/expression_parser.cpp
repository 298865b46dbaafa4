#include <algorithm>
#include <charconv>
#include <set>

#include "almagest/config_value.hpp"
#include "engine/expression_node.hpp"

namespace almagest {
namespace {

using Node = Expression::Node;
using NodePtr = std::unique_ptr<Node>;
using Kind = Node::Kind;

constexpr int max_nesting = 100;  // the parser and the evaluator are recursive

struct Token {
  enum class Type { number, text, name, symbol, end } type = Type::end;
  std::string text;
  Value value;
  std::size_t offset = 0;
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool starts_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}
bool continues_name(char c) {
  return is_digit(c) || (starts_name(c) && c != '$');
}

/// Cuts the text into numbers, 'texts', names (keywords too) and symbols.
class Lexer {
 public:
  Lexer(std::string_view text, Where where) : text_(text), where_(std::move(where)) {}

  Token next() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != text_.npos) ++at_;
    Token token;
    token.offset = at_;
    if (at_ == text_.size()) return token;
    char const c = text_[at_];
    if (is_digit(c) || (c == '.' && is_digit(peek(1))))
      number(token);
    else if (starts_name(c))
      name(token);
    else if (c == '\'' || c == '"')
      string(token, c);
    else
      symbol(token);
    return token;
  }

  [[noreturn]] void fail(std::size_t offset, std::string const& what) const {
    Where place = where_;
    std::string where_in_text;
    if (place.line != 0)
      place.column += static_cast<unsigned>(offset);
    else
      where_in_text = " (at character " + std::to_string(offset + 1) + ")";
    throw ConfigError(place, "expression \"" + std::string(text_) + "\": " + what + where_in_text);
  }

 private:
  char peek(std::size_t ahead) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  void number(Token& token) {
    std::size_t const start = at_;
    bool real = false;
    while (is_digit(peek(0))) ++at_;
    if (peek(0) == '.' && peek(1) != '.') {  // two dots make a range: 1..5
      real = true;
      ++at_;
      while (is_digit(peek(0))) ++at_;
    }
    bool const exponent =
        (peek(0) == 'e' || peek(0) == 'E') &&
        (is_digit(peek(1)) || ((peek(1) == '-' || peek(1) == '+') && is_digit(peek(2))));
    if (exponent) {
      real = true;
      at_ += 2;
      while (is_digit(peek(0))) ++at_;
    }
    if (continues_name(peek(0))) fail(start, "a name may not begin with a digit");

    token.type = Token::Type::number;
    token.text = text_.substr(start, at_ - start);
    char const* const first = token.text.data();
    char const* const last = first + token.text.size();
    std::errc error{};
    if (real) {
      double value = 0.0;
      error = std::from_chars(first, last, value).ec;
      token.value = value;
    } else {
      std::int64_t value = 0;
      error = std::from_chars(first, last, value).ec;
      token.value = value;
    }
    if (error != std::errc()) fail(start, "the number " + token.text + " is out of range");
  }

  /// A dot or a minus belongs to a name when the name goes on behind it.
  void name(Token& token) {
    std::size_t const start = at_++;
    while (continues_name(peek(0)) ||
           ((peek(0) == '.' || peek(0) == '-') && continues_name(peek(1))))
      ++at_;
    token.type = Token::Type::name;
    token.text = text_.substr(start, at_ - start);
  }

  void string(Token& token, char quote) {
    std::size_t const end = text_.find(quote, at_ + 1);
    if (end == text_.npos) fail(at_, "a string is not closed");
    token.type = Token::Type::text;
    token.text = text_.substr(at_ + 1, end - at_ - 1);
    token.value = token.text;
    at_ = end + 1;
  }

  void symbol(Token& token) {
    token.type = Token::Type::symbol;
    for (std::string_view const two : {"==", "!=", "<=", ">=", ".."}) {
      if (text_.substr(at_, 2) == two) {
        token.text = two;
        at_ += 2;
        return;
      }
    }
    char const c = text_[at_];
    if (c == '=') fail(at_, "equality is written ==");
    if (std::string_view("<>()+-*/%~,").find(c) == std::string_view::npos)
      fail(at_, "there is no sense in '" + std::string(1, c) + "' here");
    token.text = c;
    ++at_;
  }

  std::string_view text_;
  Where where_;
  std::size_t at_ = 0;
};

/// Recursive descent, one function per level of precedence, loosest first:
/// or, and, not, comparison and in, + -, * / div %, unary minus, what stands alone.
class Parser {
 public:
  Parser(std::string_view text, Where const& where) : lexer_(text, where) { advance(); }

  NodePtr parse() {
    NodePtr root = disjunction();
    if (token_.type != Token::Type::end) fail("an operator");
    return root;
  }

  std::set<std::string> names;

 private:
  void advance() { token_ = lexer_.next(); }

  bool is(std::string_view symbol) const {
    return token_.text == symbol &&
           (token_.type == Token::Type::symbol || token_.type == Token::Type::name);
  }
  bool accept(std::string_view symbol) {
    if (!is(symbol)) return false;
    advance();
    return true;
  }
  void expect(std::string_view symbol) {
    if (!accept(symbol)) fail("'" + std::string(symbol) + "'");
  }

  [[noreturn]] void fail(std::string const& expected) const {
    std::string const found = token_.type == Token::Type::end ? "its end" : "'" + token_.text + "'";
    lexer_.fail(token_.offset, "expected " + expected + ", found " + found);
  }

  static NodePtr make(Kind kind, std::string text, NodePtr a, NodePtr b = nullptr) {
    auto node = std::make_unique<Node>();
    node->kind = kind;
    node->text = std::move(text);
    node->children.push_back(std::move(a));
    if (b) node->children.push_back(std::move(b));
    return node;
  }

  NodePtr disjunction() {
    if (++nesting_ > max_nesting) lexer_.fail(token_.offset, "it is nested too deeply");
    NodePtr left = conjunction();
    while (accept("or")) left = grown(make(Kind::logical_or, "or", std::move(left), conjunction()));
    --nesting_;
    return left;
  }

  NodePtr conjunction() {
    NodePtr left = negation();
    while (accept("and")) left = grown(make(Kind::logical_and, "and", std::move(left), negation()));
    return left;
  }

  NodePtr negation() {
    if (!accept("not")) return comparison();
    if (++nesting_ > max_nesting) lexer_.fail(token_.offset, "it is nested too deeply");
    NodePtr node = make(Kind::logical_not, "not", negation());
    --nesting_;
    return node;
  }

  NodePtr comparison() {
    NodePtr left = sum();
    for (std::string_view const symbol : {"==", "!=", "<=", ">=", "<", ">"})
      if (accept(symbol)) return make(Kind::compare, std::string(symbol), std::move(left), sum());
    if (accept("~")) return pattern(std::move(left));
    if (accept("in")) return membership(Kind::in, std::move(left));
    if (accept("not")) {
      expect("in");
      return membership(Kind::not_in, std::move(left));
    }
    return left;
  }

  NodePtr pattern(NodePtr left) {
    if (token_.type != Token::Type::text) fail("a regular expression in quotes");
    NodePtr node = make(Kind::matches, token_.text, std::move(left));
    try {
      node->pattern = std::regex(token_.text, std::regex::ECMAScript | std::regex::optimize);
    } catch (std::regex_error const&) {
      lexer_.fail(token_.offset, "'" + token_.text + "' is no regular expression");
    }
    advance();
    return node;
  }

  /// What follows `in`: a range, or a list of values and ranges in parentheses.
  NodePtr membership(Kind kind, NodePtr left) {
    NodePtr node = make(kind, "in", std::move(left));
    if (is("(")) {
      advance();
      do node->children.push_back(value_or_range());
      while (accept(","));
      expect(")");
      return node;
    }
    node->children.push_back(value_or_range());
    if (node->children.back()->kind != Kind::range)
      fail("a range a..b, or a list (a, b) after 'in'");
    return node;
  }

  NodePtr value_or_range() {
    NodePtr low = sum();
    if (!accept("..")) return low;
    return make(Kind::range, "..", std::move(low), sum());
  }

  NodePtr sum() {
    NodePtr left = product();
    while (is("+") || is("-")) {
      std::string const symbol = token_.text;
      advance();
      left = grown(make(Kind::arithmetic, symbol, std::move(left), product()));
    }
    return left;
  }

  NodePtr product() {
    NodePtr left = unary();
    while (is("*") || is("/") || is("%") || is("div")) {
      std::string const symbol = token_.text;
      advance();
      left = grown(make(Kind::arithmetic, symbol, std::move(left), unary()));
    }
    return left;
  }

  NodePtr unary() {
    if (!accept("-")) return primary();
    if (++nesting_ > max_nesting) lexer_.fail(token_.offset, "it is nested too deeply");
    NodePtr node = make(Kind::negate, "-", unary());
    --nesting_;
    return node;
  }

  NodePtr primary() {
    if (token_.type == Token::Type::number || token_.type == Token::Type::text)
      return literal(token_.value);
    if (token_.type == Token::Type::name) return named();
    if (!accept("(")) fail("a value");
    NodePtr inner = disjunction();
    expect(")");
    return inner;
  }

  NodePtr literal(Value value) {
    auto node = std::make_unique<Node>();
    node->value = std::move(value);
    advance();
    return node;
  }

  NodePtr named() {
    for (std::string_view const keyword : {"and", "or", "not", "in", "div"})
      if (token_.text == keyword) fail("a value");
    if (is("true") || is("false")) return literal(token_.text == "true");

    Token const name = token_;
    advance();
    if (is("(")) return call(name);
    names.insert(name.text);
    auto node = std::make_unique<Node>();
    node->kind = Kind::name;
    node->text = name.text;
    return node;
  }

  NodePtr call(Token const& name) {
    ExpressionFunction const* const function = find_expression_function(name.text);
    if (!function) {
      std::vector<std::string> known;
      for (auto const& f : expression_functions()) known.emplace_back(f.name);
      lexer_.fail(name.offset,
                  "there is no function '" + name.text + "'" + nearest_name_hint(name.text, known));
    }
    auto node = std::make_unique<Node>();
    node->kind = Kind::call;
    node->text = name.text;
    expect("(");
    if (!is(")")) {
      do node->children.push_back(disjunction());
      while (accept(","));
    }
    std::size_t const given = node->children.size();
    if (given < function->least || given > function->most)
      lexer_.fail(name.offset, name.text + "() takes " + std::to_string(function->least) +
                                   (function->most > function->least ? " or more" : "") +
                                   " arguments, got " + std::to_string(given));
    bool const of_name = name.text == "present" || name.text == "index";
    if (of_name && node->children[0]->kind != Kind::name)
      lexer_.fail(name.offset, name.text + "() takes a name");
    expect(")");
    return node;
  }

  /// A chain a + b + c … nests to the left: its length is limited, so that evaluating and
  /// destroying it cannot exhaust the stack.
  NodePtr grown(NodePtr node) {
    constexpr int max_operators = 1000;
    if (++operators_ > max_operators) lexer_.fail(token_.offset, "it has too many operators");
    return node;
  }

  Lexer lexer_;
  Token token_;
  int nesting_ = 0;
  int operators_ = 0;
};

}  // namespace

Expression Expression::parse(std::string_view text, Where const& where) {
  Parser parser(text, where);
  Expression expression;
  expression.root_ = parser.parse();
  expression.text_ = text;
  expression.where_ = where;
  expression.names_.assign(parser.names.begin(), parser.names.end());
  return expression;
}

}  // namespace almagest
