#include <charconv>
#include <optional>

#include "fits_byte_order.hpp"
#include "fits_table.hpp"

namespace almagest::fits {
namespace {

/// Bytes of one element; none for an unknown type. Bits are counted in whole bytes elsewhere.
std::optional<std::int64_t> element_size(char type) {
  switch (type) {
    case 'L':
    case 'X':
    case 'B':
    case 'A':
      return 1;
    case 'I':
      return 2;
    case 'J':
    case 'E':
      return 4;
    case 'K':
    case 'D':
    case 'C':
    case 'P':
      return 8;
    case 'M':
    case 'Q':
      return 16;
    default:
      return std::nullopt;
  }
}

/// "25E", "1PB(2304)", "8A": repeat, type, and the element type of a variable-length array.
std::optional<ColumnLayout> parse_form(std::string_view form) {
  ColumnLayout layout;
  char const* const end = form.data() + form.size();
  auto const parsed = std::from_chars(form.data(), end, layout.repeat);
  if (parsed.ec == std::errc::result_out_of_range || layout.repeat < 0) return std::nullopt;
  std::string_view const rest(parsed.ptr, end);
  if (rest.empty()) return std::nullopt;
  layout.type = layout.element_type = rest.front();
  auto const size = element_size(layout.type);
  if (!size) return std::nullopt;
  if (layout.type == 'P' || layout.type == 'Q') {
    if (layout.repeat > 1 || rest.size() < 2 || !element_size(rest[1])) return std::nullopt;
    layout.element_type = rest[1];
  }
  if (__builtin_mul_overflow(layout.repeat, *size, &layout.width)) return std::nullopt;
  if (layout.type == 'X') layout.width = layout.repeat / 8 + (layout.repeat % 8 != 0 ? 1 : 0);
  return layout;
}

}  // namespace

std::vector<ColumnLayout> column_layouts(Hdu const& hdu) {
  std::vector<ColumnLayout> columns;
  std::int64_t const count = integer_card(hdu, "TFIELDS", 0, 999);
  std::int64_t const row = hdu.axes[0];
  std::int64_t offset = 0;
  for (std::int64_t i = 1; i <= count; ++i) {
    std::string const card = "TFORM" + std::to_string(i);
    std::string const& form = hdu.header.text(card);
    auto layout = parse_form(form);
    if (!layout) refuse(hdu, card + " = '" + form + "' is no column form");
    if (layout->width > row - offset) refuse(hdu, "the columns are wider than NAXIS1");
    layout->offset = offset;
    offset += layout->width;
    columns.push_back(*layout);
  }
  if (offset != row)
    refuse(hdu, "the columns have " + std::to_string(offset) +
                    " bytes, but NAXIS1 = " + std::to_string(row));
  return columns;
}

Heap heap_of(Hdu const& hdu) {
  std::int64_t const rows = hdu.axes[0] * hdu.axes[1];
  std::int64_t const offset = integer_card_or(hdu, "THEAP", rows, rows, hdu.data_size);
  return {offset, hdu.data_size - offset};
}

std::vector<ArrayDescriptor> array_descriptors(Hdu const& hdu, ColumnLayout const& column,
                                               std::span<std::byte const> data) {
  Heap const heap = heap_of(hdu);
  std::vector<ArrayDescriptor> result(static_cast<std::size_t>(hdu.axes[1]));
  if (column.repeat == 0) return result;
  std::int64_t const size = *element_size(column.element_type);
  std::int64_t room = heap.size;  // shared arrays would let a small file fill the memory
  for (std::size_t row = 0; row < result.size(); ++row) {
    std::byte const* const cell = &data[row * static_cast<std::size_t>(hdu.axes[0]) +
                                        static_cast<std::size_t>(column.offset)];
    auto& [length, offset] = result[row];
    length = column.type == 'P' ? load_big_endian<std::int32_t>(cell)
                                : load_big_endian<std::int64_t>(cell);
    offset = column.type == 'P' ? load_big_endian<std::int32_t>(cell + 4)
                                : load_big_endian<std::int64_t>(cell + 8);
    if (length == 0) continue;  // the offset means nothing then
    bool const inside =
        length > 0 && offset >= 0 && offset <= heap.size && length <= (heap.size - offset) / size;
    if (!inside || length * size > room)
      refuse(hdu,
             "row " + std::to_string(row) + ": a variable-length array is not inside the heap");
    room -= length * size;
  }
  return result;
}

}  // namespace almagest::fits
