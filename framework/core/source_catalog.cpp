#include "almagest/source_catalog.hpp"

#include <limits>
#include <type_traits>
#include <utility>

namespace almagest {
namespace {

template <class T>
T new_value() {
  if constexpr (std::is_floating_point_v<T>)
    return std::numeric_limits<T>::quiet_NaN();
  else
    return T{};
}

}  // namespace

SourceCatalog::SourceCatalog(Schema schema, std::size_t rows) : schema_(std::move(schema)) {
  constexpr std::size_t bits_per_word = 64;
  auto const count = [&](ColumnType type) { return static_cast<std::size_t>(schema_.count(type)); };
  flag_words_ = (count(ColumnType::flag) + bits_per_word - 1) / bits_per_word;
  auto const make_columns = [&]<class T>(std::vector<std::vector<T>>& columns) {
    columns.resize(count(Schema::column_type<T>()));
  };
  std::apply([&](auto&... columns) { (make_columns(columns), ...); }, columns_);
  resize(rows);
}

void SourceCatalog::resize(std::size_t rows) {
  auto const resize_columns = [&]<class T>(std::vector<std::vector<T>>& columns) {
    for (std::vector<T>& column : columns) column.resize(rows, new_value<T>());
  };
  std::apply([&](auto&... columns) { (resize_columns(columns), ...); }, columns_);
  flags_.resize(rows * flag_words_);
  footprints_.resize(rows);
  rows_ = rows;
}

}  // namespace almagest
