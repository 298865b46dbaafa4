#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "almagest/footprint.hpp"
#include "almagest/header.hpp"
#include "almagest/product.hpp"
#include "almagest/schema.hpp"

namespace almagest {

/// A table of sources: a schema and columnar storage, with a footprint per row where there is one.
///
/// Different rows may be written by different threads at once.
class SourceCatalog {
 public:
  SourceCatalog() = default;
  explicit SourceCatalog(Schema schema, std::size_t rows = 0);

  Schema const& schema() const noexcept { return schema_; }
  std::size_t size() const noexcept { return rows_; }
  bool empty() const noexcept { return rows_ == 0; }
  /// New rows: numbers are 0, floats NaN, flags false, texts empty, no footprint.
  void resize(std::size_t rows);
  /// Takes a schema that begins with the present one; the new columns are filled as in new rows.
  /// \throws ConfigError when it begins otherwise
  void extend(Schema const& wider);

  template <class T>
  std::span<T const> column(Key<T> key) const noexcept {
    return std::get<std::vector<std::vector<T>>>(columns_)[static_cast<std::size_t>(key.index())];
  }
  template <class T>
  std::span<T> column(Key<T> key) noexcept {
    return std::get<std::vector<std::vector<T>>>(columns_)[static_cast<std::size_t>(key.index())];
  }

  template <class T>
  T const& get(std::size_t row, Key<T> key) const noexcept {
    return column(key)[row];
  }
  bool get(std::size_t row, Key<bool> key) const noexcept {
    return (flags_[word(row, key)] >> bit(key) & 1U) != 0;
  }
  template <class T>
  void set(std::size_t row, Key<T> key, T value) noexcept {
    column(key)[row] = std::move(value);
  }
  void set(std::size_t row, Key<bool> key, bool value) noexcept {
    std::uint64_t const one = std::uint64_t{1} << bit(key);
    std::uint64_t& w = flags_[word(row, key)];
    w = value ? w | one : w & ~one;
  }

  /// The row's footprint, or nullptr.
  std::shared_ptr<Footprint const> const& footprint(std::size_t row) const noexcept {
    return footprints_[row];
  }
  void set_footprint(std::size_t row, std::shared_ptr<Footprint const> footprint) {
    footprints_[row] = std::move(footprint);
  }

  Header metadata;  ///< cards kept in the table's header

 private:
  std::size_t word(std::size_t row, Key<bool> key) const noexcept {
    return row * flag_words_ + static_cast<std::size_t>(key.index()) / 64;
  }
  static unsigned bit(Key<bool> key) noexcept { return static_cast<unsigned>(key.index()) % 64; }

  Schema schema_;
  std::size_t rows_ = 0;
  std::size_t flag_words_ = 0;
  std::vector<std::uint64_t> flags_;
  std::tuple<std::vector<std::vector<std::int32_t>>, std::vector<std::vector<std::int64_t>>,
             std::vector<std::vector<float>>, std::vector<std::vector<double>>,
             std::vector<std::vector<std::string>>>
      columns_;
  std::vector<std::shared_ptr<Footprint const>> footprints_;
};

template <>
struct ProductTraits<SourceCatalog> {
  static constexpr std::string_view id = "almagest.SourceCatalog/1";
};

}  // namespace almagest
