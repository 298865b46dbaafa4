#include "repository/formatters/number_matrix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "almagest/error.hpp"

namespace almagest {
namespace {

constexpr std::size_t most_columns = 4096;  // no matrix of this kind comes near

/// The numbers of a line. \param place  "file:line", for messages
std::vector<double> numbers_of(std::string_view line, std::string const& place) {
  constexpr char const* separators = ", \t\r";
  line = line.substr(0, line.find('#'));
  std::vector<double> numbers;
  for (auto begin = line.find_first_not_of(separators); begin != std::string_view::npos;
       begin = line.find_first_not_of(separators)) {
    line.remove_prefix(begin);
    std::string_view const word = line.substr(0, line.find_first_of(separators));
    double number = 0.0;
    auto const [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc() || end != word.data() + word.size() || !std::isfinite(number))
      throw DataError(fmt::format("{}: '{}' is no finite number", place, word.substr(0, 40)));
    if (numbers.size() == most_columns)
      throw DataError(fmt::format("{}: more than {} numbers", place, most_columns));
    numbers.push_back(number);
    line.remove_prefix(word.size());
  }
  return numbers;
}

}  // namespace

Image<double> read_number_matrix(std::filesystem::path const& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw NotFoundError(path.string() + ": there is no such file, or it cannot be read");
  std::vector<double> all;
  std::size_t columns = 0, rows = 0;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    std::string const place = fmt::format("{}:{}", path.string(), number);
    std::vector<double> const row = numbers_of(line, place);
    if (row.empty()) continue;
    if (rows > 0 && row.size() != columns)
      throw DataError(
          fmt::format("{}: {} numbers, but {} in the rows above", place, row.size(), columns));
    columns = row.size();
    if (++rows > most_columns)
      throw DataError(fmt::format("{}: more than {} rows", place, most_columns));
    all.insert(all.end(), row.begin(), row.end());
  }
  if (rows == 0) throw DataError(path.string() + ": has no numbers");
  Image<double> matrix(static_cast<int>(columns), static_cast<int>(rows));
  std::ranges::copy(all, matrix.pixels().begin());
  return matrix;
}

}  // namespace almagest
