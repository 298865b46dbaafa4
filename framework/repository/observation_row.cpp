#include "repository/observation_row.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "almagest/fits.hpp"
#include "repository/calibration_index.hpp"
#include "repository/checksum.hpp"
#include "repository/opened_repository.hpp"
#include "repository/reference_catalogs.hpp"

namespace almagest {
namespace {

namespace fs = std::filesystem;

std::vector<Header> headers_of(fs::path const& file) {
  // The checksums of raw files are left to whoever reads the pixels: some cameras' are stale.
  fits::Reader reader(file, fits::Checksums::ignore);
  std::vector<Header> headers;
  for (int hdu = 0; hdu < reader.hdu_count(); ++hdu) headers.push_back(reader.header(hdu));
  return headers;
}

/// A hash of every card: two frames whose headers are the same, DATASUM and date of writing
/// included, are one until somebody compares their bytes.
std::string header_checksum(std::vector<Header> const& headers) {
  std::string text;
  for (Header const& header : headers) {
    for (Header::Card const& card : header.cards()) {
      text += card.name + '\x01';
      if (card.value) text += to_string(*card.value);
      text += '\x02' + card.comment + '\n';
    }
    text += '\f';
  }
  return text_hash(text);
}

template <class Number>
std::optional<Number> number_in(std::string const& text) {
  Number number{};
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// What is known of a frame under no other name: the standard property behind a role.
char const* standard_property(std::string_view role) {
  if (role == "exposure") return "exposure_id";
  if (role == "visit") return "visit_id";
  if (role == "detector") return "detector_num";
  return role == "band" ? "physical_filter" : nullptr;
}

/// A header must not put frames among what the repository keeps for itself.
void refuse_reserved(fs::path const& path) {
  std::string const first = path.begin()->string();
  bool const reserved = first == "rerun" || first == calibration_directory ||
                        first == reference_catalog_directory || first == "_mapper" ||
                        first == repository_file_name || first.starts_with(registry_file_name) ||
                        first.starts_with(gen2_rerun_file_name) || first.starts_with('.');
  if (reserved)
    throw DataError(
        fmt::format("its place would be {}, where no raw frame may be", printable(path.string())));
}

}  // namespace

Value as_column(Value const& value, FrameColumn::Type type, std::string const& name) {
  std::string const text = to_string(value);
  switch (type) {
    case FrameColumn::Type::text:
      return text;
    case FrameColumn::Type::integer:
      if (std::holds_alternative<std::int64_t>(value)) return value;
      if (auto const* flag = std::get_if<bool>(&value)) return std::int64_t{*flag};
      if (auto const number = number_in<std::int64_t>(text)) return *number;
      if (auto const* real = std::get_if<double>(&value);
          real && *real == std::floor(*real) && std::abs(*real) < 9e15)
        return static_cast<std::int64_t>(*real);
      break;
    case FrameColumn::Type::number:
      if (std::holds_alternative<double>(value)) return value;
      if (auto const number = number_in<double>(text)) return *number;
      break;
  }
  throw DataError(fmt::format("'{}' wants {}, got {} '{}'", name,
                              type == FrameColumn::Type::integer ? "an integer" : "a number",
                              type_name(value), printable(text)));
}

std::optional<Value> ObservationRow::property(ObservationInfo const& info,
                                              std::string const& name) const {
  Value const* value = info.find(name);
  for (char const* role : {"exposure", "visit", "detector", "band"})
    if (!value && instrument_.role(role) == name) value = info.find(standard_property(role));
  auto const* real = value ? std::get_if<double>(value) : nullptr;
  if (!value || (real && !std::isfinite(*real))) return std::nullopt;
  return *value;
}

fs::path ObservationRow::place(FrameRow const& row, ObservationInfo const& info) const {
  fs::path path = raw_.expand([&](std::string const& name) -> std::optional<Value> {
    std::string const role = instrument_.role(name);
    FrameColumn const* const column = storage_.find(role.empty() ? name : role);
    if (column) return row.columns[static_cast<std::size_t>(column - storage_.raw.data())];
    return property(info, name);
  });
  refuse_reserved(path);
  return path;
}

FrameRow ObservationRow::read(fs::path const& file) const {
  std::vector<Header> const headers = headers_of(file);
  ObservationInfo const info = instrument_.translate(headers);
  FrameRow row;
  for (FrameColumn const& column : storage_.raw) {
    auto const value = property(info, column.property);
    row.columns.push_back(value ? std::optional(as_column(*value, column.type, column.name))
                                : std::nullopt);
  }
  for (DataIdKey const& key : instrument_.keys()) {
    FrameColumn const* const column = storage_.find(key.name);
    auto const& value = row.columns.at(static_cast<std::size_t>(column - storage_.raw.data()));
    if (!value)
      throw DataError(fmt::format("its headers do not tell '{}', a key of the data ID", key.name));
    row.id.set(key.name, *value);
  }
  for (FileProperty const& kept : file_properties) {
    auto const value = property(info, kept.name);
    row.properties.push_back(value ? std::optional(as_column(*value, kept.type, kept.name))
                                   : std::nullopt);
  }
  row.file.path = place(row, info).string();
  row.file.checksum = header_checksum(headers);
  return row;
}

}  // namespace almagest
