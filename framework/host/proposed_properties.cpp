#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "host/camera_proposal.hpp"

/// Which cards observatories use for what: the FITS keyword dictionaries of NOAO, ESO, STScI and
/// Subaru, and the habits of amateur cameras (MaxIm DL).
namespace almagest {

namespace {

using Kind = RawHeaders::Kind;
using Names = std::span<std::string_view const>;

constexpr std::string_view exposure_cards[] = {
    "EXPNUM", "OBSNUM", "OBS-NUM", "RUNNO",   "RUN",  "FRAMENO", "FRAMENUM", "IMAGENUM", "EXPID",
    "EXP-ID", "OBSID",  "SHOTNUM", "FILENUM", "NEXP", "SEQNUM",  "FRAMEID",  "OBS_ID",   "OBSERNO"};
constexpr std::string_view detector_cards[] = {"CCDNUM",  "CCD",   "CCDID",  "CCD-ID",
                                               "DET-ID",  "DETID", "DETNUM", "CHIPID",
                                               "CHIPNUM", "CHIP",  "CCDCHIP"};
constexpr std::string_view filter_cards[] = {"FILTER",  "FILTER01", "FILTER1",  "FILTNAM",
                                             "FILTERS", "FILTNAME", "INSFLNAM", "WFFBAND",
                                             "BAND",    "FILTID"};
constexpr std::string_view time_cards[] = {"DATE-OBS", "DATE-BEG", "DATEOBS", "UTDATE"};
constexpr std::string_view day_time_cards[] = {"TIME-OBS", "UT-STR", "UTSTART", "UTC-OBS", "UT",
                                               "UTC",      "TIME",   "UTOPEN",  "UTSHUT"};
constexpr std::string_view mjd_cards[] = {"MJD-OBS", "MJD-BEG", "MJD", "MJD-STR"};
constexpr std::string_view exposure_time_cards[] = {"EXPTIME",  "EXPOSURE", "EXPOSED", "ITIME",
                                                    "EXP_TIME", "TEXP",     "ELAPSED"};
constexpr std::string_view type_cards[] = {"OBSTYPE",  "IMAGETYP", "IMGTYPE",
                                           "OBS-TYPE", "DATA-TYP", "FRAMETYP",
                                           "EXPTYPE",  "IMTYPE",   "OBSTYP"};
constexpr std::string_view ra_cards[] = {"RA", "RA2000", "TELRA", "OBJRA", "OBJCTRA", "RA_DEG"};
constexpr std::string_view dec_cards[] = {"DEC",    "DEC2000",  "TELDEC",
                                          "OBJDEC", "OBJCTDEC", "DEC_DEG"};
constexpr std::string_view rotation_cards[] = {
    "ROTPA", "ROTANGLE", "ROTSKYPA", "INST-PA", "POSANG", "ROTPOS", "INSTANGL", "PA", "DECPANGL"};
constexpr std::string_view airmass_cards[] = {"AIRMASS", "SECZ"};
constexpr std::string_view object_cards[] = {"OBJECT", "OBJNAME", "TARGET"};

/// "looked for A, B, C": where to start when none of them is there.
std::string sought(Names cards) {
  std::string text = "none of";
  for (std::string_view const card : cards.first(std::min<std::size_t>(cards.size(), 3)))
    text.append(" ").append(card);
  return text + " … is there";
}

/// Colons or blanks between parts: sexagesimal.
bool is_sexagesimal(Value const& value) {
  auto const* const text = std::get_if<std::string>(&value);
  return text && text->find_first_of(": ") != std::string::npos;
}

std::string shown(RawHeaders const& raw, std::string const& card) {
  constexpr std::size_t longest = 30;
  std::string text = to_string(*raw.find(card));
  std::ranges::replace_if(
      text, [](unsigned char c) { return c < ' ' || c > '~'; }, '?');
  return "here " + text.substr(0, longest);
}

/// The exposure's number, from an integer card or the last digits of a text.
ProposedLine visit(RawHeaders const& raw) {
  if (std::string const card = raw.first(exposure_cards, Kind::integer); !card.empty())
    return {fmt::format("visit = {{ key = {}, type = \"int\" }}", toml_text(card)),
            shown(raw, card)};
  for (std::string_view const card : exposure_cards) {
    auto const* const text = raw.find(card) ? std::get_if<std::string>(raw.find(card)) : nullptr;
    if (!text || text->find_first_of("0123456789") == std::string::npos) continue;
    return {fmt::format("visit = {{ key = {}, re = '(\\d{{1,10}})\\D*$', expr = \"int($1)\" }}",
                        toml_text(card)),
            shown(raw, std::string(card)) + "; TODO: does it tell all exposures apart?"};
  }
  if (std::string const date = raw.first(time_cards, Kind::text); !date.empty())
    return {fmt::format("visit = {{ key = {}, re = '^([-T:\\d]{{19}})', expr = 'int(seconds($1, "
                        "\"2000-01-01\"))' }}",
                        toml_text(date)),
            "TODO: the exposure's number; " + sought(exposure_cards) +
                ", so these are seconds since 2000"};
  return {"visit = 1", "TODO: the exposure's number; " + sought(exposure_cards)};
}

ProposedLine detector(RawHeaders const& raw) {
  std::string const card = raw.first(detector_cards, Kind::integer);
  if (!card.empty())
    return {fmt::format("ccd = {{ key = {}, type = \"int\" }}", toml_text(card)), shown(raw, card)};
  return {"ccd = 1",
          "TODO: with several CCDs, a card that numbers them; " + sought(detector_cards)};
}

/// "SDSS r", "r DECam SDSS c0002", "HSC-i": the word that is a band's name.
std::string band_of(std::string const& filter) {
  constexpr std::string_view bands = "ugrizyUBVRI";
  std::string band;
  for (std::size_t i = 0; i < filter.size(); ++i) {
    bool const alone =
        (i == 0 || !std::isalnum(static_cast<unsigned char>(filter[i - 1]))) &&
        (i + 1 == filter.size() || !std::isalnum(static_cast<unsigned char>(filter[i + 1])));
    if (alone && bands.find(filter[i]) != std::string_view::npos) band = filter[i];
  }
  return band;
}

ProposedLine filter(RawHeaders const& raw) {
  std::string const card = raw.first(filter_cards, Kind::text);
  if (card.empty())
    return {"filter = \"none\"", "TODO: the filter's card; " + sought(filter_cards)};
  std::string const name = std::get<std::string>(*raw.find(card));
  std::string const band = band_of(name);
  std::string const map =
      band.empty() || band == name
          ? ""
          : fmt::format(", map = {{ {} = {} }}", toml_text(name), toml_text(band));
  return {fmt::format("filter = {{ key = {}{}, default = \"none\" }}", toml_text(card), map),
          shown(raw, card) + "; TODO: all filters"};
}

/// TIMESYS, where it is one of those that are known; else UTC.
std::string timescale(RawHeaders const& raw) {
  auto const* const text =
      raw.find("TIMESYS") ? std::get_if<std::string>(raw.find("TIMESYS")) : nullptr;
  for (auto const* known : {"tai", "tt"})
    if (text && text->size() >= 2 &&
        std::ranges::equal(*text, std::string_view(known), {},
                           [](unsigned char c) { return std::tolower(c); }))
      return known;
  return "utc";
}

ProposedLine begin(RawHeaders const& raw) {
  std::string const scale = timescale(raw);
  std::string const date = raw.first(time_cards, Kind::text);
  auto const line = [&](std::string const& from, std::string comment) {
    return ProposedLine{
        fmt::format("begin = {{ time = [{}], timescale = \"{}\" }}", toml_text(from), scale),
        std::move(comment)};
  };
  if (!date.empty()) {
    bool const with_time = to_string(*raw.find(date)).find(':') != std::string::npos;
    if (with_time) return line(date, shown(raw, date));
    if (std::string const time = raw.first(day_time_cards, Kind::text); !time.empty())
      return line(fmt::format("{{{}}}T{{{}}}", date, time), shown(raw, date));
  }
  if (std::string const mjd = raw.first(mjd_cards, Kind::number); !mjd.empty())
    return line(mjd, shown(raw, mjd));
  if (!date.empty()) return line(date, "TODO: the time of day");
  return line("DATE-OBS", "TODO: when the exposure began; " + sought(time_cards));
}

ProposedLine exposure_time(RawHeaders const& raw) {
  std::string const card = raw.first(exposure_time_cards, Kind::number);
  if (card.empty())
    return {"exposure_time = 0",
            "TODO: the exposure time's card [s]; " + sought(exposure_time_cards)};
  return {fmt::format("exposure_time = {{ key = {}, unit = \"s\" }}", toml_text(card)),
          shown(raw, card)};
}

ProposedLine observation_type(RawHeaders const& raw) {
  std::string const card = raw.first(type_cards, Kind::text);
  constexpr char const* rest = "TODO: science, bias, dark, flat";
  if (card.empty())
    return {"observation_type = \"science\"", fmt::format("{}; {}", rest, sought(type_cards))};
  return {fmt::format("observation_type = {{ key = {}, case = \"lower\", map = {{ object = "
                      "\"science\", light = "
                      "\"science\", zero = \"bias\", \"dome flat\" = \"flat\" }} }}",
                      toml_text(card)),
          fmt::format("{}; {}", shown(raw, card), rest)};
}

ProposedLine coordinate(RawHeaders const& raw, std::string const& name, Names cards,
                        char const* sexagesimal) {
  std::string const card = raw.first(cards, Kind::any);
  if (card.empty())
    return {fmt::format("# {} = {{ key = \"{}\" }}", name, cards.front()),
            fmt::format("TODO: where the telescope points; {}", sought(cards))};
  return {fmt::format("{} = {{ key = {}, unit = \"{}\" }}", name, toml_text(card),
                      is_sexagesimal(*raw.find(card)) ? sexagesimal : "deg"),
          shown(raw, card)};
}

ProposedLine rotation(RawHeaders const& raw) {
  std::string const card = raw.first(rotation_cards, Kind::any);
  return {"boresight_rotation_angle = 0",
          card.empty() ? "deg; TODO: if the camera can be turned"
                       : fmt::format("deg; TODO: {} ({})? sign and offset show in a WCS", card,
                                     shown(raw, card))};
}

ProposedLine optional_property(RawHeaders const& raw, char const* name, Names cards, Kind kind) {
  std::string const card = raw.first(cards, kind);
  if (card.empty()) return {};
  return {fmt::format("{} = {{ key = {} }}", name, toml_text(card)), shown(raw, card)};
}

}  // namespace

ProposedLines proposed_properties(RawHeaders const& raw) {
  ProposedLines lines;
  for (ProposedLine line :
       {visit(raw), detector(raw), filter(raw), begin(raw), exposure_time(raw),
        observation_type(raw), coordinate(raw, "ra", ra_cards, "hms"),
        coordinate(raw, "dec", dec_cards, "dms"), rotation(raw),
        optional_property(raw, "boresight_airmass", airmass_cards, Kind::number),
        optional_property(raw, "object", object_cards, Kind::text)})
    if (!line.text.empty()) lines.push_back(std::move(line));
  return lines;
}

}  // namespace almagest
