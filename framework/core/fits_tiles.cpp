#include "fits_tiles.hpp"

#include <fitsio.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>

#include "almagest/error.hpp"
#include "fits_card.hpp"
#include "fits_pixels.hpp"
#include "fits_rice.hpp"
#include "fits_table.hpp"

namespace almagest::fits {
namespace {

constexpr std::int64_t most_pixels = std::int64_t{1} << 30;  // four times the largest detectors
constexpr std::int64_t most_axes = 6;                        // CFITSIO's MAX_COMPRESS_DIM
constexpr int dither_seed = 1;                               // fixed: equal images, equal bytes

template <class T>
constexpr int cfitsio_type() {
  if constexpr (std::is_same_v<T, float>)
    return TFLOAT;
  else if constexpr (std::is_same_v<T, double>)
    return TDOUBLE;
  else if constexpr (std::is_same_v<T, std::uint16_t>)
    return TUSHORT;
  else if constexpr (std::is_same_v<T, std::int32_t>)
    return TINT;
  else
    return TBYTE;
}

template <class T>
constexpr int cfitsio_image_type() {
  return std::is_same_v<T, std::uint16_t> ? USHORT_IMG : bitpix_of<T>();
}

/// CFITSIO's words for a status.
std::string status_text(int status) {
  std::array<char, FLEN_STATUS> text{};
  fits_get_errstatus(status, text.data());
  fits_clear_errmsg();  // the stack of messages is shared by all threads, and of no use to us
  return text.data();
}

/// An open CFITSIO file in memory.
struct CloseFile {
  void operator()(fitsfile* file) const {
    int status = 0;
    fits_close_file(file, &status);
    if (status != 0) fits_clear_errmsg();
  }
};
using MemoryFile = std::unique_ptr<fitsfile, CloseFile>;

// ---- reading

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> known) {
  return std::ranges::find(known, text) != known.end();
}

/// The cards that CFITSIO reads when it decodes tiles, by the type that they must have.
bool is_integer_card(std::string_view name) {
  auto const [stem, number] = split_numbered(name);
  return is_one_of(name, {"THEAP", "ZBITPIX", "ZNAXIS", "ZDITHER0", "ZBLANK", "BLANK"}) ||
         (number > 0 && is_one_of(stem, {"ZNAXIS", "ZTILE", "TNULL"}));
}
bool is_number_card(std::string_view name) {
  auto const [stem, number] = split_numbered(name);
  return is_one_of(name, {"ZSCALE", "ZZERO", "BSCALE", "BZERO"}) ||
         (number > 0 && is_one_of(stem, {"ZVAL", "TSCAL", "TZERO"}));
}
bool is_text_card(std::string_view name) {
  auto const [stem, number] = split_numbered(name);
  return is_one_of(name, {"ZCMPTYPE", "ZQUANTIZ"}) ||
         (number > 0 && is_one_of(stem, {"TTYPE", "ZNAME"}));
}

void append_checked(Header& header, Hdu const& hdu, Header::Card const& card) {
  bool const integer = is_integer_card(card.name);
  if (integer || is_number_card(card.name)) {
    constexpr double largest = std::numeric_limits<std::int32_t>::max();
    double const value = hdu.header.number(card.name);
    if (integer && std::abs(static_cast<double>(hdu.header.integer(card.name))) > largest)
      refuse(hdu, card.name + " = " + to_string(Value(value)) + " is out of range");
    header.append({card.name, card.value, {}});
  } else if (is_text_card(card.name)) {
    constexpr std::size_t longest = 60;
    if (hdu.header.text(card.name).size() > longest) refuse(hdu, card.name + " is too long");
    header.append({card.name, card.value, {}});
  }
}

/// The decoders trust their parameters.
void check_parameters(Hdu const& hdu) {
  std::string const& type = hdu.header.text("ZCMPTYPE");
  if (!is_one_of(type,
                 {"RICE_1", "RICE_ONE", "GZIP_1", "GZIP_2", "PLIO_1", "HCOMPRESS_1", "NOCOMPRESS"}))
    refuse(hdu, "ZCMPTYPE = '" + type + "' is no known compression");
  bitpix_card(hdu, "ZBITPIX");
  for (int i = 1; hdu.header.has("ZNAME" + std::to_string(i)); ++i) {
    std::string const value = "ZVAL" + std::to_string(i);
    std::string const& name = hdu.header.text("ZNAME" + std::to_string(i));
    if (name == "BLOCKSIZE") integer_card(hdu, value, 16, 32);
    if (name == "BYTEPIX") integer_card(hdu, value, 1, 8);
  }
}

/// One row of the table for each tile, and no image beyond all bounds.
void check_tiles(Hdu const& hdu, std::vector<std::int64_t> const& axes) {
  std::int64_t tiles = 1;
  std::int64_t pixels = 1;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    // Without ZTILEn a tile is one row (Pence et al. 2009, section 2).
    std::int64_t const tile =
        integer_card_or(hdu, "ZTILE" + std::to_string(i + 1), i == 0 ? axes[0] : 1, 1, most_pixels);
    pixels *= axes[i];
    if (pixels > most_pixels) refuse(hdu, "the compressed image has more than 2^30 pixels");
    tiles *= (axes[i] + tile - 1) / tile;
  }
  if (tiles != hdu.axes[1])
    refuse(hdu, "the table has " + std::to_string(hdu.axes[1]) + " rows for " +
                    std::to_string(tiles) + " tiles");
}

std::string canonical_form(Hdu const& hdu, ColumnLayout const& layout,
                           std::span<std::byte const> data) {
  std::string form = std::to_string(layout.repeat) + layout.type;
  if (layout.type != 'P' && layout.type != 'Q') return form;
  std::int64_t longest = 0;
  for (ArrayDescriptor const& array : array_descriptors(hdu, layout, data))
    longest = std::max(longest, array.length);
  return form + layout.element_type + "(" + std::to_string(longest) + ")";
}

/// The header that CFITSIO gets to see.
std::string clean_header(Hdu const& hdu, std::span<std::byte const> data) {
  check_parameters(hdu);
  check_tiles(hdu, compressed_axes(hdu));
  heap_of(hdu);
  Header header;
  header.append({"XTENSION", std::string("BINTABLE"), {}});
  for (char const* name : {"BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "PCOUNT", "GCOUNT", "TFIELDS"})
    header.append({name, hdu.header.integer(name), {}});
  auto const layouts = column_layouts(hdu);
  for (std::size_t i = 0; i < layouts.size(); ++i)
    header.append({"TFORM" + std::to_string(i + 1), canonical_form(hdu, layouts[i], data), {}});
  header.append({"ZIMAGE", true, {}});
  for (Header::Card const& card : hdu.header.cards()) append_checked(header, hdu, card);

  std::string records;
  for (Header::Card const& card : header.cards()) append_card(records, card);
  append_end(records);
  return records;
}

/// A whole FITS file in memory, with this HDU as its first extension.
std::string memory_image(Hdu const& hdu, std::span<std::byte const> data) {
  std::string file;
  append_card(file, {"SIMPLE", true, {}});
  append_card(file, {"BITPIX", std::int64_t{8}, {}});
  append_card(file, {"NAXIS", std::int64_t{0}, {}});
  append_card(file, {"EXTEND", true, {}});
  append_end(file);
  file += clean_header(hdu, data);
  file.append(reinterpret_cast<char const*>(data.data()), data.size());
  file.resize((file.size() + block_size - 1) / block_size * block_size, '\0');
  return file;
}

// ---- writing

// The size of the memory stands in front of it.
constexpr std::size_t prefix = alignof(std::max_align_t);

/// realloc() whose new bytes are zero. CFITSIO reads places of a new file before it has written
/// them; with plain realloc() it would find, and put into the file, what was there before.
void* zeroing_realloc(void* memory, std::size_t size) {
  auto* const old_block = memory ? static_cast<std::byte*>(memory) - prefix : nullptr;
  std::size_t old_size = 0;
  if (old_block) std::memcpy(&old_size, old_block, sizeof old_size);
  auto* const block = static_cast<std::byte*>(std::realloc(old_block, prefix + size));
  if (!block) return nullptr;
  std::memcpy(block, &size, sizeof size);
  if (size > old_size) std::memset(block + prefix + old_size, 0, size - old_size);
  return block + prefix;
}

void free_zeroed(void* memory) {
  if (memory) std::free(static_cast<std::byte*>(memory) - prefix);
}

/// A file that CFITSIO builds in memory, and the memory.
class MemoryOutput {
 public:
  MemoryOutput() {
    constexpr std::size_t growth = std::size_t{1} << 20;
    fits_create_memfile(&file_, &memory_, &size_, growth, &zeroing_realloc, &status_);
  }
  ~MemoryOutput() {
    close();
    free_zeroed(memory_);
  }
  MemoryOutput(MemoryOutput const&) = delete;
  MemoryOutput& operator=(MemoryOutput const&) = delete;

  fitsfile* file() const noexcept { return file_; }
  /// Every call's status; CFITSIO does nothing more once there is one.
  int* status() noexcept { return &status_; }
  /// \throws DataError when anything went wrong
  void check() const {
    if (status_ != 0) throw DataError("cannot compress an image: " + status_text(status_));
  }

  /// The HDU written last, once it is complete.
  EncodedHdu finish();

 private:
  void close() noexcept {
    if (!file_) return;
    fits_close_file(file_, &status_);
    file_ = nullptr;
  }

  fitsfile* file_ = nullptr;
  void* memory_ = nullptr;
  std::size_t size_ = 0;
  int status_ = 0;
};

/// CFITSIO's stand-in for undefined float pixels, which its quantisation knows.
constexpr float quantised_nan = -9.11912E-36F;

template <class T>
void write_pixels(MemoryOutput& output, Image<T> const& image, bool quantised) {
  std::array<LONGLONG, 2> first{1, 1};
  auto const pixels = image.pixels();
  auto const count = static_cast<LONGLONG>(pixels.size());
  std::vector<T> copy(pixels.begin(), pixels.end());  // CFITSIO wants mutable pixels
  if constexpr (std::is_floating_point_v<T>) {
    if (quantised) {
      T null = quantised_nan;
      for (T& pixel : copy)
        if (std::isnan(pixel)) pixel = null;
      fits_write_pixnullll(output.file(), cfitsio_type<T>(), first.data(), count, copy.data(),
                           &null, output.status());
      return;
    }
  }
  fits_write_pixll(output.file(), cfitsio_type<T>(), first.data(), count, copy.data(),
                   output.status());
}

/// The layout's cards out of the header that CFITSIO made.
Header layout_cards(std::string_view records) {
  Header const all = parse_cards(records, {});
  Header cards;
  for (Header::Card const& card : all.cards())
    if (!is_one_of(card.name, {"XTENSION", "EXTNAME", "COMMENT", "CHECKSUM", "DATASUM", "END", ""}))
      cards.append(card);
  return cards;
}

EncodedHdu MemoryOutput::finish() {
  std::array<LONGLONG, 3> address{};  // of header, data and end
  fits_flush_file(file_, &status_);
  fits_get_hduaddrll(file_, &address[0], &address[1], &address[2], &status_);
  check();
  close();
  check();
  std::string_view const bytes(static_cast<char const*>(memory_), size_);
  auto const part = [&](LONGLONG from, LONGLONG size) {
    return bytes.substr(static_cast<std::size_t>(from), static_cast<std::size_t>(size));
  };
  EncodedHdu result;
  result.cards = layout_cards(part(address[0], address[1] - address[0]));
  result.data = part(address[1], result.cards.integer("NAXIS1") * result.cards.integer("NAXIS2") +
                                     result.cards.integer("PCOUNT"));
  return result;
}

}  // namespace

std::vector<std::int64_t> compressed_axes(Hdu const& hdu) {
  std::vector<std::int64_t> axes;
  auto const count = integer_card(hdu, "ZNAXIS", 1, most_axes);
  for (std::int64_t i = 1; i <= count; ++i)
    axes.push_back(integer_card(hdu, "ZNAXIS" + std::to_string(i), 1, most_pixels));
  return axes;
}

Header uncompressed_header(Hdu const& hdu) {
  Header header;
  header.set_origin(hdu.where);
  header.append({"XTENSION", std::string("IMAGE"), {}});
  header.append({"BITPIX", hdu.header.integer("ZBITPIX"), {}});
  auto const axes = compressed_axes(hdu);
  header.append({"NAXIS", static_cast<std::int64_t>(axes.size()), {}});
  for (std::size_t i = 0; i < axes.size(); ++i)
    header.append({"NAXIS" + std::to_string(i + 1), axes[i], {}});
  for (Header::Card const& card : hdu.header.cards())
    if (!is_structural(card.name) || is_one_of(card.name, {"BSCALE", "BZERO", "BLANK", "EXTNAME"}))
      header.append(card);
  return header;
}

template <class T>
Image<T> read_compressed_image(Hdu const& hdu, std::span<std::byte const> data,
                               std::optional<Box> box) {
  auto const axes = compressed_axes(hdu);
  Box const part = box_to_read(hdu, image_size(hdu, axes), box);
  check_parameters(hdu);
  check_tiles(hdu, axes);
  if constexpr (std::is_same_v<T, float>)
    if (auto image = read_rice_image(hdu, data, part)) return std::move(*image);
  std::string memory = memory_image(hdu, data);
  void* address = memory.data();
  std::size_t size = memory.size();
  int status = 0;
  fitsfile* opened = nullptr;
  fits_open_memfile(&opened, "tiles", READONLY, &address, &size, 0, nullptr, &status);
  MemoryFile const file(opened);
  fits_movabs_hdu(opened, 2, nullptr, &status);

  auto image = Image<T>::uninitialised(part);
  std::vector<long> first(axes.size(), 1);
  std::vector<long> last(axes.size(), 1);
  std::vector<long> step(axes.size(), 1);
  first[0] = part.x0 + 1;
  last[0] = part.x1() + 1;
  if (axes.size() > 1) {
    first[1] = part.y0 + 1;
    last[1] = part.y1() + 1;
  }
  T null{};
  if constexpr (std::is_floating_point_v<T>) null = std::numeric_limits<T>::quiet_NaN();
  int any_null = 0;
  fits_read_subset(opened, cfitsio_type<T>(), first.data(), last.data(), step.data(),
                   std::is_floating_point_v<T> ? &null : nullptr, image.pixels().data(), &any_null,
                   &status);
  if (status != 0) refuse(hdu, "cannot decode the compressed image: " + status_text(status));
  return image;
}

template <class T>
EncodedHdu compress_image(Image<T> const& image, Writer::ImageOptions const& options) {
  bool const is_float = std::is_floating_point_v<T>;
  bool const quantised = is_float && options.quantize > 0.0;
  if (is_float && !quantised && options.compression == Compression::rice)
    throw DataError("Rice compression of a float image needs a quantisation");
  MemoryOutput output;
  fitsfile* const file = output.file();
  int* const status = output.status();
  fits_set_compression_type(file, options.compression == Compression::rice ? RICE_1 : GZIP_2,
                            status);
  fits_set_quantize_level(file, quantised ? static_cast<float>(options.quantize) : 0.0F, status);
  fits_set_quantize_method(file, SUBTRACTIVE_DITHER_2, status);  // keeps zeros exact
  fits_set_dither_seed(file, dither_seed, status);
  std::array<long, 2> axes{image.width(), image.height()};
  fits_create_img(file, cfitsio_image_type<T>(), 2, axes.data(), status);
  write_pixels(output, image, quantised);
  return output.finish();
}

template Image<float> read_compressed_image(Hdu const&, std::span<std::byte const>,
                                            std::optional<Box>);
template Image<double> read_compressed_image(Hdu const&, std::span<std::byte const>,
                                             std::optional<Box>);
template Image<std::uint16_t> read_compressed_image(Hdu const&, std::span<std::byte const>,
                                                    std::optional<Box>);
template Image<std::int32_t> read_compressed_image(Hdu const&, std::span<std::byte const>,
                                                   std::optional<Box>);
template Image<std::uint8_t> read_compressed_image(Hdu const&, std::span<std::byte const>,
                                                   std::optional<Box>);
template EncodedHdu compress_image(Image<float> const&, Writer::ImageOptions const&);
template EncodedHdu compress_image(Image<double> const&, Writer::ImageOptions const&);
template EncodedHdu compress_image(Image<std::uint16_t> const&, Writer::ImageOptions const&);
template EncodedHdu compress_image(Image<std::int32_t> const&, Writer::ImageOptions const&);
template EncodedHdu compress_image(Image<std::uint8_t> const&, Writer::ImageOptions const&);

}  // namespace almagest::fits
