#include "almagest/source_catalog.hpp"

#include <algorithm>
#include <limits>
#include <type_traits>
#include <utility>

#include "almagest/error.hpp"

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

void SourceCatalog::extend(Schema const& wider) {
  std::vector<Column> const& now = schema_.columns();
  if (wider.columns().size() < now.size() ||
      !std::equal(now.begin(), now.end(), wider.columns().begin()))
    throw ConfigError("the wider schema does not begin with the columns of the catalogue");
  SourceCatalog grown(wider, rows_);
  auto const move_columns = [&]<class T>(std::vector<std::vector<T>>& from) {
    auto& to = std::get<std::vector<std::vector<T>>>(grown.columns_);
    std::move(from.begin(), from.end(), to.begin());
  };
  std::apply([&](auto&... columns) { (move_columns(columns), ...); }, columns_);
  for (std::size_t row = 0; row < rows_; ++row)
    std::copy_n(flags_.begin() + static_cast<std::ptrdiff_t>(row * flag_words_), flag_words_,
                grown.flags_.begin() + static_cast<std::ptrdiff_t>(row * grown.flag_words_));
  grown.footprints_ = std::move(footprints_);
  grown.metadata = std::move(metadata);
  *this = std::move(grown);
}

}  // namespace almagest
