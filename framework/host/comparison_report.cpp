#include "host/comparison_report.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "almagest/text.hpp"

namespace almagest {

namespace {

using Json = nlohmann::ordered_json;
using Kind = ComparedQuantity::Kind;

std::string unit_of(Kind kind) {
  switch (kind) {
    case Kind::ratio:
      return "A/B - 1";
    case Kind::pixels:
      return "A - B [pixel]";
    case Kind::square_pixels:
      return "A - B [pixel^2]";
    case Kind::mas:
      return "A - B [mas]";
    case Kind::pull:
      return "A - B [error of B]";
    case Kind::share:
      return "share of rows that agree";
  }
  return {};
}

/// "psfErr", "x" for dx, "xy" for dxy, "ra" for dra_mas: what stands under its unit needs no other
/// mark.
std::string shown_name(ComparedQuantity const& quantity) {
  std::string const& name = quantity.name;
  if (name == "psfPull") return "psf";
  if (name == "psf<1%") return "psf within 1 %";
  if (name == "extAgree") return "ext";
  if (name.starts_with("agree_")) return name.substr(6);
  if (quantity.kind == Kind::pixels || quantity.kind == Kind::square_pixels) return name.substr(1);
  if (quantity.kind == Kind::mas) return name.substr(1, name.find('_') - 1);
  return name;
}

/// "+1.2e-5", without the zero that C writes before a short exponent.
std::string short_number(double value, bool with_sign) {
  std::string text = with_sign ? fmt::format("{:+.1e}", value) : fmt::format("{:.1e}", value);
  if (auto const exponent = text.find('e'); exponent != std::string::npos)
    if (text[exponent + 2] == '0') text.erase(exponent + 2, 1);
  return text;
}

std::string cell_of(ComparedQuantity const& quantity) {
  if (quantity.kind == Kind::share)
    return std::isnan(quantity.share) ? "-" : fmt::format("{:.2f} %", 100.0 * quantity.share);
  Spread const& spread = quantity.spread;
  if (std::isnan(spread.median)) return "-";
  return short_number(spread.median, true) + ' ' + short_number(spread.scatter, false) + ' ' +
         short_number(spread.worst, false);
}

constexpr int name_width = 18;
constexpr int cell_width = 23;

std::string line_of(std::string const& name, std::vector<std::string> const& cells) {
  std::string line = fmt::format("{:<{}}", name, name_width);
  for (std::string const& cell : cells) line += fmt::format("{:>{}}", cell, cell_width);
  return line + '\n';
}

std::string completeness_text(FrameComparison const& frame) {
  std::string text = "  rows of B by their S/N, and how many A has too\n";
  for (CompletenessBin const& bin : frame.completeness) {
    if (bin.rows == 0) continue;
    std::string const share = fmt::format("{} of {}", bin.found, bin.rows);
    double const percent = 100.0 * static_cast<double>(bin.found) / static_cast<double>(bin.rows);
    text += fmt::format("    {:<14} {:>14}  {:6.2f} %\n", bin.str(), share, percent);
  }
  return text;
}

std::string samples_text(std::vector<ComparedSample> const& samples) {
  std::vector<std::string> cells;
  for (ComparedSample const& sample : samples) cells.push_back(sample.name);
  std::string text = line_of("  S/N of B", cells);
  cells.clear();
  for (ComparedSample const& sample : samples) cells.push_back(std::to_string(sample.rows));
  text += line_of("  rows", cells);
  std::optional<Kind> shown;
  for (std::size_t i = 0; i < samples.front().quantities.size(); ++i) {
    ComparedQuantity const& quantity = samples.front().quantities[i];
    if (shown != quantity.kind)
      text += fmt::format(
          "  {}{}\n", unit_of(quantity.kind),
          quantity.kind == Kind::share ? "" : ": median, scatter (1.4826 MAD), worst row");
    shown = quantity.kind;
    cells.clear();
    for (ComparedSample const& sample : samples) cells.push_back(cell_of(sample.quantities[i]));
    text += line_of("    " + shown_name(quantity), cells);
  }
  return text;
}

std::string frame_text(FrameComparison const& frame, std::string const& within) {
  std::size_t const matched = frame.a.rows;
  std::string text = fmt::format("{}: {} in A, {} in B; {} matched {}, {} only in A, {} only in B",
                                 frame.frame.str(), counted(frame.rows_a, "row"), frame.rows_b,
                                 matched, within, frame.rows_a - matched, frame.rows_b - matched);
  if (frame.same_ids) text += *frame.same_ids ? "; same ids, row by row" : "; ids differ";
  text += '\n';
  if (!frame.completeness.empty() && frame.rows_b != 0) text += completeness_text(frame);
  if (matched != 0) text += samples_text(frame.samples);
  return text;
}

Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json();
}

Json spread_json(Spread const& spread) {
  return {{"median", number(spread.median)},
          {"scatter", number(spread.scatter)},
          {"p97", number(spread.p97)},
          {"worst", number(spread.worst)}};
}

Json sample_json(ComparedSample const& sample) {
  Json json{{"n", sample.rows}};
  for (ComparedQuantity const& quantity : sample.quantities)
    json[quantity.name] =
        quantity.kind == Kind::share ? number(quantity.share) : spread_json(quantity.spread);
  return json;
}

Json frame_json(FrameComparison const& frame) {
  Json json{{"frame", frame.frame.str()},
            {"rows_a", frame.rows_a},
            {"rows_b", frame.rows_b},
            {"matched", frame.a.rows}};
  json["same_ids"] = frame.same_ids ? Json(*frame.same_ids) : Json();
  json["completeness"] = Json::array();
  for (CompletenessBin const& bin : frame.completeness)
    json["completeness"].push_back({{"low", number(bin.low)},
                                    {"high", number(bin.high)},
                                    {"rows", bin.rows},
                                    {"found", bin.found}});
  for (ComparedSample const& sample : frame.samples)
    json["samples"][sample.name] = sample_json(sample);
  return json;
}

}  // namespace

std::string catalogs_text(ComparedCatalog const& a, ComparedCatalog const& b) {
  auto const line = [](char const* name, ComparedCatalog const& catalog) {
    std::string const note = catalog.angle_note.empty() ? "" : " (" + catalog.angle_note + ")";
    return fmt::format("{} = {}{}\n", name, catalog.file, note);
  };
  return line("A", a) + line("B", b);
}

std::string comparison_text(std::vector<FrameComparison> const& frames, double radius,
                            MatchSpace space) {
  std::string const within =
      fmt::format("within {:g} {}", radius, space == MatchSpace::pixels ? "pixel" : "arcsec");
  std::string text;
  for (FrameComparison const& frame : frames)
    text += (text.empty() ? "" : "\n") + frame_text(frame, within);
  return text;
}

std::string comparison_json(std::vector<FrameComparison> const& frames) {
  Json json = Json::array();
  for (FrameComparison const& frame : frames) json.push_back(frame_json(frame));
  return json.dump(1) + '\n';
}

}  // namespace almagest
