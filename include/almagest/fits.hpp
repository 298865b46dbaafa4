#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "almagest/header.hpp"
#include "almagest/image.hpp"

/// Safe FITS files: what plugins and obs packages use to read and write them.
///
/// Every file is checked by a small reader of our own before the FITS library sees it: declared
/// sizes against the file's size, caps on cards and axes. File names are taken literally. Checksums
/// are verified where present and written everywhere, with a fixed comment, so that equal products
/// have equal bytes.
namespace almagest::fits {

/// One column of a binary table. Vector columns hold `repeat` values per row, row after row.
struct TableColumn {
  /// X (bits, one per element as 0 or 1), L, B, I, J, K, E, D, A. Complex numbers are pairs.
  /// Variable-length arrays (P, Q): of B and E as they are, of A as texts, of other numbers as
  /// doubles.
  using Values =
      std::variant<std::vector<std::uint8_t>, std::vector<std::int16_t>, std::vector<std::int32_t>,
                   std::vector<std::int64_t>, std::vector<float>, std::vector<double>,
                   std::vector<std::string>, std::vector<std::vector<std::uint8_t>>,
                   std::vector<std::vector<float>>, std::vector<std::vector<double>>>;
  std::string name;
  std::string unit;
  std::string doc;  ///< comment of the TTYPE card
  std::int64_t repeat = 1;
  bool bits = false;                   ///< std::uint8_t values are single bits: TFORM nX
  bool logical = false;                ///< std::uint8_t values are truth values: TFORM nL
  std::vector<std::string> bit_names;  ///< for bits: written as TFLAG1 …, as LSST does
  std::vector<std::string> bit_docs;   ///< for bits: written as TFDOC1 …; one per name, or none
  /// Dimensions of a vector cell, the last varies fastest (TDIM); empty = one dimension.
  std::vector<int> shape;
  Values values;
};

struct Table {
  std::int64_t rows = 0;
  std::vector<TableColumn> columns;
  Header header;  ///< the HDU's own cards, without the structural ones

  /// \throws DataError that names the column and the file
  TableColumn const& column(std::string_view name) const;
  /// A numeric column as doubles (rows × repeat).
  std::vector<double> numbers(std::string_view name) const;
  std::vector<std::string> const& texts(std::string_view name) const;
  std::vector<std::vector<std::uint8_t>> const& byte_arrays(std::string_view name) const;
  std::vector<std::vector<float>> const& float_arrays(std::string_view name) const;
};

/// What a reader does with CHECKSUM and DATASUM. `ignore` is for cameras whose files are known to
/// carry stale ones; a damaged tile-compressed image is then not found out before it is decoded.
enum class Checksums { verify, ignore };

/// A FITS file opened for reading; plain or gzip'd. HDUs are counted from 0. Not for several
/// threads at once.
class Reader {
 public:
  /// \throws NotFoundError when the file does not exist; DataError when it is no sound FITS file.
  /// Both name it.
  explicit Reader(std::filesystem::path const& path, Checksums checksums = Checksums::verify);
  ~Reader();
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;

  int hdu_count() const;
  /// The HDU with this EXTNAME (case-insensitive), or none.
  std::optional<int> find(std::string_view extname) const;
  /// \throws DataError that lists the extensions there are
  int require(std::string_view extname) const;
  /// All cards but END; of a tile-compressed image those of the image in it. A value that is no
  /// FITS value (1.9e400) is there as a string. \throws DataError for a wrong checksum
  Header header(int hdu);
  /// Pixels scaled by BSCALE and BZERO; of a float image, undefined ones (BLANK) are NaN.
  /// T: float, double, std::uint16_t, std::int32_t, std::uint8_t.
  ///
  /// \param box  only these pixels (array indices, which become the image's bbox()); the whole
  ///             image by default. The data's checksum is verified when all of them are read.
  /// \throws DataError when there is no image of two axes, the box is not inside it, a value does
  /// not fit T, or the checksum is wrong
  template <class T>
  Image<T> image(int hdu, std::optional<Box> box = std::nullopt);
  /// A binary table. \throws DataError
  Table table(int hdu);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

extern template Image<float> Reader::image(int, std::optional<Box>);
extern template Image<double> Reader::image(int, std::optional<Box>);
extern template Image<std::uint16_t> Reader::image(int, std::optional<Box>);
extern template Image<std::int32_t> Reader::image(int, std::optional<Box>);
extern template Image<std::uint8_t> Reader::image(int, std::optional<Box>);

enum class Compression {
  none,
  gzip,  ///< lossless tiles (GZIP_2)
  rice,  ///< integer planes lossless; float planes need a quantisation
};

/// A new FITS file. Nothing is valid before close(); a file whose writer is destroyed without it is
/// removed. Cards that describe the layout (NAXIS, BSCALE, TFORM1, CHECKSUM, EXTNAME …) are the
/// writer's own: those of a given header are left out. Equal calls give equal bytes.
class Writer {
 public:
  /// \throws DataError naming the path, when the file exists or cannot be made
  explicit Writer(std::filesystem::path const& path);
  ~Writer();
  Writer(Writer&&) noexcept;
  Writer& operator=(Writer&&) noexcept;

  /// A primary HDU without data.
  void primary(Header const& header);
  struct ImageOptions {
    Compression compression = Compression::none;
    /// Float planes: the step is the noise of a tile divided by this (fpack's -q); 0 = without
    /// loss.
    double quantize = 0.0;
  };
  /// An image, as the primary HDU when it is the first and `extname` is empty, else as an
  /// extension.
  template <class T>
  void image(std::string const& extname, Image<T> const& image, Header const& header,
             ImageOptions const& options);
  void table(std::string const& extname, Table const& table);
  /// Writes the checksums, flushes to the disk and closes. \throws DataError naming the path (disk
  /// full, …)
  void close();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

extern template void Writer::image(std::string const&, Image<float> const&, Header const&,
                                   ImageOptions const&);
extern template void Writer::image(std::string const&, Image<double> const&, Header const&,
                                   ImageOptions const&);
extern template void Writer::image(std::string const&, Image<std::uint16_t> const&, Header const&,
                                   ImageOptions const&);
extern template void Writer::image(std::string const&, Image<std::int32_t> const&, Header const&,
                                   ImageOptions const&);
extern template void Writer::image(std::string const&, Image<std::uint8_t> const&, Header const&,
                                   ImageOptions const&);

}  // namespace almagest::fits
