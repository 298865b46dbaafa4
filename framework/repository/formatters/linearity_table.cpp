#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "almagest/calibrations.hpp"
#include "almagest/fits.hpp"
#include "repository/formatters/formatters.hpp"
#include "repository/formatters/primary_header.hpp"
#include "repository/formatters/table_building.hpp"
#include "repository/text_table.hpp"

namespace almagest {
namespace {

constexpr char const* extension_name = "LINEARITY";

using Type = Linearity::Type;
constexpr std::array<std::pair<std::string_view, Type>, 6> types{
    {{"none", Type::none},
     {"squared", Type::squared},
     {"polynomial", Type::polynomial},
     {"lookup_table", Type::lookup_table},
     {"spline", Type::spline},
     {"double_spline", Type::double_spline}}};

std::string name_of(Type type) {
  for (auto const& [name, value] : types)
    if (value == type) return std::string(name);
  return {};
}

Type type_of(std::string_view text, std::string const& place) {
  std::string known;
  for (auto const& [name, value] : types) {
    if (name == text) return value;
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  throw DataError(fmt::format("{}: '{}' is no type of linearity; known: {}", place, text, known));
}

/// Adds an amplifier. \throws DataError when it is there already, or a number is not finite
void add(LinearityTable& table, std::string const& amplifier, Linearity linearity,
         std::string const& place) {
  for (double const c : linearity.coefficients)
    if (!std::isfinite(c)) throw DataError(place + ": a coefficient is not finite");
  for (float const entry : linearity.table)
    if (!std::isfinite(entry)) throw DataError(place + ": an entry of the table is not finite");
  if (amplifier.empty()) throw DataError(place + ": the amplifier has no name");
  if (!table.amplifiers.emplace(amplifier, std::move(linearity)).second)
    throw DataError(fmt::format("{}: amplifier '{}' is there twice", place, amplifier));
}

/// Numbers apart by blanks.
template <class Number>
std::vector<Number> numbers_of(std::string_view text, std::string const& place) {
  std::vector<Number> numbers;
  for (auto begin = text.find_first_not_of(' '); begin != std::string_view::npos;
       begin = text.find_first_not_of(' ')) {
    text.remove_prefix(begin);
    std::string_view const word = text.substr(0, text.find(' '));
    Number number{};
    auto const [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc() || end != word.data() + word.size())
      throw DataError(fmt::format("{}: '{}' is no number", place, word.substr(0, 40)));
    numbers.push_back(number);
    text.remove_prefix(word.size());
  }
  return numbers;
}

LinearityTable read_text(std::filesystem::path const& path) {
  TextTable const text(path);
  std::size_t const amplifier = text.require("amplifier"), type = text.require("type"),
                    coefficients = text.require("coefficients");
  std::optional<std::size_t> const entries = text.find("table");
  LinearityTable table;
  for (std::size_t row = 0; row < text.rows(); ++row) {
    std::string const place = fmt::format("{}, row {}", path.string(), row + 1);
    Linearity linearity;
    linearity.type = type_of(text.text(row, type), place);
    linearity.coefficients = numbers_of<double>(text.text(row, coefficients), place);
    if (entries) linearity.table = numbers_of<float>(text.text(row, *entries), place);
    add(table, text.text(row, amplifier), std::move(linearity), place);
  }
  return table;
}

LinearityTable read_fits(std::filesystem::path const& path) {
  fits::Reader reader(path);
  fits::Table const stored = reader.table(reader.require(extension_name));
  std::vector<std::string> const &amplifiers = stored.texts("AMPLIFIER"),
                                 &names = stored.texts("TYPE");
  auto const* coefficients =
      std::get_if<std::vector<std::vector<double>>>(&stored.column("COEFFICIENTS").values);
  if (!coefficients)
    throw DataError(stored.header.origin() + ": column 'COEFFICIENTS' is of another type");
  std::vector<std::vector<float>> const& entries = stored.float_arrays("TABLE");
  LinearityTable table;
  for (std::size_t row = 0; row < amplifiers.size(); ++row) {
    std::string const place = fmt::format("{}, row {}", stored.header.origin(), row + 1);
    add(table, amplifiers[row],
        {type_of(names[row], place), coefficients->at(row), entries.at(row)}, place);
  }
  return table;
}

LinearityTable read(std::filesystem::path const& path, Formatter::ReadRequest const& /*request*/) {
  return looks_like_fits(path) ? read_fits(path) : read_text(path);
}

void write(LinearityTable const& table, std::filesystem::path const& path,
           Formatter::WriteRequest const& request) {
  std::vector<std::string> amplifiers, names;
  std::vector<std::vector<double>> coefficients;
  std::vector<std::vector<float>> entries;
  for (auto const& [amplifier, linearity] : table.amplifiers) {
    amplifiers.push_back(amplifier);
    names.push_back(name_of(linearity.type));
    coefficients.push_back(linearity.coefficients);
    entries.push_back(linearity.table);
  }
  fits::Table stored;
  stored.rows = static_cast<std::int64_t>(amplifiers.size());
  add_column(stored, "AMPLIFIER", "", "name", std::move(amplifiers));
  add_column(stored, "TYPE", "", "form of the correction", std::move(names));
  add_column(stored, "COEFFICIENTS", "", "of the correction, values in adu",
             std::move(coefficients));
  add_column(stored, "TABLE", "adu", "of lookup_table", std::move(entries));
  fits::Writer writer(path);
  writer.primary(product_header(ProductTraits<LinearityTable>::id, request));
  writer.table(extension_name, stored);
  writer.close();
}

}  // namespace

std::shared_ptr<Formatter const> linearity_table_formatter() {
  return std::make_shared<FunctionFormatter<LinearityTable>>("fits", &read, &write);
}

}  // namespace almagest
