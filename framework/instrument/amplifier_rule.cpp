#include "instrument/amplifier_rule.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace almagest {
namespace {

/// The sections of an amplifier, none where there is none.
struct Sections {
  std::optional<FitsSection> image, data, prescan, serial, parallel, overscan, box;
};

Sections sections_without_file(AmplifierRule const& rule) {
  return {rule.image.without_file(),
          rule.data.without_file(),
          rule.prescan.without_file(),
          rule.serial_overscan.without_file(),
          rule.parallel_overscan.without_file(),
          rule.overscan.without_file(),
          rule.box.without_file()};
}

Sections sections_of_file(AmplifierRule const& rule, CardSource const& cards) {
  return {rule.image.section(cards),
          rule.data.section(cards),
          rule.prescan.section(cards),
          rule.serial_overscan.section(cards),
          rule.parallel_overscan.section(cards),
          rule.overscan.section(cards),
          rule.box.section(cards)};
}

/// The smallest image that holds all sections.
std::pair<int, int> extent(Sections const& sections) {
  int width = 0, height = 0;
  for (auto const* section : {&sections.image, &sections.data, &sections.prescan, &sections.serial,
                              &sections.parallel, &sections.overscan})
    if (*section) {
      width = std::max({width, (*section)->x1, (*section)->x2});
      height = std::max({height, (*section)->y1, (*section)->y2});
    }
  return {width, height};
}

Box united(Box const& a, Box const& b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  return Box::from_corners(std::min(a.x0, b.x0), std::min(a.y0, b.y0), std::max(a.x1(), b.x1()),
                           std::max(a.y1(), b.y1()));
}

/// Whether an overscan lies beyond the data's columns, not beside its rows.
bool is_parallel(Box const& overscan, Box const& data) {
  int const common = std::min(overscan.x1(), data.x1()) - std::max(overscan.x0, data.x0) + 1;
  return 2 * common > std::min(overscan.width, data.width);
}

/// Where the amplifier's data stand in the assembled frame, and which way they run.
void place_box(AmplifierRule const& rule, AmplifierPlace const& place, Sections const& sections,
               std::string const& what, Amplifier& amplifier) {
  FitsSection section = sections.box.value_or(FitsSection{1, 0, 1, 0});
  amplifier.flip_x = rule.flip_x.value_or(section.reversed_x());
  amplifier.flip_y = rule.flip_y.value_or(section.reversed_y());
  if (section.reversed_x()) std::swap(section.x1, section.x2);
  if (section.reversed_y()) std::swap(section.y1, section.y2);
  amplifier.box = section_box(section, place.detector.width, place.detector.height,
                              what + "box in the assembled frame");
  amplifier.read_corner = rule.read_corner.value_or(
      flipped(ReadCorner::lower_left, amplifier.flip_x, amplifier.flip_y));
}

PlacedAmplifier placed(AmplifierRule const& rule, AmplifierPlace const& place,
                       Sections const& sections, int width, int height, std::string const& origin) {
  std::string const what = origin + "amplifier '" + rule.name + "', ";
  auto const box = [&](std::optional<FitsSection> const& section, char const* name) {
    return section ? section_box(*section, width, height, what + name) : Box{};
  };
  PlacedAmplifier result;
  Amplifier& amplifier = result.amplifier;
  amplifier.name = rule.name;
  amplifier.raw_data = sections.data ? box(sections.data, "data") : Box{0, 0, width, height};
  amplifier.raw_prescan = box(sections.prescan, "prescan");
  amplifier.raw_serial_overscan = box(sections.serial, "serial overscan");
  amplifier.raw_parallel_overscan = box(sections.parallel, "parallel overscan");
  if (Box const overscan = box(sections.overscan, "overscan"); !overscan.empty())
    (is_parallel(overscan, amplifier.raw_data) ? amplifier.raw_parallel_overscan
                                               : amplifier.raw_serial_overscan) = overscan;
  std::array<Box*, 4> const parts{&amplifier.raw_data, &amplifier.raw_prescan,
                                  &amplifier.raw_serial_overscan, &amplifier.raw_parallel_overscan};
  result.image = Box{0, 0, width, height};
  if (sections.image) {
    result.image = box(sections.image, "image");
  } else if (place.shares_hdu) {
    result.image = {};
    for (Box const* part : parts) result.image = united(result.image, *part);
  }
  for (Box* part : parts) {
    if (part->empty()) continue;
    if (!result.image.contains(*part))
      throw DataError(what + "image " + sections.image.value_or(FitsSection{}).str() +
                      " does not hold all of its sections");
    part->x0 -= result.image.x0;
    part->y0 -= result.image.y0;
  }
  place_box(rule, place, sections, what, amplifier);
  return result;
}

std::optional<ReadCorner> read_corner_of(std::string_view word) {
  constexpr std::array<std::pair<std::string_view, ReadCorner>, 4> known{{
      {"lower_left", ReadCorner::lower_left},
      {"lower_right", ReadCorner::lower_right},
      {"upper_left", ReadCorner::upper_left},
      {"upper_right", ReadCorner::upper_right},
  }};
  auto const found = std::ranges::find(known, word, &decltype(known)::value_type::first);
  if (found == known.end()) return std::nullopt;
  return found->second;
}

void read_linearity(ConfigValue const& value, Linearity& linearity, Problems& problems) {
  TableReader table(value, "'linearity'", problems);
  std::string const word = table.required_text("type");
  if (auto const type = linearity_type(word))
    linearity.type = *type;
  else if (!word.empty())
    problems.add(value.find("type")->where, "'" + word + "' is no type of linearity");
  if (linearity.type == Linearity::Type::lookup_table)
    problems.add(value.where,
                 "not implemented: linearity tables in camera.toml; store a "
                 "'linearity' calibration");
  linearity.coefficients.clear();
  if (ConfigValue const* list = table.array("coefficients"))
    for (ConfigValue const& element : list->array()) {
      auto const number = read_card_number(element, problems);
      if (number && number->card.empty()) linearity.coefficients.push_back(number->without_file());
    }
  table.finish();
}

/// A card has the last word, where there is one; otherwise what is known stands.
double number_of_file(CardNumber const& rule, double known, CardSource const& cards) {
  if (rule.card.empty()) return known;
  CardNumber number = rule;
  if (std::isfinite(known)) number.absent = known;
  return number.value(cards);
}

}  // namespace

std::string AmplifierRule::hdu_name() const {
  if (auto const* name_of_it = std::get_if<std::string>(&hdu)) return *name_of_it;
  return std::to_string(std::get<int>(hdu));
}

std::optional<Linearity::Type> linearity_type(std::string_view word) {
  using enum Linearity::Type;
  constexpr std::array<std::pair<std::string_view, Linearity::Type>, 7> known{{
      {"none", none},
      {"proportional", none},  // LSST's word for it
      {"squared", squared},
      {"polynomial", polynomial},
      {"lookup_table", lookup_table},
      {"spline", spline},
      {"double_spline", double_spline},
  }};
  auto const found = std::ranges::find(known, word, &decltype(known)::value_type::first);
  if (found == known.end()) return std::nullopt;
  return found->second;
}

void read_amplifier_keys(TableReader& table, AmplifierRule& rule, Problems& problems) {
  if (ConfigValue const* hdu = table.value("hdu")) {
    constexpr std::int64_t most_hdus = 10'000;
    auto const* number = std::get_if<std::int64_t>(&hdu->data);
    if (number && *number >= 0 && *number < most_hdus)
      rule.hdu = static_cast<int>(*number);
    else if (hdu->is_string() && !hdu->string().empty())
      rule.hdu = hdu->string();
    else
      problems.add(hdu->where, "'hdu' wants a number, counted from 0, or an EXTNAME");
  }
  auto const section = [&](char const* key, SectionRule& target) {
    if (ConfigValue const* value = table.value(key))
      if (auto const read = read_section_rule(*value, problems)) target = *read;
  };
  section("image", rule.image);
  section("data", rule.data);
  section("prescan", rule.prescan);
  section("serial_overscan", rule.serial_overscan);
  section("parallel_overscan", rule.parallel_overscan);
  section("overscan", rule.overscan);
  section("box", rule.box);
  if (auto const size = table.size("raw_size")) rule.raw_size = size;
  if (auto const flip = table.flag("flip_x")) rule.flip_x = flip;
  if (auto const flip = table.flag("flip_y")) rule.flip_y = flip;
  if (auto const word = table.text("read_corner")) {
    rule.read_corner = read_corner_of(*word);
    if (!rule.read_corner)
      table.problem(*table.value("read_corner"),
                    "'read_corner' wants lower_left, lower_right, "
                    "upper_left or upper_right, got '" +
                        *word + "'");
  }
  auto const number = [&](char const* key, CardNumber& target) {
    ConfigValue const* value = table.value(key);
    auto const read = value ? read_card_number(*value, problems) : std::nullopt;
    if (read) target = *read;
    return read.has_value();
  };
  number("gain", rule.gain);
  number("read_noise", rule.read_noise);
  if (number("saturation", rule.saturation)) rule.saturation_in_electrons = false;
  if (number("saturation_electron", rule.saturation)) rule.saturation_in_electrons = true;
  number("suspect", rule.suspect);
  if (ConfigValue const* value = table.table("linearity"))
    read_linearity(*value, rule.linearity, problems);
}

PlacedAmplifier amplifier_without_file(AmplifierRule const& rule, AmplifierPlace const& place) {
  Sections const sections = sections_without_file(rule);
  auto const [width, height] = rule.raw_size.value_or(extent(sections));
  PlacedAmplifier result;
  if (sections.data) {
    result = placed(rule, place, sections, width, height, "");
  } else {  // the file will tell; the box may be known all the same
    result.amplifier.name = rule.name;
    place_box(rule, place, sections, "amplifier '" + rule.name + "', ", result.amplifier);
    if (!rule.data.given())
      result.amplifier.raw_data = {0, 0, result.amplifier.box.width, result.amplifier.box.height};
  }
  Amplifier& amplifier = result.amplifier;
  double const gain = rule.gain.without_file();
  amplifier.gain = std::isfinite(gain) ? gain : 1.0;
  double const noise = rule.read_noise.without_file();
  amplifier.read_noise = std::isfinite(noise) ? noise : 0.0;
  amplifier.saturation = rule.saturation.without_file();
  if (rule.saturation_in_electrons) amplifier.saturation /= amplifier.gain;
  amplifier.suspect = rule.suspect.without_file();
  amplifier.linearity = rule.linearity;
  return result;
}

PlacedAmplifier amplifier_of_file(AmplifierRule const& rule, AmplifierPlace const& place,
                                  Amplifier const& known, CardSource const& cards, int width,
                                  int height) {
  std::string const origin = cards.own.origin() + ": ";
  PlacedAmplifier result =
      placed(rule, place, sections_of_file(rule, cards), width, height, origin);
  Amplifier& amplifier = result.amplifier;
  if (amplifier.raw_data.width != amplifier.box.width ||
      amplifier.raw_data.height != amplifier.box.height)
    throw DataError(origin + "amplifier '" + rule.name + "': the data section has " +
                    std::to_string(amplifier.raw_data.width) + " x " +
                    std::to_string(amplifier.raw_data.height) + " pixels, its box in the frame " +
                    std::to_string(amplifier.box.width) + " x " +
                    std::to_string(amplifier.box.height));
  bool const gain_known = rule.gain.card.empty() || rule.gain.absent;
  double const gain_of_table = known.gain;
  amplifier.gain = number_of_file(
      rule.gain, gain_known ? known.gain : std::numeric_limits<double>::quiet_NaN(), cards);
  if (!(amplifier.gain > 0))
    throw DataError(origin + "amplifier '" + rule.name + "': the gain is " +
                    to_string(Value(amplifier.gain)) + ", expected a positive number");
  amplifier.read_noise = number_of_file(rule.read_noise, known.read_noise, cards);
  amplifier.saturation = known.saturation;
  if (!rule.saturation.card.empty()) {
    amplifier.saturation = rule.saturation.value(cards);
    if (rule.saturation_in_electrons) amplifier.saturation /= amplifier.gain;
  } else if (rule.saturation_in_electrons) {
    amplifier.saturation *= gain_of_table / amplifier.gain;
  }
  amplifier.suspect = number_of_file(rule.suspect, known.suspect, cards);
  amplifier.linearity = known.linearity;
  amplifier.further = known.further;
  return result;
}

}  // namespace almagest
