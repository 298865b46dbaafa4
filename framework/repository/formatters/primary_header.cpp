#include "repository/formatters/primary_header.hpp"

#include <limits>

#include "almagest/geometry.hpp"

namespace almagest {
namespace {

constexpr char const* metadata_marker = "METADATA";

bool is_commentary(Header::Card const& card) {
  return card.name.empty() || card.name == "COMMENT" || card.name == "HISTORY";
}

/// The keys may have any name and order, so they are values and not the cards' names.
void set_data_id(Header& header, DataId const& id) {
  for (std::size_t i = 0; i < id.items().size(); ++i) {
    auto const& [key, value] = id.items()[i];
    std::string const number = std::to_string(i + 1);
    header.set("IDKEY" + number, key, "key of the data ID");
    header.set("IDVAL" + number, value, "its value");
  }
}

/// The names of the steps that failed, as the engine lists them.
std::string failed_steps(ConfigValue const& options) {
  std::string names;
  if (ConfigValue const* const steps = options.find("failed_steps"))
    for (ConfigValue const& step : steps->array())
      names += (names.empty() ? "" : ", ") + step.string();
  return names;
}

}  // namespace

Header product_header(std::string_view product_id, Formatter::WriteRequest const& request) {
  Header header;
  header.set("PRODUCT", std::string(product_id), "what this file holds");
  set_data_id(header, request.id);
  std::string const failed = failed_steps(request.options);
  if (!failed.empty()) header.set("FAILSTEP", failed, "steps that failed: an older version");
  return header;
}

DataId data_id_of(Header const& header) {
  DataId id;
  for (int i = 1; header.has("IDKEY" + std::to_string(i)); ++i) {
    std::string const number = std::to_string(i);
    Value const* const value = header.find("IDVAL" + number);
    if (!value) throw DataError(header.origin() + ": IDVAL" + number + " is missing");
    id.set(header.text("IDKEY" + number), *value);
  }
  return id;
}

void append_metadata(Header& header, Header const& metadata) {
  Header const own = header;
  header.set(metadata_marker, true, "the cards below are the product's own");
  for (Header::Card const& card : metadata.cards())
    if (is_commentary(card) || !own.has(card.name)) header.append(card);
}

Header metadata_of(Header const& header) {
  Header metadata;
  bool const marked = header.has(metadata_marker);
  bool behind = !marked;
  for (Header::Card const& card : header.cards()) {
    bool const checksum = card.name == "CHECKSUM" || card.name == "DATASUM";
    if (behind && !checksum) metadata.append(card);
    behind = behind || card.name == metadata_marker;
  }
  return metadata;
}

void set_angle(Header& header, std::string const& name, double radians, std::string const& text) {
  double const degrees = radians / radians_per_degree;
  header.set(name, degrees, "[deg] " + text);
  double const low = radians - degrees * radians_per_degree;
  if (low != 0.0) header.set(name + "LO", low, "[rad] lost by rounding " + name + " to degrees");
}

double angle_or_nan(Header const& header, std::string const& name) {
  double const degrees = header.number_or(name, std::numeric_limits<double>::quiet_NaN());
  return degrees * radians_per_degree + header.number_or(name + "LO", 0.0);
}

int int_card(Header const& header, std::string_view name) {
  std::int64_t const value = header.integer(name);
  if (value < std::numeric_limits<int>::min() || value > std::numeric_limits<int>::max())
    throw DataError(header.origin() + ": " + std::string(name) + " = " + std::to_string(value) +
                    " is out of range");
  return static_cast<int>(value);
}

}  // namespace almagest
