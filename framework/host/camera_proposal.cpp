#include "host/camera_proposal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace almagest {

namespace {

/// A number of any header; none without one.
std::optional<double> number(RawHeaders const& raw, std::string_view card) {
  Value const* const value = raw.find(card);
  if (!value) return std::nullopt;
  if (auto const* whole = std::get_if<std::int64_t>(value)) return static_cast<double>(*whole);
  if (auto const* real = std::get_if<double>(value)) return *real;
  return std::nullopt;
}

/// Side of a pixel on the sky [arcsec], from a WCS or a card.
std::optional<std::pair<double, std::string>> plate_scale(RawHeaders const& raw) {
  constexpr double arcsec_per_degree = 3600.0;
  double const cd11 = number(raw, "CD1_1").value_or(0), cd12 = number(raw, "CD1_2").value_or(0);
  double const cd21 = number(raw, "CD2_1").value_or(0), cd22 = number(raw, "CD2_2").value_or(0);
  std::pair<double, char const*> const found[] = {
      {arcsec_per_degree * std::sqrt(std::abs(cd11 * cd22 - cd12 * cd21)), "the WCS' CD matrix"},
      {arcsec_per_degree * std::abs(number(raw, "CDELT1").value_or(0)), "CDELT1"},
      {number(raw, "PIXSCALE").value_or(0), "PIXSCALE"},
      {number(raw, "PIXSCAL1").value_or(0), "PIXSCAL1"},
      {number(raw, "SECPIX1").value_or(0), "SECPIX1"},
      {number(raw, "SECPIX").value_or(0), "SECPIX"},
      {number(raw, "PLTSCALE").value_or(0), "PLTSCALE"}};
  constexpr double finest = 0.005, coarsest = 100.0;  // of a camera that images the sky
  for (auto const& [scale, where] : found)
    if (scale > finest && scale < coarsest) return std::pair(scale, std::string(where));
  return std::nullopt;
}

/// What tells this camera's files from others: INSTRUME, and TELESCOP where there is one.
ProposedLine match(RawHeaders const& raw) {
  constexpr std::string_view cards[] = {"INSTRUME", "TELESCOP", "CAMERA", "DETECTOR"};
  std::string entries;
  int count = 0;
  for (std::string_view const card : cards) {
    Value const* const value = raw.find(card);
    auto const* const text = value ? std::get_if<std::string>(value) : nullptr;
    if (!text || text->find_first_not_of(' ') == std::string::npos || count == 2) continue;
    std::string pattern;
    for (char const c : *text) {
      if (std::string_view(R"(.^$|()[]{}*+?\)").find(c) != std::string_view::npos) pattern += '\\';
      pattern += c;
    }
    while (pattern.ends_with(' ')) pattern.pop_back();
    entries += fmt::format("{}{} = {}", count++ ? ", " : "", card, toml_text(pattern));
  }
  if (count == 0)
    return {"match = [{ INSTRUME = \"\" }]",
            "no such card; TODO: what tells its files from others'"};
  return {fmt::format("match = [{{ {} }}]", entries), "regular expressions, in any case"};
}

/// The number that the file's detector has in camera.toml.
std::string detector_number(ProposedLines const& properties, RawHeaders const& raw) {
  for (ProposedLine const& line : properties) {
    constexpr std::string_view start = "ccd = { key = \"";
    if (!line.text.starts_with(start)) continue;
    std::string const card =
        line.text.substr(start.size(), line.text.find('"', start.size()) - start.size());
    return to_string(*raw.find(card));
  }
  return "1";
}

/// The comments of a table stand in one column, unless a line is too long for it.
std::string text_of(ProposedLines const& lines) {
  constexpr std::size_t column = 56;
  std::string text;
  for (ProposedLine const& line : lines) {
    bool const table = line.text.starts_with('[') && line.text != "[camera]";
    if (table && line.text.find(".amp") == std::string::npos) text += '\n';
    text += line.text;
    if (!line.comment.empty()) {
      if (!line.text.empty())
        text.append(line.text.size() < column ? column - line.text.size() : 2, ' ');
      text += "# " + line.comment;
    }
    text += '\n';
  }
  return text;
}

}  // namespace

std::string proposed_camera(std::string const& name, RawHeaders const& raw,
                            std::string const& origin) {
  ProposedLines lines{
      {"", fmt::format("{}, as the headers of {} suggest. Look at every line, and first at TODO.",
                       name, origin)},
      {"[camera]", ""},
      {"name = " + toml_text(name), ""}};
  if (auto const scale = plate_scale(raw))
    lines.push_back(
        {fmt::format("plate_scale = {:.4g}", scale->first), "arcsec/pixel, from " + scale->second});
  else
    lines.push_back({"plate_scale = 1.0", "arcsec/pixel; TODO: no WCS, no PIXSCALE"});
  lines.push_back(match(raw));
  lines.push_back({"[data_id]", "what names a frame; --id takes these words"});
  lines.push_back({"keys = [\"visit\", \"ccd\"]", ""});
  lines.push_back(
      {"roles = { exposure = \"visit\", visit = \"visit\", detector = \"ccd\", "
       "band = \"filter\" }",
       ""});
  lines.push_back({"[header]", "a card, or a list of cards of which the first is taken"});
  ProposedLines properties = proposed_properties(raw);
  std::string const number = detector_number(properties, raw);
  lines.insert(lines.end(), properties.begin(), properties.end());
  lines.push_back({"[paths]", "where ingest puts raw files"});
  lines.push_back({"raw = \"raw/{begin:%Y-%m-%d}/{visit:08d}_{ccd:02d}.fits\"", ""});
  ProposedLines const detectors = proposed_detectors(raw);
  lines.insert(lines.end(), detectors.begin(), detectors.end());
  lines.push_back({"[detector." + number + "]", "TODO: one such table for each CCD"});
  lines.push_back({"offset_mm = [0, 0]", "of its centre in the focal plane"});
  return text_of(lines);
}

}  // namespace almagest
