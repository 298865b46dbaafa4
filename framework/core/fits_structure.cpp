#include "fits_structure.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "almagest/error.hpp"
#include "fits_card.hpp"
#include "fits_checksum.hpp"

namespace almagest::fits {
namespace {

// Caps far above any real file: they bound what a hostile one can make us do.
constexpr std::size_t most_header_blocks = 1000;
constexpr std::size_t most_hdus = 10000;
constexpr std::int64_t most_axes = 999;  // standard, section 4.4.1
constexpr std::int64_t longest_axis = std::int64_t{1} << 40;

[[noreturn]] void fail(std::string const& where, std::string const& what) {
  throw DataError(where + ": " + what);
}

struct HeaderText {
  std::string records;  // without END
  std::int64_t size = 0;
  std::uint32_t sum = 0;
};

/// Where the END card stands in a block, if it does.
std::optional<std::size_t> find_end(std::string_view block) {
  for (std::size_t i = 0; i + card_size <= block.size(); i += card_size)
    if (block.substr(i, card_size).starts_with("END     ")) return i;
  return std::nullopt;
}

HeaderText read_header(InputFile& file, std::int64_t offset, std::string const& where) {
  HeaderText text;
  Checksum sum;
  for (std::size_t i = 0; i < most_header_blocks; ++i) {
    if (file.size() - offset < std::int64_t{block_size})
      fail(where, "the file ends within the header (no END card)");
    auto const bytes = file.view(offset, block_size);
    std::string_view const block(reinterpret_cast<char const*>(bytes.data()), bytes.size());
    sum.add(bytes);
    text.size += block_size;
    offset += block_size;
    auto const end = find_end(block);
    text.records += block.substr(0, end.value_or(block.size()));
    if (end) {
      text.sum = sum.value();
      return text;
    }
  }
  fail(where, "the header has more than " + std::to_string(most_header_blocks) + " blocks");
}

/// a · b for sizes; none when it exceeds any file.
std::optional<std::int64_t> product(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result)) return std::nullopt;
  return result;
}

/// |BITPIX| / 8 · GCOUNT · (PCOUNT + NAXIS1 · NAXIS2 · …) (standard, equations 1 and 2).
std::int64_t declared_size(Hdu const& hdu, std::int64_t pcount, std::int64_t gcount, bool groups) {
  if (hdu.axes.empty()) return 0;
  std::optional<std::int64_t> count = 1;
  for (std::size_t i = groups ? 1 : 0; i < hdu.axes.size() && count; ++i)
    count = product(*count, hdu.axes[i]);
  std::int64_t values = 0;
  if (!count || __builtin_add_overflow(*count, pcount, &values)) count.reset();
  if (count) count = product(values, gcount);
  if (count) count = product(*count, std::abs(hdu.bitpix) / 8);
  if (!count) refuse(hdu, "the declared size is beyond any file");
  return *count;
}

bool true_card(Hdu const& hdu, std::string_view name) {
  Value const* const value = hdu.header.find(name);
  return value && *value == Value(true);
}

void read_axes(Hdu& hdu) {
  hdu.bitpix = bitpix_card(hdu, "BITPIX");
  auto const axes = integer_card(hdu, "NAXIS", 0, most_axes);
  for (std::int64_t i = 1; i <= axes; ++i)
    hdu.axes.push_back(integer_card(hdu, "NAXIS" + std::to_string(i), 0, longest_axis));
}

void read_kind(Hdu& hdu, bool primary) {
  if (primary) {
    if (!true_card(hdu, "SIMPLE")) refuse(hdu, "SIMPLE is not T");
    hdu.kind = true_card(hdu, "GROUPS") ? Hdu::Kind::other : Hdu::Kind::image;
    return;
  }
  std::string const extension = text_card_or_empty(hdu.header, "XTENSION");
  if (extension == "IMAGE") {
    hdu.kind = Hdu::Kind::image;
  } else if (extension == "BINTABLE") {
    hdu.kind = true_card(hdu, "ZIMAGE") ? Hdu::Kind::compressed_image : Hdu::Kind::table;
    if (hdu.bitpix != 8 || hdu.axes.size() != 2)
      refuse(hdu, "a binary table must have BITPIX = 8 and NAXIS = 2");
    integer_card(hdu, "TFIELDS", 0, 999);
    // Rows without bytes would make the number of rows free of charge.
    if (hdu.axes[0] == 0) hdu.axes[1] = 0;
  }
}

std::string with_extname(std::string where, std::string const& extname) {
  return extname.empty() ? where : where + " (" + extname + ")";
}

Hdu read_hdu(InputFile& file, std::int64_t offset, int index) {
  Hdu hdu;
  hdu.where = file.name() + "[" + std::to_string(index) + "]";
  HeaderText const text = read_header(file, offset, hdu.where);
  hdu.header = parse_cards(text.records, hdu.where);
  hdu.header_sum = text.sum;
  hdu.extname = text_card_or_empty(hdu.header, "EXTNAME");
  hdu.where = with_extname(hdu.where, hdu.extname);
  hdu.header.set_origin(hdu.where);
  read_axes(hdu);
  read_kind(hdu, index == 0);

  bool const groups = index == 0 && true_card(hdu, "GROUPS");
  bool const fixed = hdu.kind != Hdu::Kind::other;
  std::int64_t const pcount = integer_card_or(hdu, "PCOUNT", 0, 0, longest_axis);
  std::int64_t const gcount =
      integer_card_or(hdu, "GCOUNT", 1, fixed ? 1 : 0, fixed ? 1 : longest_axis);
  if (hdu.kind == Hdu::Kind::image && pcount != 0) refuse(hdu, "PCOUNT must be 0");
  hdu.data_offset = offset + text.size;
  hdu.data_size = declared_size(hdu, pcount, gcount, groups);
  std::int64_t const rest = file.size() - hdu.data_offset;
  if (hdu.data_size > rest)
    refuse(hdu, "the header declares " + std::to_string(hdu.data_size) +
                    " bytes of data, but the file ends after " + std::to_string(rest));
  std::int64_t const block = block_size;
  hdu.stored_size = std::min(rest, (hdu.data_size + block - 1) / block * block);
  return hdu;
}

/// Whether an extension begins here. Nothing but blanks or zeros ends the file quietly.
bool extension_follows(InputFile& file, std::int64_t offset, Hdu const& previous) {
  std::int64_t const size = std::min(file.size() - offset, std::int64_t{block_size});
  if (size <= 0) return false;
  auto const bytes = file.view(offset, static_cast<std::size_t>(size));
  std::string_view const block(reinterpret_cast<char const*>(bytes.data()), bytes.size());
  if (block.starts_with("XTENSION")) return true;
  char const first = block.front();
  if ((first == '\0' || first == ' ') && block.find_first_not_of(first) == std::string_view::npos)
    return false;
  refuse(previous, "what follows it is no FITS extension");
}

/// The declared DATASUM, if there is one.
std::optional<std::uint32_t> declared_data_sum(Hdu const& hdu) {
  Value const* const value = hdu.header.find("DATASUM");
  if (!value) return std::nullopt;
  std::string text = to_string(*value);
  text.erase(0, text.find_first_not_of(' '));  // right-justified, as some write it
  if (text.empty()) return std::nullopt;       // the standard's "undefined"
  std::uint32_t sum = 0;
  auto const [stop, error] = std::from_chars(text.data(), text.data() + text.size(), sum);
  if (error != std::errc() || stop != text.data() + text.size())
    refuse(hdu, "DATASUM = '" + text + "' is no checksum");
  return sum;
}

bool has_checksum(Hdu const& hdu) {
  return hdu.header.has("CHECKSUM") && !text_card_or_empty(hdu.header, "CHECKSUM").empty();
}

void verify_whole(Hdu const& hdu, std::uint32_t data_sum) {
  if (!same_sum(combine(hdu.header_sum, data_sum), 0))
    refuse(hdu, "the checksum is wrong (CHECKSUM): the file is damaged");
}

}  // namespace

std::vector<Hdu> read_structure(InputFile& file) {
  if (file.size() < std::int64_t{block_size})
    fail(file.name(), "is no FITS file (" + std::to_string(file.size()) + " bytes)");
  auto const start = file.view(0, card_size);
  std::string_view const card(reinterpret_cast<char const*>(start.data()), start.size());
  if (!card.starts_with("SIMPLE  =")) fail(file.name(), "is no FITS file (no SIMPLE card)");

  std::vector<Hdu> hdus;
  std::int64_t offset = 0;
  do {
    if (hdus.size() == most_hdus)
      fail(file.name(), "has more than " + std::to_string(most_hdus) + " HDUs");
    hdus.push_back(read_hdu(file, offset, static_cast<int>(hdus.size())));
    offset = hdus.back().data_offset + hdus.back().stored_size;
  } while (extension_follows(file, offset, hdus.back()));
  return hdus;
}

void verify_header(Hdu const& hdu) {
  auto const data_sum = declared_data_sum(hdu);
  if (data_sum && has_checksum(hdu)) verify_whole(hdu, *data_sum);
}

void verify_data(Hdu const& hdu, std::uint32_t data_sum) {
  auto const declared = declared_data_sum(hdu);
  if (declared && !same_sum(*declared, data_sum))
    refuse(hdu, "the data's checksum is wrong (DATASUM " + std::to_string(*declared) + ", found " +
                    std::to_string(data_sum) + "): the file is damaged");
  if (has_checksum(hdu)) verify_whole(hdu, data_sum);
}

ImageSize image_size(Hdu const& hdu, std::vector<std::int64_t> const& axes) {
  auto const extra =
      axes.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(axes.size(), 2));
  if (axes.empty()) refuse(hdu, "has no image");
  if (std::any_of(extra, axes.end(), [](std::int64_t n) { return n != 1; }))
    refuse(hdu, "has " + std::to_string(axes.size()) + " axes; an image has two");
  std::int64_t const width = axes[0];
  std::int64_t const height = axes.size() > 1 ? axes[1] : 1;
  if (width == 0 || height == 0) refuse(hdu, "the image has no pixels");
  constexpr std::int64_t longest = std::numeric_limits<int>::max();
  if (width > longest || height > longest) refuse(hdu, "an axis is too long");
  return {static_cast<int>(width), static_cast<int>(height)};
}

void refuse(Hdu const& hdu, std::string const& what) {
  fail(hdu.where, what);
}

int bitpix_card(Hdu const& hdu, std::string_view name) {
  auto const bitpix = integer_card(hdu, name, -64, 64);
  constexpr auto known = std::to_array<std::int64_t>({8, 16, 32, 64, -32, -64});
  if (std::ranges::find(known, bitpix) == known.end())
    refuse(hdu, std::string(name) + " = " + std::to_string(bitpix) +
                    " is none of 8, 16, 32, 64, -32, -64");
  return static_cast<int>(bitpix);
}

std::int64_t integer_card(Hdu const& hdu, std::string_view name, std::int64_t lowest,
                          std::int64_t highest) {
  std::int64_t const value = hdu.header.integer(name);
  if (value < lowest || value > highest)
    refuse(hdu, std::string(name) + " = " + std::to_string(value) + " is outside " +
                    std::to_string(lowest) + " .. " + std::to_string(highest));
  return value;
}

std::int64_t integer_card_or(Hdu const& hdu, std::string_view name, std::int64_t absent,
                             std::int64_t lowest, std::int64_t highest) {
  return hdu.header.has(name) ? integer_card(hdu, name, lowest, highest) : absent;
}

std::string text_card_or_empty(Header const& header, std::string_view name) {
  Value const* const value = header.find(name);
  auto const* text = value ? std::get_if<std::string>(value) : nullptr;
  return text ? *text : std::string();
}

}  // namespace almagest::fits
