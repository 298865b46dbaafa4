#include "raw_file.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

#include "almagest/error.hpp"
#include "almagest/text.hpp"

namespace simulate {

using namespace almagest;

namespace {

constexpr char const* cards_hint =
    ". Rules that only name a card are turned about; for others give the cards by parameter "
    "'cards'";

template <class T>
Image<T> assembled(RawHdu const& hdu, std::span<Image<std::int32_t> const> channels) {
  Image<T> image = Image<T>::uninitialised({0, 0, hdu.width, hdu.height});
  // Pixels that belong to no amplifier show a bias.
  std::ranges::fill(image.pixels(), static_cast<T>(channels[hdu.places.front().channel](0, 0)));
  for (RawHdu::Place const& place : hdu.places) {
    Image<std::int32_t> const& channel = channels[place.channel];
    for (int y = 0; y < channel.height(); ++y)
      std::ranges::transform(
          channel.row(y),
          image.row(place.first.y + y).subspan(static_cast<std::size_t>(place.first.x)).begin(),
          [](std::int32_t value) { return static_cast<T>(value); });
  }
  return image;
}

std::optional<double> as_number(Value const& value) {
  if (auto const* i = std::get_if<std::int64_t>(&value)) return static_cast<double>(*i);
  if (auto const* d = std::get_if<double>(&value)) return *d;
  return std::nullopt;
}

/// Compares properties and gathers what differs.
class Comparison {
 public:
  Comparison(ObservationInfo const& info) : info_(info) {}

  void number(std::string const& property, double wanted, double tolerance) {
    Value const* const value = property.empty() ? nullptr : info_.find(property);
    if (!value) return;
    auto const got = as_number(*value);
    if (!got || !(std::abs(*got - wanted) <= tolerance))
      differs(property, to_string(*value), fixed(wanted, 6));
  }
  void angle(std::string const& property, double wanted, double tolerance) {
    Value const* const value = info_.find(property);
    auto const got = value ? as_number(*value) : std::nullopt;
    if (got) number(property, wanted + 360.0 * std::round((*got - wanted) / 360.0), tolerance);
  }
  void text(std::string const& property, std::string const& wanted) {
    Value const* const value = property.empty() ? nullptr : info_.find(property);
    if (value && to_string(*value) != wanted) differs(property, to_string(*value), wanted);
  }
  std::string const& differences() const noexcept { return differences_; }

 private:
  void differs(std::string const& property, std::string const& got, std::string const& wanted) {
    differences_ += (differences_.empty() ? "" : "; ") + property + " reads back as " + got +
                    ", wanted " + wanted;
  }
  ObservationInfo const& info_;
  std::string differences_;
};

}  // namespace

std::vector<Header> headers_of(RawFile const& file) {
  std::vector<Header> headers;
  for (RawHdu const& hdu : file.hdus) {
    Header header = hdu.header;
    if (!hdu.extname.empty()) header.set("EXTNAME", hdu.extname);
    if (hdu.width > 0) {
      header.set("NAXIS1", std::int64_t{hdu.width});
      header.set("NAXIS2", std::int64_t{hdu.height});
    }
    header.set_origin(file.name + "[" + std::to_string(headers.size()) + "]");
    headers.push_back(std::move(header));
  }
  return headers;
}

void check_translation(Instrument const& instrument, RawFile const& file,
                       PlannedExposure const& exposure, Detector const& detector) {
  ObservationInfo info;
  try {
    std::vector<Header> const headers = headers_of(file);
    info = instrument.translate(headers);
    if (!instrument.recognises(headers))
      throw ConfigError("camera '" + instrument.name() +
                        "' does not recognise the headers that were made for it: its 'match'");
  } catch (NotImplementedError const&) {
    return;  // a camera that cannot read headers
  } catch (DataError const& error) {
    throw ConfigError("camera '" + instrument.name() +
                      "' does not understand the header that was made for it: " + error.what() +
                      cards_hint);
  }
  constexpr double second = 1.0 / 86400.0;
  constexpr double degree_tolerance = 1e-5;
  Comparison same(info);
  same.number(instrument.role("exposure"), static_cast<double>(exposure.number), 0.0);
  same.number("exposure_id", static_cast<double>(exposure.number), 0.0);
  same.number(instrument.role("detector"), detector.id, 0.0);
  same.number("detector_num", detector.id, 0.0);
  same.text("observation_type", std::string(type_word(exposure.type)));
  bool const has_filter = exposure.type == PlannedExposure::Type::science ||
                          exposure.type == PlannedExposure::Type::flat;
  if (has_filter)
    same.text(info.find("physical_filter") ? "physical_filter" : instrument.role("band"),
              exposure.filter);
  same.number("exposure_time", exposure.exposure_time_s, 1e-6);
  same.number("begin", exposure.begin_mjd, 60.0 * second);  // UTC and TAI differ by 37 s
  if (exposure.type == PlannedExposure::Type::science) {
    same.angle("ra", exposure.boresight.ra / radians_per_degree, degree_tolerance);
    same.number("dec", exposure.boresight.dec / radians_per_degree, degree_tolerance);
    same.angle("boresight_rotation_angle", exposure.rotation_deg, degree_tolerance);
  }
  if (!same.differences().empty())
    throw ConfigError(
        "the [header] of camera '" + instrument.name() +
        "' does not understand the header that was made for it: " + same.differences() +
        ". Simple rules can be simulated; for others give the "
        "cards by parameter 'cards'");
}

void add_cards(RawFile& file, std::map<std::string, std::string> const& cards,
               PlannedExposure const& exposure, Detector const& detector) {
  std::array<std::pair<char const*, std::string>, 5> const known{
      {{"{exposure}", std::to_string(exposure.number)},
       {"{sequence}", std::to_string(exposure.sequence)},
       {"{detector}", std::to_string(detector.id)},
       {"{filter}", exposure.filter},
       {"{type}", std::string(type_word(exposure.type))}}};
  for (auto const& [card, pattern] : cards) {
    std::string text = pattern;
    for (auto const& [name, value] : known)
      if (auto const at = text.find(name); at != std::string::npos)
        text.replace(at, std::string_view(name).size(), value);
    std::int64_t number = 0;
    char const* const end = text.data() + text.size();
    auto const read = std::from_chars(text.data(), end, number);
    bool const is_number = !text.empty() && read.ec == std::errc() && read.ptr == end;
    file.hdus.front().header.set(card, is_number ? Value(number) : Value(text));
  }
}

void write_raw(std::filesystem::path const& path, RawFile const& file,
               std::span<Image<std::int32_t> const> channels, fits::Compression compression) {
  fits::Writer writer(path);
  fits::Writer::ImageOptions const options{.compression = compression};
  for (RawHdu const& hdu : file.hdus) {
    if (hdu.width == 0)
      writer.primary(hdu.header);
    else if (file.sixteen_bits)
      writer.image(hdu.extname, assembled<std::uint16_t>(hdu, channels), hdu.header, options);
    else
      writer.image(hdu.extname, assembled<std::int32_t>(hdu, channels), hdu.header, options);
  }
  writer.close();
}

}  // namespace simulate
