#include "camera_calibrations.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <initializer_list>
#include <map>
#include <sstream>
#include <type_traits>
#include <utility>

#include "almagest/fits.hpp"
#include "random.hpp"

namespace simulate {

using namespace almagest;
namespace fs = std::filesystem;

namespace {

Header cards(char const* type, CalibrationValidity const& validity) {
  Header header;
  header.set("OBSTYPE", std::string(type), "what this file holds");
  header.set("IDKEY1", validity.key, "key of the data ID");
  header.set("IDVAL1", validity.detector, "its value");
  header.set("CALIBDAT", validity.first_day, "when it was made");
  header.set("VALIDBEG", validity.first_day, "first day on which it holds");
  header.set("VALIDEND", validity.last_day, "last day");
  return header;
}

std::vector<std::string> split(std::string const& line) {
  std::vector<std::string> cells(1);
  for (char const c : line)
    if (c == ',')
      cells.emplace_back();
    else if (c != ' ' && c != '\r')
      cells.back() += c;
  return cells;
}

std::string word_of(Linearity::Type type) {
  switch (type) {
    case Linearity::Type::squared:
      return "squared";
    case Linearity::Type::polynomial:
      return "polynomial";
    case Linearity::Type::lookup_table:
      return "lookup_table";
    case Linearity::Type::spline:
      return "spline";
    case Linearity::Type::double_spline:
      return "double_spline";
    case Linearity::Type::none:
      break;
  }
  return "none";
}

/// A square of numbers in a text file, row 0 first; none when there is no such file, or no square.
std::optional<Image<double>> square_of_numbers(fs::path const& path) {
  std::ifstream file(path);
  std::vector<double> numbers;
  for (std::string line; std::getline(file, line);) {
    line.resize(std::min(line.find('#'), line.size()));
    std::ranges::replace(line, ',', ' ');
    std::istringstream words(line);
    for (std::string word; words >> word;) {
      char* end = nullptr;
      numbers.push_back(std::strtod(word.c_str(), &end));
      if (*end != '\0') numbers.pop_back();  // a column's name
    }
  }
  auto const side = static_cast<int>(std::lround(std::sqrt(static_cast<double>(numbers.size()))));
  if (side == 0 ||
      static_cast<std::size_t>(side) * static_cast<std::size_t>(side) != numbers.size())
    return std::nullopt;
  Image<double> image(side, side);
  std::ranges::copy(numbers, image.pixels().begin());
  return image;
}

}  // namespace

void write_defects(fs::path const& path, std::vector<Box> const& boxes,
                   CalibrationValidity const& validity) {
  fits::Table table;
  table.rows = static_cast<std::int64_t>(boxes.size());
  auto const add = [&](char const* name, char const* doc, int Box::*member) {
    fits::TableColumn column;
    column.name = name;
    column.unit = "pix";
    column.doc = doc;
    std::vector<std::int32_t> values;
    for (Box const& box : boxes) values.push_back(box.*member);
    column.values = std::move(values);
    table.columns.push_back(std::move(column));
  };
  add("x0", "first column, counted from 0", &Box::x0);
  add("y0", "first row", &Box::y0);
  add("width", "columns", &Box::width);
  add("height", "rows", &Box::height);
  fits::Writer writer(path);
  writer.primary(cards("defects", validity));
  writer.table("DEFECTS", table);
  writer.close();
}

void write_crosstalk(fs::path const& path, Crosstalk const& crosstalk,
                     CalibrationValidity const& validity) {
  fits::Writer writer(path);
  writer.primary(cards("crosstalk", validity));
  writer.image("LINEAR", crosstalk.linear, {}, {});
  if (!crosstalk.quadratic.empty()) writer.image("QUADRATIC", crosstalk.quadratic, {}, {});
  if (!crosstalk.amplifiers.empty()) {
    fits::TableColumn names;
    names.name = "AMPLIFIER";
    names.doc = "of the matrices' rows and columns";
    for (std::string const& name : crosstalk.amplifiers)
      names.repeat = std::max(names.repeat, static_cast<std::int64_t>(name.size()));
    names.values = crosstalk.amplifiers;
    fits::Table table;
    table.rows = static_cast<std::int64_t>(crosstalk.amplifiers.size());
    table.columns = {std::move(names)};
    writer.table("AMPLIFIERS", table);
  }
  writer.close();
}

void write_brighter_fatter_kernel(fs::path const& path, Image<double> const& kernel,
                                  CalibrationValidity const& validity) {
  fits::Writer writer(path);
  writer.primary(cards("bf_kernel", validity));
  writer.image("KERNEL", kernel, {}, {});
  writer.close();
}

namespace {

template <class T>
void add_column(fits::Table& table, char const* name, char const* doc, std::vector<T> values) {
  fits::TableColumn column;
  column.name = name;
  column.doc = doc;
  if constexpr (std::is_same_v<T, std::string>)
    for (std::string const& text : values)
      column.repeat = std::max(column.repeat, static_cast<std::int64_t>(text.size()));
  column.values = std::move(values);
  table.columns.push_back(std::move(column));
}

/// A table with the amplifiers' names.
fits::Table amplifier_rows(Detector const& detector) {
  std::vector<std::string> names;
  for (Amplifier const& amplifier : detector.amplifiers) names.push_back(amplifier.name);
  fits::Table table;
  table.rows = static_cast<std::int64_t>(names.size());
  add_column(table, "AMPLIFIER", "name", std::move(names));
  return table;
}

}  // namespace

void write_linearity(fs::path const& path, Detector const& detector, bool bent,
                     CalibrationValidity const& validity) {
  std::vector<std::string> types;
  std::vector<std::vector<double>> coefficients;
  std::vector<std::vector<float>> tables;
  for (Amplifier const& amplifier : detector.amplifiers) {
    Linearity const linearity = bent ? amplifier.linearity : Linearity{};
    types.push_back(word_of(linearity.type));
    coefficients.push_back(linearity.coefficients);
    tables.push_back(linearity.table);
  }
  fits::Table table = amplifier_rows(detector);
  add_column(table, "TYPE", "form of the correction", std::move(types));
  add_column(table, "COEFFICIENTS", "of the correction, values in adu", std::move(coefficients));
  add_column(table, "TABLE", "of lookup_table [adu]", std::move(tables));
  fits::Writer writer(path);
  writer.primary(cards("linearity", validity));
  writer.table("LINEARITY", table);
  writer.close();
}

void write_deferred_charge(fs::path const& path, Detector const& detector,
                           Electronics const& electronics, CalibrationValidity const& validity) {
  bool const traps = electronics.effects.has(Effect::cti);
  bool const memory = electronics.effects.has(Effect::deferred_charge);
  std::vector<double> cti, release, scale, length;
  for (Electronics::Deferred const& deferred : electronics.deferred) {
    cti.push_back(traps ? deferred.cti : 0.0);
    release.push_back(deferred.release);
    scale.push_back(memory ? deferred.memory : 0.0);
    length.push_back(deferred.memory_decay);
  }
  fits::Table table = amplifier_rows(detector);
  add_column(table, "cti", "fraction left in traps by a transfer", std::move(cti));
  add_column(table, "cti_release", "fraction that a packet takes along", std::move(release));
  add_column(table, "drift_scale", "fraction that the output remembers", std::move(scale));
  add_column(table, "drift_length", "over which it forgets [pixel]", std::move(length));
  fits::Writer writer(path);
  writer.primary(cards("deferred_charge", validity));
  writer.table("AMPLIFIERS", table);
  writer.close();
}

std::optional<Crosstalk> declared_crosstalk(Instrument const& instrument,
                                            Detector const& detector) {
  auto const numbers = square_of_numbers(instrument.directory() / "crosstalk.csv");
  if (!numbers || numbers->width() != static_cast<int>(detector.amplifiers.size()))
    return std::nullopt;
  // A row of the file is a source, a column a target.
  return Crosstalk{{}, *numbers, {}};
}

std::optional<Image<double>> declared_repulsion(Instrument const& instrument) {
  auto kernel = square_of_numbers(instrument.directory() / "bf_kernel.txt");
  if (kernel && kernel->width() % 2 == 0) return std::nullopt;
  return kernel;
}

std::optional<std::vector<Box>> declared_defects(Instrument const& instrument,
                                                 Detector const& detector,
                                                 std::string const& date) {
  std::ifstream file(instrument.directory() / "defects.csv");
  if (!file) return std::nullopt;
  std::vector<std::string> names;
  std::map<std::string, std::vector<Box>> by_date;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#') continue;
    auto const cells = split(line);
    if (names.empty()) {
      names = cells;
      continue;
    }
    auto const cell = [&](std::initializer_list<char const*> columns) -> std::string {
      for (char const* column : columns)
        for (std::size_t i = 0; i < names.size() && i < cells.size(); ++i)
          if (names[i] == column) return cells[i];
      return "";
    };
    if (cell({"detector_id", "detector", "ccd"}) != std::to_string(detector.id)) continue;
    std::string from = cell({"valid_from"});
    std::erase(from, '-');
    Box box;
    for (auto const& [name, value] :
         {std::pair("x0", &box.x0), std::pair("y0", &box.y0), std::pair("width", &box.width),
          std::pair("height", &box.height)})
      *value = std::atoi(cell({name}).c_str());
    by_date[from.substr(0, 8)].push_back(box);
  }
  std::string day = date;
  std::erase(day, '-');
  auto const after = by_date.upper_bound(day);
  if (after == by_date.begin()) return std::nullopt;
  return std::prev(after)->second;
}

Crosstalk usual_crosstalk(Detector const& detector, std::uint64_t seed) {
  Random random(seed, "crosstalk");
  Crosstalk crosstalk;
  auto const n = static_cast<int>(detector.amplifiers.size());
  for (Amplifier const& amplifier : detector.amplifiers)
    crosstalk.amplifiers.push_back(amplifier.name);
  crosstalk.linear = Image<double>(n, n);
  for (int source = 0; source < n; ++source)
    for (int target = 0; target < n; ++target) {
      double const strength = -2e-4 * random.uniform(0.7, 1.3);
      if (source != target)
        crosstalk.linear(target, source) = strength / std::sqrt(std::abs(source - target));
    }
  return crosstalk;
}

}  // namespace simulate
