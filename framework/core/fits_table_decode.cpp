#include <algorithm>
#include <limits>

#include "fits_byte_order.hpp"
#include "fits_card.hpp"
#include "fits_table.hpp"

namespace almagest::fits {
namespace {

/// One column's cells within the rows.
struct Cells {
  Hdu const& hdu;
  ColumnLayout const& layout;
  std::span<std::byte const> data;
  std::string const& name;

  std::size_t rows() const { return static_cast<std::size_t>(hdu.axes[1]); }
  std::size_t repeat() const { return static_cast<std::size_t>(layout.repeat); }
  std::byte const* cell(std::size_t row) const {
    return data.data() + row * static_cast<std::size_t>(hdu.axes[0]) +
           static_cast<std::size_t>(layout.offset);
  }
};

/// What append_documented() of the writer wrote: the text on its own card, or the comment.
std::string doc_of(Header const& header, std::string const& name_card,
                   std::string const& doc_card) {
  std::string doc = text_card_or_empty(header, doc_card);
  if (!doc.empty()) return doc;
  auto const card = std::ranges::find(header.cards(), name_card, &Header::Card::name);
  return card != header.cards().end() ? card->comment : std::string();
}

template <class Raw>
Raw load(std::byte const* source) {
  if constexpr (std::is_same_v<Raw, float>)
    return load_big_endian_float(source);
  else if constexpr (std::is_same_v<Raw, double>)
    return load_big_endian_double(source);
  else
    return load_big_endian<Raw>(source);
}

/// Fixed-length numbers; `change` turns a stored value into ours.
template <class Raw, class T, class Change>
std::vector<T> values(Cells const& cells, std::size_t repeat, Change change) {
  std::vector<T> result;
  result.reserve(cells.rows() * repeat);
  for (std::size_t row = 0; row < cells.rows(); ++row) {
    std::byte const* cell = cells.cell(row);
    for (std::size_t i = 0; i < repeat; ++i, cell += sizeof(Raw))
      result.push_back(change(load<Raw>(cell)));
  }
  return result;
}

/// Numbers as they are, as unsigned ones where TZERO says so, as doubles when they are scaled.
template <class Raw, class Wider>
TableColumn::Values numbers(Cells const& cells, std::size_t repeat, double scale, double zero) {
  if (scale == 1.0 && zero == 0.0) return values<Raw, Raw>(cells, repeat, [](Raw v) { return v; });
  if constexpr (std::is_integral_v<Raw> && sizeof(Raw) < 8) {
    // The standard's unsigned integers (signed bytes for B): TZERO moves the range by half.
    double const half = std::is_unsigned_v<Raw> ? -128.0 : -double{std::numeric_limits<Raw>::min()};
    if (scale == 1.0 && zero == half)
      return values<Raw, Wider>(cells, repeat, [half](Raw v) {
        return static_cast<Wider>(Wider{v} + static_cast<Wider>(half));
      });
  }
  return values<Raw, double>(cells, repeat,
                             [=](Raw v) { return static_cast<double>(v) * scale + zero; });
}

std::vector<std::uint8_t> bits(Cells const& cells) {
  std::vector<std::uint8_t> result;
  result.reserve(cells.rows() * cells.repeat());
  for (std::size_t row = 0; row < cells.rows(); ++row)
    for (std::size_t i = 0; i < cells.repeat(); ++i)
      result.push_back(std::to_integer<unsigned>(cells.cell(row)[i / 8]) >> (7 - i % 8) & 1U);
  return result;
}

std::vector<std::uint8_t> truths(Cells const& cells) {
  return values<std::uint8_t, std::uint8_t>(
      cells, cells.repeat(), [](std::uint8_t v) { return static_cast<std::uint8_t>(v == 'T'); });
}

/// Up to the first NUL, without the blanks at the end.
std::string_view trimmed_text(std::span<std::byte const> bytes) {
  std::string_view text(reinterpret_cast<char const*>(bytes.data()), bytes.size());
  text = text.substr(0, text.find('\0'));
  std::size_t const last = text.find_last_not_of(' ');
  return last == std::string_view::npos ? std::string_view{} : text.substr(0, last + 1);
}

std::vector<std::string> texts(Cells const& cells) {
  std::vector<std::string> result;
  if (cells.repeat() == 0) return result;
  result.reserve(cells.rows());
  for (std::size_t row = 0; row < cells.rows(); ++row)
    result.emplace_back(trimmed_text({cells.cell(row), cells.repeat()}));
  return result;
}

/// The bytes of each row's variable-length array, and how many elements they are.
struct HeapArray {
  std::span<std::byte const> bytes;
  std::size_t length;
};
std::vector<HeapArray> heap_arrays(Cells const& cells, std::size_t element_size) {
  auto const heap = cells.data.subspan(static_cast<std::size_t>(heap_of(cells.hdu).offset));
  std::vector<HeapArray> result;
  result.reserve(cells.rows());
  for (auto const& [length, offset] : array_descriptors(cells.hdu, cells.layout, cells.data)) {
    auto const count = static_cast<std::size_t>(length);
    std::size_t const start = count == 0 ? 0 : static_cast<std::size_t>(offset);
    result.push_back({heap.subspan(start, count * element_size), count});
  }
  return result;
}

template <class Raw, class T = Raw>
std::vector<std::vector<T>> arrays(Cells const& cells) {
  std::vector<std::vector<T>> result;
  result.reserve(cells.rows());
  for (auto const& [bytes, length] : heap_arrays(cells, sizeof(Raw))) {
    std::vector<T>& array = result.emplace_back(length);
    for (std::size_t i = 0; i < length; ++i)
      array[i] = static_cast<T>(load<Raw>(&bytes[i * sizeof(Raw)]));
  }
  return result;
}

std::vector<std::string> text_arrays(Cells const& cells) {
  std::vector<std::string> result;
  result.reserve(cells.rows());
  for (HeapArray const& array : heap_arrays(cells, 1))
    result.emplace_back(trimmed_text(array.bytes));
  return result;
}

TableColumn::Values decode_arrays(Cells const& cells) {
  switch (cells.layout.element_type) {
    case 'A':
      return text_arrays(cells);
    case 'B':
      return arrays<std::uint8_t>(cells);
    case 'I':
      return arrays<std::int16_t, double>(cells);
    case 'J':
      return arrays<std::int32_t, double>(cells);
    case 'K':
      return arrays<std::int64_t, double>(cells);
    case 'E':
      return arrays<float>(cells);
    case 'D':
      return arrays<double>(cells);
    default:
      break;
  }
  refuse(cells.hdu, "column '" + cells.name + "' has variable-length arrays of " + "type " +
                        cells.layout.element_type + ", which are not read");
}

TableColumn::Values decode_values(Cells const& cells, double scale, double zero) {
  std::size_t const n = cells.repeat();
  switch (cells.layout.type) {
    case 'L':
      return truths(cells);
    case 'X':
      return bits(cells);
    case 'A':
      return texts(cells);
    case 'B':
      return numbers<std::uint8_t, std::int16_t>(cells, n, scale, zero);
    case 'I':
      return numbers<std::int16_t, std::int32_t>(cells, n, scale, zero);
    case 'J':
      return numbers<std::int32_t, std::int64_t>(cells, n, scale, zero);
    case 'K':
      return numbers<std::int64_t, std::int64_t>(cells, n, scale, zero);
    case 'E':
      return numbers<float, double>(cells, n, scale, zero);
    case 'D':
      return numbers<double, double>(cells, n, scale, zero);
    case 'C':
      return numbers<float, double>(cells, 2 * n, scale, zero);  // re, im
    case 'M':
      return numbers<double, double>(cells, 2 * n, scale, zero);
    default:
      return decode_arrays(cells);
  }
}

/// "(5,3)" → {3, 5}: FITS has the fastest dimension first. Empty when it does not match the repeat.
std::vector<int> parse_shape(std::string_view text, std::int64_t repeat) {
  std::vector<int> shape;
  std::int64_t size = 1;
  if (text.size() < 3 || text.front() != '(' || text.back() != ')') return {};
  text = text.substr(1, text.size() - 2);
  while (true) {
    std::size_t const comma = text.find(',');
    auto const value = parse_number_or_logical(text.substr(0, comma));
    auto const* n = value ? std::get_if<std::int64_t>(&*value) : nullptr;
    if (!n || *n < 1 || *n > repeat / size) return {};
    size *= *n;
    shape.insert(shape.begin(), static_cast<int>(*n));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return size == repeat ? shape : std::vector<int>{};
}

TableColumn decode_column(Hdu const& hdu, ColumnLayout const& layout,
                          std::span<std::byte const> data, std::size_t index) {
  Header const& header = hdu.header;
  std::string const number = std::to_string(index + 1);
  TableColumn column;
  column.name = text_card_or_empty(header, "TTYPE" + number);
  column.unit = text_card_or_empty(header, "TUNIT" + number);
  column.doc = doc_of(header, "TTYPE" + number, "TDOC" + number);
  bool const is_array = layout.type == 'P' || layout.type == 'Q';
  bool const is_complex = layout.type == 'C' || layout.type == 'M';
  column.bits = layout.type == 'X';
  column.logical = layout.type == 'L';
  if (layout.type != 'A' && !is_array) column.repeat = layout.repeat * (is_complex ? 2 : 1);
  column.shape = parse_shape(text_card_or_empty(header, "TDIM" + number), column.repeat);
  column.values =
      decode_values({hdu, layout, data, column.name}, header.number_or("TSCAL" + number, 1.0),
                    header.number_or("TZERO" + number, 0.0));
  return column;
}

/// The names that LSST gives to the bits of the one flags column.
void read_bit_names(Header const& header, TableColumn& column) {
  for (std::int64_t i = 1; i <= column.repeat; ++i) {
    std::string const number = std::to_string(i);
    if (!header.has("TFLAG" + number)) break;
    column.bit_names.push_back(text_card_or_empty(header, "TFLAG" + number));
    column.bit_docs.push_back(doc_of(header, "TFLAG" + number, "TFDOC" + number));
  }
}

}  // namespace

Table decode_table(Hdu const& hdu, std::span<std::byte const> data) {
  Table table;
  table.rows = hdu.axes[1];
  auto const layouts = column_layouts(hdu);
  for (std::size_t i = 0; i < layouts.size(); ++i)
    table.columns.push_back(decode_column(hdu, layouts[i], data, i));
  auto const flags = std::ranges::find(table.columns, true, &TableColumn::bits);
  if (flags != table.columns.end()) read_bit_names(hdu.header, *flags);
  table.header.set_origin(hdu.where);
  for (Header::Card const& card : hdu.header.cards())
    if (!is_structural(card.name)) table.header.append(card);
  return table;
}

}  // namespace almagest::fits
