#include <algorithm>
#include <limits>
#include <utility>

#include "almagest/error.hpp"
#include "fits_byte_order.hpp"
#include "fits_card.hpp"
#include "fits_table.hpp"

namespace almagest::fits {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

/// The letter of TFORM for a vector of numbers.
template <class T>
constexpr char form_letter() {
  if constexpr (std::is_same_v<T, std::uint8_t>)
    return 'B';
  else if constexpr (std::is_same_v<T, std::int16_t>)
    return 'I';
  else if constexpr (std::is_same_v<T, std::int32_t>)
    return 'J';
  else if constexpr (std::is_same_v<T, std::int64_t>)
    return 'K';
  else
    return std::is_same_v<T, float> ? 'E' : 'D';
}

/// Appends numbers in the file's byte order.
template <class T>
void append_numbers(std::string& bytes, std::span<T const> numbers) {
  std::size_t const start = bytes.size();
  bytes.resize(start + numbers.size_bytes());
  copy_to_big_endian(reinterpret_cast<std::byte const*>(numbers.data()),
                     reinterpret_cast<std::byte*>(bytes.data() + start), numbers.size_bytes(),
                     sizeof(T), false);
}

/// One column's TFORM and its bytes, cell after cell.
struct EncodedColumn {
  std::string form;
  std::size_t width = 0;  ///< of a cell [byte]
  std::string bytes;
};

void check_count(TableColumn const& column, std::size_t have, std::int64_t want) {
  if (std::cmp_not_equal(have, want))
    throw DataError("table column '" + column.name + "' has " + std::to_string(have) +
                    " values instead of " + std::to_string(want));
}

EncodedColumn encode_bits(TableColumn const& column, std::vector<std::uint8_t> const& values,
                          std::size_t rows) {
  auto const count = static_cast<std::size_t>(column.repeat);
  EncodedColumn result{std::to_string(count) + "X", (count + 7) / 8, {}};
  result.bytes.assign(rows * result.width, '\0');
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t i = 0; i < count; ++i)
      if (values[row * count + i] != 0) {
        char& byte = result.bytes[row * result.width + i / 8];
        byte = static_cast<char>(static_cast<unsigned char>(byte) | 0x80U >> i % 8);
      }
  return result;
}

template <class T>
EncodedColumn encode_numbers(TableColumn const& column, std::vector<T> const& values,
                             std::size_t rows) {
  check_count(column, values.size(), static_cast<std::int64_t>(rows) * column.repeat);
  EncodedColumn result;
  if constexpr (std::is_same_v<T, std::uint8_t>) {
    if (column.bits) return encode_bits(column, values, rows);
    if (column.logical) {
      result = {std::to_string(column.repeat) + "L", static_cast<std::size_t>(column.repeat), {}};
      for (std::uint8_t const v : values) result.bytes += v != 0 ? 'T' : 'F';
      return result;
    }
  }
  result.form = std::to_string(column.repeat) + form_letter<T>();
  result.width = static_cast<std::size_t>(column.repeat) * sizeof(T);
  append_numbers(result.bytes, std::span<T const>(values));
  return result;
}

EncodedColumn encode_texts(TableColumn const& column, std::vector<std::string> const& values,
                           std::size_t rows) {
  check_count(column, values.size(), static_cast<std::int64_t>(rows));
  std::size_t width = 1;  // zero-width columns trouble other programs
  for (std::string const& text : values) width = std::max(width, text.size());
  EncodedColumn result{std::to_string(width) + "A", width, {}};
  for (std::string const& text : values) {
    result.bytes += text;
    result.bytes.append(width - text.size(), ' ');
  }
  return result;
}

template <class T>
EncodedColumn encode_arrays(TableColumn const& column, std::vector<std::vector<T>> const& values,
                            std::size_t rows, std::string& heap) {
  check_count(column, values.size(), static_cast<std::int64_t>(rows));
  std::size_t longest = 0;
  std::size_t total = heap.size();
  for (auto const& array : values) {
    longest = std::max(longest, array.size());
    total += array.size() * sizeof(T);
  }
  bool const wide = total > std::size_t{std::numeric_limits<std::int32_t>::max()};
  EncodedColumn result{
      std::string(wide ? "1Q" : "1P") + form_letter<T>() + "(" + std::to_string(longest) + ")",
      wide ? std::size_t{16} : std::size_t{8},
      {}};
  for (auto const& array : values) {
    std::int64_t const descriptor[] = {static_cast<std::int64_t>(array.size()),
                                       static_cast<std::int64_t>(heap.size())};
    std::int32_t const narrow[] = {static_cast<std::int32_t>(descriptor[0]),
                                   static_cast<std::int32_t>(descriptor[1])};
    if (wide)
      append_numbers(result.bytes, std::span<std::int64_t const>(descriptor));
    else
      append_numbers(result.bytes, std::span<std::int32_t const>(narrow));
    append_numbers(heap, std::span<T const>(array));
  }
  return result;
}

EncodedColumn encode_column(TableColumn const& column, std::size_t rows, std::string& heap) {
  return std::visit(
      Overloaded{
          [&]<class T>(std::vector<T> const& v) { return encode_numbers(column, v, rows); },
          [&](std::vector<std::string> const& v) { return encode_texts(column, v, rows); },
          [&]<class T>(std::vector<std::vector<T>> const& v) {
            return encode_arrays(column, v, rows, heap);
          },
      },
      column.values);
}

std::string rows_of(std::vector<EncodedColumn> const& columns, std::size_t rows) {
  std::size_t width = 0;
  for (EncodedColumn const& column : columns) width += column.width;
  std::string result(rows * width, '\0');
  std::size_t offset = 0;
  for (EncodedColumn const& column : columns) {
    for (std::size_t row = 0; row < rows; ++row)
      std::copy_n(&column.bytes[row * column.width], column.width, &result[row * width + offset]);
    offset += column.width;
  }
  return result;
}

/// A name and what it means: as the comment of its card, or on a card of its own when it is long.
void append_documented(Header& cards, std::string const& name_card, std::string const& doc_card,
                       std::string const& name, std::string const& doc) {
  Header::Card const card{name_card, name, doc};
  cards.append(card);
  if (!comment_fits(card)) cards.append({doc_card, doc, {}});
}

/// {3, 5} → "(5,3)".
std::string shape_text(std::vector<int> const& shape) {
  std::string text = "(";
  for (std::size_t i = shape.size(); i-- > 0;)
    text += std::to_string(shape[i]) + (i == 0 ? ")" : ",");
  return text;
}

void append_column_cards(Header& cards, TableColumn const& column, std::string const& form,
                         std::size_t index) {
  std::string const number = std::to_string(index + 1);
  append_documented(cards, "TTYPE" + number, "TDOC" + number, column.name, column.doc);
  cards.append({"TFORM" + number, form, {}});
  if (!column.unit.empty()) cards.append({"TUNIT" + number, column.unit, {}});
  if (!column.shape.empty()) cards.append({"TDIM" + number, shape_text(column.shape), {}});
}

void append_bit_cards(Header& cards, TableColumn const& column) {
  for (std::size_t i = 0; i < column.bit_names.size(); ++i) {
    std::string const number = std::to_string(i + 1);
    append_documented(cards, "TFLAG" + number, "TFDOC" + number, column.bit_names[i],
                      i < column.bit_docs.size() ? column.bit_docs[i] : std::string());
  }
}

}  // namespace

EncodedHdu encode_table(Table const& table) {
  auto const rows = static_cast<std::size_t>(table.rows);
  std::vector<EncodedColumn> columns;
  std::string heap;
  std::size_t width = 0;
  for (TableColumn const& column : table.columns) {
    columns.push_back(encode_column(column, rows, heap));
    width += columns.back().width;
  }
  EncodedHdu result;
  Header& cards = result.cards;
  cards.append({"BITPIX", std::int64_t{8}, "bytes"});
  cards.append({"NAXIS", std::int64_t{2}, "rows of bytes"});
  cards.append({"NAXIS1", static_cast<std::int64_t>(width), "bytes in a row"});
  cards.append({"NAXIS2", table.rows, "rows"});
  cards.append(
      {"PCOUNT", static_cast<std::int64_t>(heap.size()), "bytes of variable-length arrays"});
  cards.append({"GCOUNT", std::int64_t{1}, "one group"});
  cards.append({"TFIELDS", static_cast<std::int64_t>(columns.size()), "columns"});
  for (std::size_t i = 0; i < columns.size(); ++i)
    append_column_cards(cards, table.columns[i], columns[i].form, i);
  for (TableColumn const& column : table.columns) append_bit_cards(cards, column);
  result.data = rows_of(columns, rows);
  result.data += heap;
  return result;
}

}  // namespace almagest::fits
