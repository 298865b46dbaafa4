#include "almagest/instrument.hpp"

#include "almagest/raw_exposure.hpp"

#include <algorithm>

#include "almagest/error.hpp"

namespace almagest {
namespace {

/// Numbers by value (integers and floats together), otherwise false < true, text by its bytes;
/// different kinds in the order bool, number, text.
bool plainly_less(Value const& a, Value const& b) {
  // Every 64-bit integer and every double fits a long double without rounding.
  auto const number = [](Value const& v) -> std::optional<long double> {
    if (auto const* i = std::get_if<std::int64_t>(&v)) return static_cast<long double>(*i);
    if (auto const* d = std::get_if<double>(&v)) return static_cast<long double>(*d);
    return std::nullopt;
  };
  auto const x = number(a);
  auto const y = number(b);
  if (x && y) return *x < *y;
  return a < b;
}

}  // namespace

Instrument::~Instrument() = default;

bool Instrument::value_less(std::string_view key, Value const& a, Value const& b) const {
  auto const known = std::ranges::find(keys(), key, &DataIdKey::name);
  auto const* const text_a = std::get_if<std::string>(&a);
  auto const* const text_b = std::get_if<std::string>(&b);
  if (known != keys().end() && text_a && text_b) {
    auto const& values = known->values;  // what is not among them comes last
    auto const place_a = std::ranges::find(values, *text_a) - values.begin();
    auto const place_b = std::ranges::find(values, *text_b) - values.begin();
    if (place_a != place_b) return place_a < place_b;
  }
  return plainly_less(a, b);
}

bool Instrument::id_less(DataId const& a, DataId const& b) const {
  // The instrument's own keys first, in their order; a group's ID may lack some and have others.
  for (DataIdKey const& key : keys()) {
    Value const* const x = a.find(key.name);
    Value const* const y = b.find(key.name);
    if (!x || !y) {
      if (x || y) return !x;
      continue;
    }
    if (value_less(key.name, *x, *y)) return true;
    if (value_less(key.name, *y, *x)) return false;
  }
  return std::ranges::lexicographical_compare(
      a.items(), b.items(), [](DataId::Item const& x, DataId::Item const& y) {
        return x.first != y.first ? x.first < y.first : plainly_less(x.second, y.second);
      });
}

std::int64_t first_source_id(ExposureId const& exposure) {
  constexpr int positive_bits = 63;  // of a std::int64_t
  constexpr int most_source_bits = 26;
  constexpr int fewest_source_bits = 20;
  int const shift = std::min(most_source_bits, positive_bits - exposure.bits);
  if (exposure.bits < 0 || shift < fewest_source_bits)
    throw DataError("exposure ids of " + std::to_string(exposure.bits) + " bits leave fewer than " +
                    std::to_string(fewest_source_bits) + " bits for numbering sources");
  if (exposure.value < 0 || exposure.value >> exposure.bits != 0)
    throw DataError("exposure id " + std::to_string(exposure.value) + " does not fit into " +
                    std::to_string(exposure.bits) + " bits");
  return (exposure.value << shift) + 1;
}

namespace {

[[noreturn]] void not_implemented(Instrument const& instrument, char const* what) {
  throw NotImplementedError("instrument '" + instrument.name() + "': " + what);
}

}  // namespace

ObservationInfo Instrument::translate(std::span<Header const>) const {
  not_implemented(*this, "translation of headers");
}
bool Instrument::recognises(std::span<Header const>) const {
  return false;
}
RawExposure Instrument::read_raw(std::filesystem::path const&, DataId const&) const {
  not_implemented(*this, "reading raw frames");
}
Point Instrument::field_angle(Point) const {
  not_implemented(*this, "the optics' distortion");
}
Point Instrument::focal_plane(Point) const {
  not_implemented(*this, "the optics' distortion");
}
std::optional<Wcs> Instrument::initial_wcs(ObservationInfo const&, Detector const&) const {
  return std::nullopt;
}

Detector const& Instrument::detector(int id) const {
  for (Detector const& detector : detectors())
    if (detector.id == id) return detector;
  std::string known;
  for (Detector const& detector : detectors())
    known += (known.empty() ? "" : ", ") + std::to_string(detector.id);
  throw DataError("instrument '" + name() + "' has no detector " + std::to_string(id) +
                  "; known: " + known);
}

}  // namespace almagest
