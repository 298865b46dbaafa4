#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "host/camera_proposal.hpp"
#include "instrument/amplifier_cards.hpp"

namespace almagest {

namespace {

constexpr std::string_view data_cards[] = {"TRIMSEC", "DATASEC"};
constexpr std::string_view overscan_cards[] = {"BIASSEC", "OVERSEC", "OVRSEC"};
constexpr std::string_view box_cards[] = {"CCDSEC", "DETSEC", "AMPSEC"};
/// With a number or letter behind them, where one image holds several amplifiers.
constexpr std::string_view data_stems[] = {"TSEC", "DSEC", "DATASEC", "TRIMSEC"};
constexpr std::string_view overscan_stems[] = {"BSEC", "BIASSEC", "OSEC"};
constexpr std::string_view box_stems[] = {"CSEC", "CCDSEC", "ASEC"};
constexpr std::string_view gain_cards[] = {"GAIN", "EGAIN", "GAINEFF", "GAIN1"};
constexpr std::string_view noise_cards[] = {"RDNOISE", "READNOIS", "RON", "ENOISE", "RDNOISE1"};
constexpr std::string_view saturation_cards[] = {"SATURATE", "SATLEVEL", "MAXLIN", "SATURATI"};
constexpr std::string_view pixel_cards[] = {"PIXSIZE1", "XPIXSZ", "PIXSIZE", "XPIXELSZ",
                                            "DETPXSZ1"};

/// A section in an image's own header or the primary one.
std::optional<FitsSection> section_in(RawHeaders const& raw, int hdu, std::string_view card) {
  for (int const where : {hdu, 0})
    if (Value const* value = raw.header(where).find(card))
      if (auto const* text = std::get_if<std::string>(value)) return parse_section(*text);
  return std::nullopt;
}

int image_size(RawHeaders const& raw, int hdu, char const* card) {
  Value const* const value = raw.header(hdu).find(card);
  auto const* const number = value ? std::get_if<std::int64_t>(value) : nullptr;
  constexpr std::int64_t most = 1'000'000;
  return number && *number > 0 && *number < most ? static_cast<int>(*number) : 1;
}

struct Size {
  int width = 0;
  int height = 0;
  bool operator==(Size const&) const = default;
};

Size size_of(FitsSection const& s) {
  return {std::abs(s.x2 - s.x1) + 1, std::abs(s.y2 - s.y1) + 1};
}

bool overlap(FitsSection const& a, FitsSection const& b) {
  auto const apart = [](int a1, int a2, int b1, int b2) {
    return std::max(a1, a2) < std::min(b1, b2) || std::max(b1, b2) < std::min(a1, a2);
  };
  return !apart(a.x1, a.x2, b.x1, b.x2) && !apart(a.y1, a.y2, b.y1, b.y2);
}

/// What is to be said of one amplifier.
struct AmplifierGuess {
  std::string name;
  int hdu = 0;
  FitsSection data;
  std::string data_rule, overscan_rule, box_rule;  ///< a card's name or a section; "" = none
};

struct SectionCards {
  std::string data, overscan, box;
};

/// The first card that holds a section.
template <std::size_t N>
std::string first_section(RawHeaders const& raw, int hdu, std::string_view const (&cards)[N],
                          std::string const& ending = {}) {
  for (std::string_view const card : cards)
    if (section_in(raw, hdu, std::string(card) + ending)) return std::string(card) + ending;
  return {};
}

AmplifierGuess amplifier_of(RawHeaders const& raw, int hdu, std::string name,
                            SectionCards const& cards) {
  AmplifierGuess guess;
  guess.name = std::move(name);
  guess.hdu = hdu;
  guess.box_rule = cards.box;
  int const width = image_size(raw, hdu, "NAXIS1");
  int const height = image_size(raw, hdu, "NAXIS2");
  guess.data = section_in(raw, hdu, cards.data).value_or(FitsSection{1, width, 1, height});
  if (guess.data.x2 == 0) guess.data.x2 = width;  // `*`
  if (guess.data.y2 == 0) guess.data.y2 = height;
  guess.data_rule = cards.data.empty() ? guess.data.str() : cards.data;
  auto const overscan = section_in(raw, hdu, cards.overscan);
  if (overscan && !overlap(*overscan, guess.data)) {
    guess.overscan_rule = cards.overscan;
  } else if (!cards.data.empty() && guess.data.x2 < width) {
    guess.overscan_rule = FitsSection{guess.data.x2 + 1, width, guess.data.y1, guess.data.y2}.str();
  }
  return guess;
}

/// The EXTNAME, or a name made of the number.
std::string hdu_name(RawHeaders const& raw, int hdu) {
  Value const* const value = raw.header(hdu).find("EXTNAME");
  auto const* const text = value ? std::get_if<std::string>(value) : nullptr;
  return text && !text->empty() ? *text : fmt::format("hdu{}", hdu);
}

/// A bare key where TOML allows one.
std::string to_toml_key(std::string const& name) {
  bool const bare = std::ranges::all_of(
      name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; });
  return bare && !name.empty() ? name : toml_text(name);
}

/// One image with sections for several amplifiers: the endings of DSEC1, BSEC1 …
std::vector<std::string> amplifier_endings(RawHeaders const& raw, int hdu) {
  std::set<std::string> endings;
  for (int const where : {hdu, 0})
    for (Header::Card const& card : raw.header(where).cards())
      for (std::string_view const stem : data_stems)
        if (card.name.starts_with(stem) && card.name.size() > stem.size() &&
            section_in(raw, hdu, card.name))
          endings.insert(card.name.substr(stem.size()));
  return {endings.begin(), endings.end()};
}

/// Amplifiers of one image by their cards' endings; else one per image.
std::vector<AmplifierGuess> guess_amplifiers(RawHeaders const& raw) {
  std::vector<AmplifierGuess> guesses;
  if (raw.images().size() == 1) {
    int const hdu = raw.images().front();
    for (std::string const& ending : amplifier_endings(raw, hdu))
      guesses.push_back(amplifier_of(raw, hdu, ending,
                                     {first_section(raw, hdu, data_stems, ending),
                                      first_section(raw, hdu, overscan_stems, ending),
                                      first_section(raw, hdu, box_stems, ending)}));
    if (guesses.size() > 1) return guesses;
    guesses.clear();
  }
  for (int const hdu : raw.images())
    guesses.push_back(
        amplifier_of(raw, hdu, hdu_name(raw, hdu),
                     {first_section(raw, hdu, data_cards), first_section(raw, hdu, overscan_cards),
                      first_section(raw, hdu, box_cards)}));
  return guesses;
}

/// Whether the boxes of the cards fill a frame that begins at (1, 1): its size, or none.
std::optional<Size> frame_of_boxes(RawHeaders const& raw,
                                   std::vector<AmplifierGuess> const& guesses) {
  constexpr int far = std::numeric_limits<int>::max();
  FitsSection all{far, 0, far, 0};
  std::int64_t area = 0;
  for (std::size_t i = 0; i < guesses.size(); ++i) {
    auto const box = section_in(raw, guesses[i].hdu, guesses[i].box_rule);
    if (!box || box->x2 == 0 || box->y2 == 0 || size_of(*box) != size_of(guesses[i].data))
      return std::nullopt;
    for (std::size_t k = 0; k < i; ++k)
      if (auto const other = section_in(raw, guesses[k].hdu, guesses[k].box_rule);
          other && overlap(*box, *other))
        return std::nullopt;
    all.x1 = std::min({all.x1, box->x1, box->x2});
    all.x2 = std::max({all.x2, box->x1, box->x2});
    all.y1 = std::min({all.y1, box->y1, box->y2});
    all.y2 = std::max({all.y2, box->y1, box->y2});
    area += std::int64_t{size_of(*box).width} * size_of(*box).height;
  }
  bool const whole = all.x1 == 1 && all.y1 == 1 && area == std::int64_t{all.x2} * all.y2;
  return whole ? std::optional(Size{all.x2, all.y2}) : std::nullopt;
}

/// Where data begin, and how many pixels stand before each of these places.
std::map<int, int> packed(std::map<int, int> const& lengths) {
  std::map<int, int> before;
  int sum = 0;
  for (auto const& [start, length] : lengths) {
    before[start] = sum;
    sum += length;
  }
  return before;
}

/// Puts the data together as they stand in their image, or images side by side. Returns the size.
Size place_side_by_side(std::vector<AmplifierGuess>& guesses) {
  bool const one_image = guesses.size() > 1 && guesses[0].hdu == guesses[1].hdu;
  std::map<int, int> columns, rows;
  auto const x_start = [&](AmplifierGuess const& g) { return one_image ? g.data.x1 : g.hdu; };
  auto const y_start = [&](AmplifierGuess const& g) { return one_image ? g.data.y1 : 0; };
  for (AmplifierGuess const& g : guesses) {
    columns[x_start(g)] = size_of(g.data).width;
    rows[y_start(g)] = size_of(g.data).height;
  }
  auto const x = packed(columns), y = packed(rows);
  Size whole;
  for (AmplifierGuess& g : guesses) {
    int const left = x.at(x_start(g)), bottom = y.at(y_start(g));
    Size const size = size_of(g.data);
    g.box_rule = FitsSection{left + 1, left + size.width, bottom + 1, bottom + size.height}.str();
    whole.width = std::max(whole.width, left + size.width);
    whole.height = std::max(whole.height, bottom + size.height);
  }
  return whole;
}

// ---- lines

/// `gain = { key = "GAIN", default = 1.4 }`, or the number that is used until it is known.
ProposedLine constant(RawHeaders const& raw, std::string const& name,
                      std::span<std::string_view const> cards, char const* usual,
                      std::string const& unit, std::string const& todo) {
  std::string const card = raw.first(cards, RawHeaders::Kind::number);
  std::string const value = card.empty() ? "" : to_string(*raw.find(card));
  if (!card.empty() && !value.starts_with('-') && value != "0")
    return {fmt::format("{} = {{ key = {}, default = {} }}", name, toml_text(card), value), unit};
  return {fmt::format("{} = {}", name, usual),
          fmt::format("{}; TODO: {}{}", unit, todo,
                      card.empty() ? "" : fmt::format(" ({} = {} is none)", card, value))};
}

/// The rule that all amplifiers share, or "".
std::string common_rule(std::vector<AmplifierGuess> const& guesses,
                        std::string AmplifierGuess::*rule) {
  for (AmplifierGuess const& guess : guesses)
    if (guess.*rule != guesses.front().*rule) return {};
  return guesses.front().*rule;
}

std::string hdu_rule(RawHeaders const& raw, AmplifierGuess const& guess) {
  return guess.name == hdu_name(raw, guess.hdu) && raw.header(guess.hdu).has("EXTNAME")
             ? toml_text(guess.name)
             : std::to_string(guess.hdu);
}

/// One amplifier in a table of its own.
void add_sole_amplifier(ProposedLines& lines, RawHeaders const& raw, AmplifierGuess const& guess) {
  lines.push_back({"[detector.default.amp.A]", ""});
  lines.push_back({"hdu = " + hdu_rule(raw, guess), ""});
  lines.push_back({"data = " + toml_text(guess.data_rule),
                   section_in(raw, guess.hdu, guess.data_rule)
                       ? "a card's name, here " + guess.data.str()
                       : "TODO: the pixels that saw the sky; no DATASEC"});
  if (guess.overscan_rule.empty())
    lines.push_back({"# overscan = \"BIASSEC\"", "TODO: a card or a section; none was found"});
  else
    lines.push_back({"overscan = " + toml_text(guess.overscan_rule),
                     guess.overscan_rule.starts_with('[') ? "TODO: right? no BIASSEC" : ""});
}

/// A line per amplifier, and before them what all have in common.
void add_amplifiers(ProposedLines& lines, RawHeaders const& raw,
                    std::vector<AmplifierGuess> const& guesses, bool placed) {
  struct Key {
    char const* name;
    std::string AmplifierGuess::*rule;
  };
  constexpr Key keys[] = {{"data", &AmplifierGuess::data_rule},
                          {"overscan", &AmplifierGuess::overscan_rule},
                          {"box", &AmplifierGuess::box_rule}};
  auto const add_to = [](std::string& text, std::string const& entry) {
    text += (text.empty() ? "" : ", ") + entry;
  };
  std::string common;
  for (Key const& key : keys)
    if (std::string const rule = common_rule(guesses, key.rule); !rule.empty())
      add_to(common, fmt::format("{} = {}", key.name, toml_text(rule)));
  lines.push_back(
      {"[detector.default.amp]", placed ? "TODO: flips and read_corner: look at check-camera --plot"
                                        : "TODO: 'box' is a guess: look at check-camera --plot"});
  if (!common.empty()) lines.push_back({fmt::format("default = {{ {} }}", common), ""});
  for (AmplifierGuess const& guess : guesses) {
    std::string own = "hdu = " + hdu_rule(raw, guess);
    for (Key const& key : keys)
      if (std::string const& rule = guess.*key.rule;
          !rule.empty() && common_rule(guesses, key.rule) != rule)
        add_to(own, fmt::format("{} = {}", key.name, toml_text(rule)));
    lines.push_back({fmt::format("{} = {{ {} }}", to_toml_key(guess.name), own), ""});
  }
}

/// Side of a pixel [um]: cards give µm, or metres and millimetres by mistake.
ProposedLine pixel_size(RawHeaders const& raw) {
  std::string const card = raw.first(pixel_cards, RawHeaders::Kind::number);
  double size = 0.0;
  if (!card.empty()) {
    Value const& value = *raw.find(card);
    auto const* const whole = std::get_if<std::int64_t>(&value);
    size = whole ? static_cast<double>(*whole) : std::get<double>(value);
    constexpr double smallest_um = 0.5, um_per_mm = 1000.0;
    if (size > 0 && size < smallest_um) size *= um_per_mm;
  }
  if (size > 0) return {fmt::format("pixel_um = {}", to_string(Value(size))), "from " + card};
  return {"pixel_um = 15", "TODO: side of a pixel [um]"};
}

}  // namespace

ProposedLines proposed_detectors(RawHeaders const& raw) {
  std::vector<AmplifierGuess> guesses = guess_amplifiers(raw);
  bool const sole = guesses.size() == 1;
  auto const frame = sole ? std::nullopt : frame_of_boxes(raw, guesses);
  Size const size = sole    ? size_of(guesses.front().data)
                    : frame ? *frame
                            : place_side_by_side(guesses);
  ProposedLines lines{
      {"[detector.default]", ""},
      {fmt::format("size = [{}, {}]", size.width, size.height), "data pixels of a whole CCD"},
      pixel_size(raw)};
  lines.push_back(constant(raw, "gain", gain_cards, "1.0", "electron/adu",
                           "from pairs of flats, or the camera's page"));
  lines.push_back(constant(raw, "read_noise", noise_cards, "5.0", "electron",
                           "check-camera shows the overscan's noise in adu"));
  lines.push_back(constant(raw, "saturation", saturation_cards, "60000", "adu",
                           "the level at which stars are cut off"));
  if (sole)
    add_sole_amplifier(lines, raw, guesses.front());
  else
    add_amplifiers(lines, raw, guesses, frame.has_value());
  return lines;
}

}  // namespace almagest
