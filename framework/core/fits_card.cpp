#include "fits_card.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "almagest/error.hpp"

namespace almagest::fits {
namespace {

constexpr std::size_t name_size = 8;
constexpr std::size_t fixed_value_end = 30;  // numbers end in column 30 (standard, section 4.2)
constexpr std::size_t shortest_string = 8;   // between the quotes
constexpr std::size_t longest_name = 50;     // leaves room for a number behind "HIERARCH "

std::string_view trim_right(std::string_view text) {
  std::size_t const last = text.find_last_not_of(' ');
  return last == std::string_view::npos ? std::string_view{} : text.substr(0, last + 1);
}

std::string_view trim(std::string_view text) {
  std::size_t const first = text.find_first_not_of(' ');
  return first == std::string_view::npos ? std::string_view{} : trim_right(text.substr(first));
}

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

/// Only the printable ASCII characters may stand in a header.
std::string printable(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c < ' ' || c > '~') c = '?';
  return result;
}

// ---- reading

struct ValueAndComment {
  std::optional<Value> value;
  std::string comment;
};

std::string comment_after_slash(std::string_view text) {
  std::size_t const slash = text.find('/');
  return slash == std::string_view::npos ? std::string()
                                         : std::string(trim(text.substr(slash + 1)));
}

/// A quoted string and what follows it; `text` begins with the quote.
ValueAndComment parse_string(std::string_view text) {
  std::string value;
  std::size_t i = 1;
  for (; i < text.size(); ++i) {
    if (text[i] == '\'') {
      if (i + 1 >= text.size() || text[i + 1] != '\'') break;
      ++i;  // a doubled quote is one quote
    }
    value += text[i];
  }
  std::string_view const rest = i < text.size() ? text.substr(i + 1) : std::string_view{};
  return {std::string(trim_right(value)), comment_after_slash(rest)};
}

ValueAndComment parse_value(std::string_view text) {
  text = trim(text);
  if (text.empty()) return {};
  if (text.front() == '\'') return parse_string(text);
  std::size_t const slash = text.find('/');
  std::string_view const token = trim(text.substr(0, slash));
  ValueAndComment result{std::nullopt, comment_after_slash(text)};
  if (token.empty()) return result;
  result.value = parse_number_or_logical(token);
  if (!result.value) result.value = std::string(token);
  return result;
}

Header::Card parse_record(std::string_view record) {
  std::string_view const name = trim_right(record.substr(0, name_size));
  bool const commentary = name.empty() || name == "COMMENT" || name == "HISTORY";
  if (name == "HIERARCH") {
    std::size_t const equals = record.find('=', name_size);
    if (equals != std::string_view::npos) {
      ValueAndComment parsed = parse_value(record.substr(equals + 1));
      return {std::string(trim(record.substr(name_size, equals - name_size))),
              std::move(parsed.value), std::move(parsed.comment)};
    }
  } else if (!commentary && record.substr(name_size, 2) == "= ") {
    ValueAndComment parsed = parse_value(record.substr(name_size + 2));
    return {std::string(name), std::move(parsed.value), std::move(parsed.comment)};
  }
  return {std::string(name), std::nullopt, std::string(trim_right(record.substr(name_size)))};
}

/// Joins a CONTINUE record to the string before it. \returns false when there is nothing to
/// continue
bool continue_string(Header::Card& card, std::string_view record) {
  if (!card.value) return false;
  auto* const text = std::get_if<std::string>(&*card.value);
  std::string_view const rest = trim(record.substr(name_size));
  if (!text || text->empty() || text->back() != '&' || rest.empty() || rest.front() != '\'')
    return false;
  ValueAndComment const more = parse_string(rest);
  text->pop_back();
  *text += std::get<std::string>(*more.value);
  if (!more.comment.empty()) card.comment += (card.comment.empty() ? "" : " ") + more.comment;
  return true;
}

// ---- writing

bool is_standard_name(std::string_view name) {
  return !name.empty() && name.size() <= name_size && std::ranges::all_of(name, [](char c) {
    return (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' || c == '_';
  });
}

std::string doubled_quotes(std::string_view text) {
  std::string result;
  for (char const c : text) result.append(c == '\'' ? 2 : 1, c);
  return result;
}

std::string float_text(double value) {
  std::array<char, 32> digits{};
  auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  std::string text(digits.data(), end);  // the shortest that gives back the same bits
  std::size_t const exponent = text.find('e');
  if (text.find('.') == std::string::npos)
    text.insert(std::min(exponent, text.size()), ".0");  // or it would be read as an integer
  std::ranges::replace(text, 'e', 'E');
  return text;
}

/// A value that is no string; empty when FITS cannot express it.
std::string plain_value_text(Value const& value) {
  if (auto const* v = std::get_if<bool>(&value)) return *v ? "T" : "F";
  if (auto const* v = std::get_if<std::int64_t>(&value)) return std::to_string(*v);
  double const number = std::get<double>(value);
  return std::isfinite(number) ? float_text(number) : std::string();
}

/// "NAME    = " or "HIERARCH NAME = ".
std::string value_prefix(std::string_view name) {
  if (is_standard_name(name)) {
    std::string prefix(name);
    prefix.resize(name_size, ' ');
    return prefix + "= ";
  }
  std::string printed = printable(name);
  std::ranges::replace(printed, '=', '_');
  if (printed.size() > longest_name)
    throw DataError("card name '" + printed + "' is too long for a FITS header");
  return "HIERARCH " + printed + " = ";
}

void append_record(std::string& records, std::string record) {
  record.resize(card_size, ' ');
  records += record;
}

void append_commentary(std::string& records, Header::Card const& card) {
  std::string prefix = card.name;
  prefix.resize(name_size, ' ');
  std::string const text = printable(card.comment);
  std::size_t const room = card_size - name_size;
  for (std::size_t i = 0; i == 0 || i < text.size(); i += room)
    append_record(records, prefix + text.substr(i, room));
}

/// The record of a card whose value is short, comment included however long.
std::string single_record(Header::Card const& card) {
  std::string record = value_prefix(card.name);
  bool const fixed = record.size() == name_size + 2;
  if (auto const* text = card.value ? std::get_if<std::string>(&*card.value) : nullptr) {
    std::string quoted = doubled_quotes(printable(*text));
    if (fixed) quoted.resize(std::max(quoted.size(), shortest_string), ' ');
    record += '\'' + quoted + '\'';
    if (fixed) record.resize(std::max(record.size(), fixed_value_end), ' ');
  } else {
    std::string const value = card.value ? plain_value_text(*card.value) : std::string();
    std::size_t const width = fixed ? fixed_value_end - record.size() : 0;
    record += std::string(width > value.size() ? width - value.size() : 0, ' ') + value;
  }
  return card.comment.empty() ? record : record + " / " + printable(card.comment);
}

/// A string over several records, each but the last ending in '&'. The comment stands on the last
/// one, which is empty when there is no room for it elsewhere.
void append_long_string(std::string& records, Header::Card const& card, std::string_view text) {
  std::string prefix = value_prefix(card.name);
  std::string const escaped = doubled_quotes(printable(text));
  std::string const comment = card.comment.empty() ? "" : " / " + printable(card.comment);
  std::string_view rest = escaped;
  while (!rest.empty() && prefix.size() + rest.size() + 2 + comment.size() > card_size) {
    std::size_t length = std::min(rest.size(), card_size - prefix.size() - 3);
    // Never cut between the two halves of a doubled quote.
    if (std::ranges::count(rest.substr(0, length), '\'') % 2 != 0) --length;
    append_record(records, prefix + '\'' + std::string(rest.substr(0, length)) + "&'");
    rest.remove_prefix(length);
    prefix = "CONTINUE  ";
  }
  append_record(records, prefix + '\'' + std::string(rest) + '\'' + comment);
}

}  // namespace

std::optional<Value> parse_number_or_logical(std::string_view token) {
  if (token == "T") return true;
  if (token == "F") return false;
  if (token.starts_with('+')) token.remove_prefix(1);
  std::string_view const unsigned_part = token.substr(token.starts_with('-') ? 1 : 0);
  if (unsigned_part.empty() || !(is_digit(unsigned_part.front()) || unsigned_part.front() == '.'))
    return std::nullopt;  // from_chars would also read "inf" and "nan"
  std::string text(token);
  std::ranges::replace_if(
      text, [](char c) { return c == 'D' || c == 'd'; }, 'E');
  char const* const end = text.data() + text.size();
  if (std::ranges::all_of(unsigned_part, is_digit)) {
    std::int64_t integer = 0;
    auto const [stop, error] = std::from_chars(text.data(), end, integer);
    if (error == std::errc() && stop == end) return integer;
  }
  double number = 0.0;
  auto const [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

Header parse_cards(std::string_view records, std::string origin) {
  Header header;
  header.set_origin(std::move(origin));
  std::optional<Header::Card> pending;
  for (std::size_t i = 0; i + card_size <= records.size(); i += card_size) {
    std::string const record = printable(records.substr(i, card_size));
    if (pending && record.starts_with("CONTINUE") && continue_string(*pending, record)) continue;
    if (pending) header.append(std::move(*pending));
    pending = parse_record(record);
  }
  if (pending) header.append(std::move(*pending));
  return header;
}

void append_card(std::string& records, Header::Card const& card) {
  bool const commentary = card.name.empty() || card.name == "COMMENT" || card.name == "HISTORY";
  if (commentary) return append_commentary(records, card);
  Header::Card bare = card;
  bare.comment.clear();
  if (single_record(bare).size() <= card_size) return append_record(records, single_record(card));
  if (auto const* text = card.value ? std::get_if<std::string>(&*card.value) : nullptr)
    return append_long_string(records, card, *text);
  throw DataError("card '" + card.name + "' is too long for a FITS header");
}

void append_end(std::string& records) {
  append_record(records, "END");
  records.resize((records.size() + block_size - 1) / block_size * block_size, ' ');
}

bool comment_fits(Header::Card const& card) {
  return single_record(card).size() <= card_size;
}

std::pair<std::string_view, int> split_numbered(std::string_view name) {
  std::size_t const last = name.find_last_not_of("0123456789");
  if (last == std::string_view::npos || last + 1 == name.size()) return {name, 0};
  int number = 0;
  auto const error = std::from_chars(name.data() + last + 1, name.data() + name.size(), number).ec;
  if (error != std::errc()) return {name, 0};
  return {name.substr(0, last + 1), number};
}

bool is_structural(std::string_view name) {
  constexpr auto plain = std::to_array<std::string_view>(
      {"SIMPLE",  "XTENSION", "BITPIX",   "NAXIS",    "EXTEND",  "PCOUNT",   "GCOUNT",   "GROUPS",
       "TFIELDS", "THEAP",    "BSCALE",   "BZERO",    "BLANK",   "CHECKSUM", "DATASUM",  "END",
       "EXTNAME", "LONGSTRN", "CONTINUE", "ZIMAGE",   "ZSIMPLE", "ZTENSION", "ZEXTEND",  "ZBLOCKED",
       "ZBITPIX", "ZNAXIS",   "ZPCOUNT",  "ZGCOUNT",  "ZTHEAP",  "ZCMPTYPE", "ZQUANTIZ", "ZDITHER0",
       "ZBLANK",  "ZMASKCMP", "ZHECKSUM", "ZDATASUM", "ZSCALE",  "ZZERO"});
  constexpr auto numbered = std::to_array<std::string_view>(
      {"NAXIS", "TTYPE", "TFORM", "TUNIT", "TDIM", "TSCAL", "TZERO", "TNULL", "TDISP", "TDOC",
       "TFLAG", "TFDOC", "ZNAXIS", "ZTILE", "ZNAME", "ZVAL", "ZFORM", "ZCTYP"});
  if (std::ranges::find(plain, name) != plain.end()) return true;
  auto const [stem, number] = split_numbered(name);
  return number > 0 && std::ranges::find(numbered, stem) != numbered.end();
}

}  // namespace almagest::fits
