#include "repository/calibration_cards.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>
#include <set>

#include "almagest/error.hpp"
#include "almagest/fits.hpp"
#include "repository/calendar.hpp"
#include "repository/formatters/primary_header.hpp"
#include "repository/registry_statements.hpp"
#include "repository/text_table.hpp"

namespace almagest {
namespace {

namespace fs = std::filesystem;

Value number_or_text(std::string const& text) {
  std::int64_t number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (!text.empty() && error == std::errc() && end == text.data() + text.size()) return number;
  return text;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return text;
}

/// LSST's words for what it stores.
std::string type_of(std::string const& observation_type) {
  std::string const type = lower(observation_type);
  if (type == "manual_defects") return "defects";
  if (type == "bfk" || type == "bfkernel") return "bf_kernel";
  if (type == "linearizer") return "linearity";
  return type;
}

/// The text of a card or word; "" when it is not there.
using Words = std::function<std::string(std::string const& name)>;

std::string date_of(Words const& words, std::vector<std::string> const& names,
                    fs::path const& path) {
  for (std::string const& name : names) {
    std::string const text = words(name);
    if (text.empty()) continue;
    if (std::string date = date_in(text); !date.empty()) return date;
    throw DataError(fmt::format("{}: {} '{}' is no date (YYYY-MM-DD)", path.string(), name, text));
  }
  return {};
}

/// \param id  IDKEYn and IDVALn, which stand above all else
CalibrationCards cards_from(Words const& words, DataId id, fs::path const& path) {
  CalibrationCards cards;
  cards.type = type_of(words("OBSTYPE"));
  cards.calib_date = date_of(words, {"CALIBDAT", "CALIBDATE"}, path);
  cards.valid_start = date_of(words, {"VALIDBEG"}, path);
  cards.valid_end = date_of(words, {"VALIDEND"}, path);
  cards.keys = std::move(id);
  auto const add = [&](std::string const& key, std::string const& text) {
    if (!text.empty() && !cards.keys.find(key)) cards.keys.set(key, number_or_text(text));
  };
  for (std::string const& word : almagest::words(words("CALIB_ID"))) {
    auto const equals = word.find('=');
    if (equals == std::string::npos) continue;
    std::string const key = word.substr(0, equals), value = word.substr(equals + 1);
    if (key != "calibDate")
      add(key, value);
    else if (cards.calib_date.empty())
      cards.calib_date = date_in(value);
  }
  add("detector", words("DETECTOR"));
  // Our exposures tell the band as FILTER, LSST's the physical filter.
  std::string const physical = words("PHYSFILT");
  add("physical_filter", physical);
  add(physical.empty() ? "filter" : "band", words("FILTER"));
  return cards;
}

CalibrationCards read_fits(fs::path const& path) {
  fits::Reader reader(path);
  std::vector<Header> headers;  // LSST's defects keep theirs with the table
  for (int hdu = 0; hdu < std::min(reader.hdu_count(), 2); ++hdu)
    headers.push_back(reader.header(hdu));
  Words const words = [&](std::string const& name) {
    for (Header const& header : headers)
      if (Value const* value = header.find(name)) {
        std::string text = to_string(*value);
        text.erase(text.find_last_not_of(' ') + 1);
        if (!text.empty()) return text;
      }
    return std::string();
  };
  return cards_from(words, data_id_of(headers.front()), path);
}

std::vector<CalibrationCards> read_text(fs::path const& path) {
  TextTable const table(path);
  CalibrationCards const common =
      cards_from([&](std::string const& name) { return table.meta(name); }, {}, path);
  auto const detector = table.find_any({"detector_id", "detector"});
  auto const valid_from = table.find("valid_from");
  if (!detector && !valid_from) return {common};
  std::set<std::pair<std::string, std::string>> found;
  for (std::size_t row = 0; row < table.rows(); ++row)
    found.emplace(detector ? table.text(row, *detector) : "",
                  valid_from ? table.text(row, *valid_from) : "");
  std::vector<CalibrationCards> result;
  for (auto const& [id, from] : found) {
    CalibrationCards& cards = result.emplace_back(common);
    if (detector) cards.keys.set("detector", number_or_text(id));
    if (!valid_from) continue;
    cards.valid_start = date_in(from);
    if (cards.valid_start.empty())
      throw DataError(
          fmt::format("{}: '{}' in column 'valid_from' is no date", path.string(), from));
    cards.calib_date = cards.valid_start;
  }
  return result;
}

}  // namespace

std::vector<CalibrationCards> read_calibration_cards(fs::path const& path) {
  if (looks_like_fits(path)) return {read_fits(path)};
  return read_text(path);
}

}  // namespace almagest
