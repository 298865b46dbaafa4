#include <algorithm>
#include <vector>

#include "almagest/error.hpp"
#include "almagest/fits.hpp"
#include "fits_byte_order.hpp"
#include "fits_card.hpp"
#include "fits_output.hpp"
#include "fits_pixels.hpp"
#include "fits_table.hpp"
#include "fits_tiles.hpp"

namespace almagest::fits {
namespace {

// Converted and written at a time: small enough to stay in the cache between the two.
constexpr std::size_t chunk_bytes = std::size_t{256} << 10;

/// The cards of a product's header that are not the writer's own.
void append_user_cards(Header& cards, Header const& user) {
  for (Header::Card const& card : user.cards())
    if (!is_structural(card.name)) cards.append(card);
}

template <class T>
Header image_cards(Image<T> const& image) {
  Header cards;
  cards.append({"BITPIX", std::int64_t{bitpix_of<T>()}, "type of the pixels"});
  cards.append({"NAXIS", std::int64_t{2}, {}});
  cards.append({"NAXIS1", std::int64_t{image.width()}, "columns"});
  cards.append({"NAXIS2", std::int64_t{image.height()}, "rows"});
  return cards;
}

template <class T>
void put_pixels(Image<T> const& image, OutputFile::Piece const& put) {
  std::vector<std::byte> buffer(chunk_bytes);
  auto const pixels = std::as_bytes(image.pixels());
  for (std::size_t done = 0; done < pixels.size(); done += chunk_bytes) {
    std::size_t const size = std::min(chunk_bytes, pixels.size() - done);
    std::uint64_t const sum = copy_to_big_endian(&pixels[done], buffer.data(), size, sizeof(T),
                                                 std::is_same_v<T, std::uint16_t>);
    put(std::span<std::byte const>(buffer).first(size), sum);
  }
}

void put_bytes(std::string const& data, OutputFile::Piece const& put) {
  auto const bytes = std::as_bytes(std::span<char const>(data));
  Checksum sum;
  sum.add(bytes);
  put(bytes, sum.value());
}

}  // namespace

struct Writer::State {
  explicit State(std::filesystem::path const& path) : file(path) {}

  /// SIMPLE or XTENSION, the layout, EXTNAME, then the product's own cards.
  void append(char const* extension, Header const& layout, std::string const& extname,
              Header const& user, OutputFile::Data const& data) {
    Header cards;
    if (extension)
      cards.append({"XTENSION", std::string(extension), {}});
    else
      cards.append({"SIMPLE", true, "conforms to the FITS standard"});
    for (Header::Card const& card : layout.cards()) cards.append(card);
    if (!extension) cards.append({"EXTEND", true, "extensions may follow"});
    if (!extname.empty()) cards.append({"EXTNAME", extname, {}});
    append_user_cards(cards, user);
    file.append(cards, data);
    has_primary = true;
  }

  void append_primary(Header const& user) {
    Header layout;
    layout.append({"BITPIX", std::int64_t{8}, {}});
    layout.append({"NAXIS", std::int64_t{0}, "no data here"});
    append(nullptr, layout, {}, user, [](OutputFile::Piece const&) {});
  }

  void append_encoded(EncodedHdu const& hdu, std::string const& extname, Header const& user) {
    if (!has_primary) append_primary({});
    append("BINTABLE", hdu.cards, extname, user,
           [&](OutputFile::Piece const& put) { put_bytes(hdu.data, put); });
  }

  template <class T>
  void append_plain_image(std::string const& extname, Image<T> const& image, Header const& user) {
    bool const primary = !has_primary && extname.empty();
    if (!primary && !has_primary) append_primary({});
    Header layout = image_cards(image);
    if (!primary) {
      layout.append({"PCOUNT", std::int64_t{0}, {}});
      layout.append({"GCOUNT", std::int64_t{1}, {}});
    }
    if constexpr (std::is_same_v<T, std::uint16_t>) {
      layout.append({"BSCALE", 1.0, {}});
      layout.append({"BZERO", unsigned_16_offset, "unsigned 16-bit pixels"});
    }
    append(primary ? nullptr : "IMAGE", layout, extname, user,
           [&](OutputFile::Piece const& put) { put_pixels(image, put); });
  }

  OutputFile file;
  bool has_primary = false;
};

Writer::Writer(std::filesystem::path const& path) : state_(std::make_unique<State>(path)) {}
Writer::~Writer() = default;
Writer::Writer(Writer&&) noexcept = default;
Writer& Writer::operator=(Writer&&) noexcept = default;

void Writer::primary(Header const& header) {
  if (state_->has_primary) throw DataError("a FITS file has one primary HDU, and it comes first");
  state_->append_primary(header);
}

template <class T>
void Writer::image(std::string const& extname, Image<T> const& image, Header const& header,
                   ImageOptions const& options) {
  if (image.empty())
    throw DataError("an image without pixels cannot be written ('" + extname + "')");
  if (options.compression == Compression::none)
    state_->append_plain_image(extname, image, header);
  else
    state_->append_encoded(compress_image(image, options), extname, header);
}

void Writer::table(std::string const& extname, Table const& table) {
  state_->append_encoded(encode_table(table), extname, table.header);
}

void Writer::close() {
  if (!state_->has_primary) state_->append_primary({});
  state_->file.close();
}

template void Writer::image(std::string const&, Image<float> const&, Header const&,
                            ImageOptions const&);
template void Writer::image(std::string const&, Image<double> const&, Header const&,
                            ImageOptions const&);
template void Writer::image(std::string const&, Image<std::uint16_t> const&, Header const&,
                            ImageOptions const&);
template void Writer::image(std::string const&, Image<std::int32_t> const&, Header const&,
                            ImageOptions const&);
template void Writer::image(std::string const&, Image<std::uint8_t> const&, Header const&,
                            ImageOptions const&);

}  // namespace almagest::fits
