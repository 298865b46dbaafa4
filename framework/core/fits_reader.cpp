#include <algorithm>
#include <utility>

#include "almagest/error.hpp"
#include "almagest/fits.hpp"
#include "fits_checksum.hpp"
#include "fits_input.hpp"
#include "fits_pixels.hpp"
#include "fits_structure.hpp"
#include "fits_table.hpp"
#include "fits_tiles.hpp"

namespace almagest::fits {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  auto const upper = [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  };
  return std::ranges::equal(a, b, [&](char x, char y) { return upper(x) == upper(y); });
}

}  // namespace

struct Reader::State {
  State(std::filesystem::path const& path, Checksums checksums)
      : file(path), hdus(read_structure(file)), verify(checksums == Checksums::verify) {}

  Hdu const& hdu(int index) const {
    if (index < 0 || std::cmp_greater_equal(index, hdus.size()))
      throw DataError(file.name() + ": has no HDU " + std::to_string(index) + "; there are " +
                      std::to_string(hdus.size()));
    Hdu const& found = hdus[static_cast<std::size_t>(index)];
    if (verify) verify_header(found);
    return found;
  }

  /// All data of an HDU, without fill.
  std::span<std::byte const> data(Hdu const& hdu) {
    auto const bytes = file.view(hdu.data_offset, static_cast<std::size_t>(hdu.stored_size));
    if (verify) {
      Checksum sum;
      sum.add(bytes);
      verify_data(hdu, sum.value());
    }
    return bytes.first(static_cast<std::size_t>(hdu.data_size));
  }

  InputFile file;
  std::vector<Hdu> hdus;
  bool verify;
};

Reader::Reader(std::filesystem::path const& path, Checksums checksums)
    : state_(std::make_unique<State>(path, checksums)) {}
Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;

int Reader::hdu_count() const {
  return static_cast<int>(state_->hdus.size());
}

std::optional<int> Reader::find(std::string_view extname) const {
  auto const& hdus = state_->hdus;
  auto const found = std::ranges::find_if(
      hdus, [extname](Hdu const& hdu) { return same_name(hdu.extname, extname); });
  if (found == hdus.end()) return std::nullopt;
  return static_cast<int>(found - hdus.begin());
}

int Reader::require(std::string_view extname) const {
  if (auto const found = find(extname)) return *found;
  std::string known;
  for (Hdu const& hdu : state_->hdus)
    if (!hdu.extname.empty()) known += (known.empty() ? "" : ", ") + hdu.extname;
  throw DataError(state_->file.name() + ": has no extension '" + std::string(extname) +
                  "'; there are: " + (known.empty() ? "none with a name" : known));
}

Header Reader::header(int hdu) {
  Hdu const& found = state_->hdu(hdu);
  return found.kind == Hdu::Kind::compressed_image ? uncompressed_header(found) : found.header;
}

template <class T>
Image<T> Reader::image(int hdu, std::optional<Box> box) {
  Hdu const& found = state_->hdu(hdu);
  if (found.kind == Hdu::Kind::compressed_image)
    return read_compressed_image<T>(found, state_->data(found), box);
  if (found.kind != Hdu::Kind::image) throw DataError(found.where + ": is no image");
  return read_plain_image<T>(state_->file, found, box, state_->verify);
}

Table Reader::table(int hdu) {
  Hdu const& found = state_->hdu(hdu);
  if (found.kind != Hdu::Kind::table) throw DataError(found.where + ": is no binary table");
  return decode_table(found, state_->data(found));
}

template Image<float> Reader::image(int, std::optional<Box>);
template Image<double> Reader::image(int, std::optional<Box>);
template Image<std::uint16_t> Reader::image(int, std::optional<Box>);
template Image<std::int32_t> Reader::image(int, std::optional<Box>);
template Image<std::uint8_t> Reader::image(int, std::optional<Box>);

}  // namespace almagest::fits
