#include "sky_levels.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace sky_levels {

using namespace almagest;

namespace {

double read_number(std::istream& in, std::filesystem::path const& path) {
  double value = 0.0;
  if (!(in >> value)) throw DataError(path.string() + ": expected a number");
  return value;
}

SkyLevel read_level(std::filesystem::path const& path, Formatter::ReadRequest const&) {
  std::ifstream in(path);
  if (!in) throw NotFoundError(path.string() + " does not exist");
  return {read_number(in, path)};
}

void write_level(SkyLevel const& level, std::filesystem::path const& path,
                 Formatter::WriteRequest const&) {
  std::ofstream out(path);
  out.precision(17);
  out << level.level_adu << '\n';
}

// One line per member: its data ID as `key=value` words, then the level.
SkyTable read_table(std::filesystem::path const& path, Formatter::ReadRequest const&) {
  std::ifstream in(path);
  if (!in) throw NotFoundError(path.string() + " does not exist");
  SkyTable table;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    SkyTable::Row row;
    std::string word;
    while (words >> word && word.find('=') != std::string::npos) {
      auto const equal = word.find('=');
      row.id.set(word.substr(0, equal), word.substr(equal + 1));
    }
    std::istringstream level(word);
    row.level_adu = read_number(level, path);
    table.rows.push_back(std::move(row));
  }
  return table;
}

void write_table(SkyTable const& table, std::filesystem::path const& path,
                 Formatter::WriteRequest const&) {
  std::ofstream out(path);
  out.precision(17);
  for (SkyTable::Row const& row : table.rows) out << row.id.str() << ' ' << row.level_adu << '\n';
}

}  // namespace

std::shared_ptr<Formatter const> sky_level_formatter() {
  return std::make_shared<FunctionFormatter<SkyLevel>>("txt", read_level, write_level);
}

std::shared_ptr<Formatter const> sky_table_formatter() {
  return std::make_shared<FunctionFormatter<SkyTable>>("txt", read_table, write_table);
}

Outcome Level::run(Context& context) const {
  auto const pixels = context.get(exposure).image().pixels();
  if (pixels.empty()) return skip("no pixels");
  std::vector<float> values(pixels.begin(), pixels.end());
  auto const middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  context.put(level, SkyLevel{static_cast<double>(*middle) + *offset});
  return done;
}

Outcome Table::run(Context& context) const {
  SkyTable result;
  for (Gathered<SkyLevel> const& member : context.get(levels))
    if (member.ok()) result.rows.push_back({member.id(), member.get().level_adu});
  context.put(table, std::move(result));
  return done;
}

Outcome Doubled::run(Context& context) const {
  context.put(doubled, SkyLevel{2.0 * context.get(level).level_adu});
  return done;
}

}  // namespace sky_levels
