#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace almagest {

/// What one column of a catalogue holds.
enum class ColumnType { flag, int32, int64, float32, float64, text };
char const* to_string(ColumnType type) noexcept;

struct Column {
  std::string name;  ///< "base_PsfFlux_instFlux"
  ColumnType type = ColumnType::float64;
  std::string unit;  ///< FITS unit ("ct", "pix", "pix2", "deg", "rad"), or "" for none
  std::string doc;   ///< one sentence
  bool operator==(Column const&) const = default;
};

/// Typed access to one column of the schema that made it: Key<bool> is a flag.
template <class T>
class Key {
 public:
  Key() = default;
  bool valid() const noexcept { return index_ >= 0; }
  int index() const noexcept { return index_; }  ///< position among the columns of this type

 private:
  friend class Schema;
  explicit Key(int index) : index_(index) {}
  int index_ = -1;
};

/// The columns of a catalogue, in order. Flags are stored as bits, the other types column by
/// column.
class Schema {
 public:
  /// The columns every source catalogue begins with: `id` (int64), `coord_ra`, `coord_dec`
  /// (float64, rad), `parent` (int64).
  static Schema minimal_source();

  std::vector<Column> const& columns() const noexcept { return columns_; }
  /// Position within the columns of the same type.
  int index_in_type(std::size_t column) const { return index_in_type_[column]; }
  int count(ColumnType type) const noexcept;
  Column const* find(std::string_view name) const noexcept;

  /// Adds a column. \throws ConfigError when the name is taken
  template <class T>
  Key<T> add(std::string name, std::string unit, std::string doc) {
    return Key<T>(append({std::move(name), column_type<T>(), std::move(unit), std::move(doc)}));
  }
  Key<bool> add_flag(std::string name, std::string doc) {
    return add<bool>(std::move(name), "", std::move(doc));
  }
  void add(Column column) { append(std::move(column)); }

  /// \throws ConfigError when there is no column of that name and type; the message gives the
  /// nearest name
  template <class T>
  Key<T> key(std::string_view name) const {
    return Key<T>(require(name, column_type<T>()));
  }
  /// An invalid key when there is no such column.
  template <class T>
  Key<T> find_key(std::string_view name) const noexcept {
    return Key<T>(lookup(name, column_type<T>()));
  }

  template <class T>
  static constexpr ColumnType column_type() {
    if constexpr (std::is_same_v<T, bool>)
      return ColumnType::flag;
    else if constexpr (std::is_same_v<T, std::int32_t>)
      return ColumnType::int32;
    else if constexpr (std::is_same_v<T, std::int64_t>)
      return ColumnType::int64;
    else if constexpr (std::is_same_v<T, float>)
      return ColumnType::float32;
    else if constexpr (std::is_same_v<T, double>)
      return ColumnType::float64;
    else {
      static_assert(std::is_same_v<T, std::string>, "no such column type");
      return ColumnType::text;
    }
  }

  bool operator==(Schema const& other) const { return columns_ == other.columns_; }

 private:
  int append(Column column);
  int require(std::string_view name, ColumnType type) const;
  int lookup(std::string_view name, ColumnType type) const noexcept;

  std::vector<Column> columns_;
  std::vector<int> index_in_type_;
};

}  // namespace almagest
