#include "repository/refcat_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <limits>
#include <optional>
#include <string_view>

#include "almagest/error.hpp"
#include "almagest/fits.hpp"
#include "repository/text_table.hpp"

namespace almagest {
namespace {

namespace fs = std::filesystem;

constexpr double absent = std::numeric_limits<double>::quiet_NaN();

// ---- comma-separated values ---------------------------------------------------------------------

std::vector<std::string_view> cells_of(std::string_view line) {
  std::vector<std::string_view> cells;
  for (;;) {
    auto const comma = line.find(',');
    std::string_view cell = line.substr(0, comma);
    while (!cell.empty() && (cell.front() == ' ' || cell.front() == '"')) cell.remove_prefix(1);
    while (!cell.empty() && std::string_view(" \r\"").find(cell.back()) != std::string_view::npos)
      cell.remove_suffix(1);
    cells.push_back(cell);
    if (comma == std::string_view::npos) return cells;
    line.remove_prefix(comma + 1);
  }
}

class CsvRows final : public RowSource {
 public:
  explicit CsvRows(fs::path const& path) : name_(path.string()), file_(path, std::ios::binary) {
    if (!file_) throw NotFoundError(name_ + ": there is no such file, or it cannot be read");
    while (columns_.empty() && std::getline(file_, line_)) {
      ++number_;
      if (line_.empty() || line_.starts_with('#')) continue;
      for (std::string_view const cell : cells_of(line_))
        columns_.push_back({std::string(cell), {}});
    }
    if (columns_.empty()) throw DataError(name_ + ": has no line with the columns' names");
  }

  std::vector<InputColumn> const& columns() const override { return columns_; }
  void choose(std::vector<std::size_t> const& columns) override { chosen_ = columns; }

  bool next(std::vector<double>& values, std::int64_t& first) override {
    do {
      if (!std::getline(file_, line_)) {
        if (file_.bad()) throw DataError(name_ + ": cannot be read");
        return false;
      }
      ++number_;
    } while (line_.empty() || line_ == "\r" || line_.starts_with('#'));
    auto const cells = cells_of(line_);
    if (cells.size() != columns_.size())
      refuse(fmt::format("{} values, but {} columns", cells.size(), columns_.size()));
    values.clear();
    for (std::size_t const column : chosen_) values.push_back(number(cells[column], column));
    first = 0;
    if (!chosen_.empty()) {
      std::string_view const cell = cells[chosen_.front()];
      std::from_chars(cell.data(), cell.data() + cell.size(), first);
    }
    return true;
  }

 private:
  [[noreturn]] void refuse(std::string const& what) const {
    throw DataError(fmt::format("{}:{}: {}", name_, number_, what));
  }
  double number(std::string_view cell, std::size_t column) const {
    if (cell.empty() || cell == "null" || cell == "NULL") return absent;
    double value = absent;
    if (cell.front() == '+') cell.remove_prefix(1);
    auto const [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (error != std::errc() || end != cell.data() + cell.size())
      refuse(fmt::format("'{}' in column '{}' is no number", cell, columns_[column].name));
    return value;
  }

  std::string name_;
  std::ifstream file_;
  std::vector<InputColumn> columns_;
  std::vector<std::size_t> chosen_;
  std::string line_;
  unsigned long number_ = 0;
};

// ---- FITS ---------------------------------------------------------------------------------------

constexpr std::int64_t block = 2880;  // FITS standard 4.0, section 3.1
constexpr std::int64_t card = 80;

std::int64_t integer_or(Header const& header, std::string const& name, std::int64_t otherwise) {
  return header.has(name) ? header.integer(name) : otherwise;
}

/// Bytes of an HDU's data, the fill of the last block included. The reader has checked that they
/// are in the file.
std::int64_t data_size(Header const& header) {
  std::int64_t const axes = header.integer("NAXIS");
  if (axes == 0) return 0;
  std::int64_t values = 1;
  for (std::int64_t i = 1; i <= axes; ++i) values *= header.integer("NAXIS" + std::to_string(i));
  std::int64_t const bytes = std::abs(header.integer("BITPIX")) / 8 *
                             integer_or(header, "GCOUNT", 1) *
                             (integer_or(header, "PCOUNT", 0) + values);
  return (bytes + block - 1) / block * block;
}

template <class T>
T big_endian(char const* bytes) {
  std::make_unsigned_t<
      std::conditional_t<std::is_same_v<T, double>, std::int64_t,
                         std::conditional_t<std::is_same_v<T, float>, std::int32_t, T>>>
      number = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    number = static_cast<decltype(number)>(number << 7 << 1 | static_cast<unsigned char>(bytes[i]));
  return std::bit_cast<T>(number);
}

/// A column of one number per row.
struct FitsColumn {
  char code = 0;  ///< B, I, J, K, E, D; 0 for what has no single number
  std::int64_t offset = 0;
  double scale = 1.0, zero = 0.0;
  std::optional<std::int64_t> null;
  bool scaled = false;

  std::int64_t integer(char const* row) const {
    switch (code) {
      case 'B':
        return static_cast<unsigned char>(row[offset]);
      case 'I':
        return big_endian<std::int16_t>(row + offset);
      case 'J':
        return big_endian<std::int32_t>(row + offset);
      case 'K':
        return big_endian<std::int64_t>(row + offset);
      default:
        return static_cast<std::int64_t>(number(row));
    }
  }
  double number(char const* row) const {
    if (code == 'D') return zero + scale * big_endian<double>(row + offset);
    if (code == 'E') return zero + scale * static_cast<double>(big_endian<float>(row + offset));
    std::int64_t const raw = integer(row);
    return null && raw == *null ? absent : zero + scale * static_cast<double>(raw);
  }
};

class FitsRows final : public RowSource {
 public:
  explicit FitsRows(fs::path const& path) : name_(path.string()), file_(path, std::ios::binary) {
    fits::Reader reader(path, fits::Checksums::ignore);  // sizes against the file's, card types
    std::int64_t offset = 0;
    for (int hdu = 0; hdu < reader.hdu_count(); ++hdu) {
      Header const header = reader.header(hdu);
      offset = end_of_header(offset);
      if (header.has("TFIELDS") && header.text("XTENSION") == "BINTABLE") {
        read_columns(header);
        file_.seekg(offset);
        return;
      }
      offset += data_size(header);
    }
    throw DataError(name_ + ": has no binary table");
  }

  std::vector<InputColumn> const& columns() const override { return columns_; }
  void choose(std::vector<std::size_t> const& columns) override {
    for (std::size_t const column : columns)
      if (layout_[column].code == 0)
        throw DataError(fmt::format("{}: column '{}' has not one number per row", name_,
                                    columns_[column].name));
    chosen_ = columns;
  }

  bool next(std::vector<double>& values, std::int64_t& first) override {
    if (row_ == rows_) return false;
    if (at_ == chunk_.size()) read_chunk();
    char const* const row = chunk_.data() + at_;
    values.clear();
    for (std::size_t const column : chosen_) values.push_back(layout_[column].number(row));
    first = chosen_.empty() ? 0 : layout_[chosen_.front()].integer(row);
    at_ += static_cast<std::size_t>(width_);
    ++row_;
    return true;
  }

 private:
  /// The first byte behind the block with the END card.
  std::int64_t end_of_header(std::int64_t offset) {
    std::string bytes(block, '\0');
    file_.seekg(offset);
    while (file_.read(bytes.data(), block)) {
      offset += block;
      for (std::int64_t at = 0; at < block; at += card)
        if (bytes.compare(static_cast<std::size_t>(at), 8, "END     ") == 0) return offset;
    }
    throw DataError(name_ + ": ends within a header");
  }

  void read_columns(Header const& header) {
    width_ = header.integer("NAXIS1");
    rows_ = header.integer("NAXIS2");
    std::int64_t offset = 0;
    std::int64_t const fields = header.integer("TFIELDS");
    for (std::int64_t i = 1; i <= fields; ++i) {
      std::string const number = std::to_string(i);
      auto const text = [&](char const* name) {
        return header.has(name + number) ? header.text(name + number) : std::string();
      };
      columns_.push_back({text("TTYPE"), text("TUNIT")});
      std::string const form = header.text("TFORM" + number);
      std::int64_t repeat = 1;
      auto const digits = std::from_chars(form.data(), form.data() + form.size(), repeat);
      char const code = digits.ptr < form.data() + form.size() ? *digits.ptr : ' ';
      constexpr std::string_view codes = "LXBIJKAEDCMPQ";
      constexpr std::int64_t bytes[] = {1, 0, 1, 2, 4, 8, 1, 4, 8, 8, 16, 8, 16};
      auto const kind = codes.find(code);
      if (kind == std::string_view::npos)
        throw DataError(fmt::format("{}: TFORM{} '{}' is not known", name_, i, form));
      FitsColumn column;
      if (repeat == 1 && std::string_view("BIJKED").find(code) != std::string_view::npos)
        column.code = code;
      column.offset = offset;
      column.scale = header.number_or("TSCAL" + number, 1.0);
      column.zero = header.number_or("TZERO" + number, 0.0);
      if (header.has("TNULL" + number)) column.null = header.integer("TNULL" + number);
      layout_.push_back(column);
      offset += code == 'X' ? (repeat + 7) / 8 : repeat * bytes[kind];
    }
    if (offset != width_)
      throw DataError(fmt::format("{}: the columns take {} bytes per row, but NAXIS1 is {}", name_,
                                  offset, width_));
  }

  void read_chunk() {
    constexpr std::int64_t wanted = 1 << 22;  // [byte]
    std::int64_t const rows = std::min(
        rows_ - row_, std::max<std::int64_t>(1, wanted / std::max<std::int64_t>(width_, 1)));
    chunk_.resize(static_cast<std::size_t>(rows * width_));
    at_ = 0;
    if (!file_.read(chunk_.data(), rows * width_))
      throw DataError(fmt::format("{}: ends within row {} of {}", name_, row_ + 1, rows_));
  }

  std::string name_;
  std::ifstream file_;
  std::vector<InputColumn> columns_;
  std::vector<FitsColumn> layout_;
  std::vector<std::size_t> chosen_;
  std::int64_t width_ = 0, rows_ = 0, row_ = 0;
  std::vector<char> chunk_;
  std::size_t at_ = 0;
};

bool is_gzip(fs::path const& path) {
  std::ifstream file(path, std::ios::binary);
  return file.get() == 0x1f && file.get() == 0x8b;
}

}  // namespace

RowSource::~RowSource() = default;

std::unique_ptr<RowSource> RowSource::open(fs::path const& path) {
  if (!looks_like_fits(path)) return std::make_unique<CsvRows>(path);
  if (is_gzip(path))
    throw DataError(path.string() +
                    ": is compressed; gunzip it first, so that it can be read row "
                    "by row");
  return std::make_unique<FitsRows>(path);
}

}  // namespace almagest
