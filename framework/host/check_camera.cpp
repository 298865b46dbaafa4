#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "almagest/error.hpp"
#include "host/camera_check.hpp"
#include "host/camera_figure.hpp"
#include "host/command.hpp"
#include "host/command_line.hpp"
#include "host/environment.hpp"
#include "repository/atomic_file.hpp"
#include "repository/calendar.hpp"
#include "repository/declared_instrument.hpp"

namespace almagest {

namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

/// Every camera that can be loaded, for telling which of them recognises a file.
class Cameras {
 public:
  /// \throws ConfigError when the one that is asked for cannot be loaded
  Cameras(std::string const& wanted, PluginRegistry const& plugins)
      : wanted_(load_obs_package(wanted, plugins).instrument) {
    for (std::string const& name : instrument_names()) {
      if (name == wanted) continue;
      try {
        others_.push_back(load_obs_package(name, plugins).instrument);
        pointers_.push_back(others_.back().get());
      } catch (Error const&) {  // another camera's mistakes are not this one's
      }
    }
  }
  Instrument const& wanted() const { return *wanted_; }
  std::span<Instrument const* const> others() const { return pointers_; }

 private:
  std::shared_ptr<Instrument const> wanted_;
  std::vector<std::shared_ptr<Instrument const>> others_;
  std::vector<Instrument const*> pointers_;
};

// ---- text

using Rows = std::vector<std::vector<std::string>>;

std::size_t width_of(std::string_view text) {  // of UTF-8 on the screen
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

void print_table(Rows const& rows) {
  std::vector<std::size_t> widths;
  for (auto const& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  for (auto const& row : rows) {
    std::string line = " ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += ' ' + row[i];
      if (i + 1 < row.size()) line.append(widths[i] - width_of(row[i]) + 1, ' ');
    }
    fmt::print("{}\n", line);
  }
}

std::string shown(std::string const& property, Value const& value) {
  auto const* const time = std::get_if<double>(&value);
  if (time && (property == "begin" || property == "end"))
    return fmt::format("{} TAI = {} UTC", to_string(value), utc_text(value, "%Y-%m-%d %H:%M:%S"));
  return to_string(value);
}

void print_properties(CheckedFile const& file) {
  Rows rows;
  if (!file.recognised_by.empty())
    rows.push_back({"recognised by", fmt::format("{}", fmt::join(file.recognised_by, ", "))});
  if (!file.id.empty()) rows.push_back({"data ID", file.id.str()});
  if (!file.detector.empty()) rows.push_back({"detector", file.detector});
  if (file.observation)
    for (auto const& [name, value] : file.observation->properties())
      rows.push_back({name, shown(name, value)});
  print_table(rows);
}

/// As FITS sections, which is how headers and camera.toml write them.
std::string section(Box const& box) {
  if (box.empty()) return "-";
  return fmt::format("{}:{},{}:{}", box.x0 + 1, box.x0 + box.width, box.y0 + 1,
                     box.y0 + box.height);
}

std::string rounded(double value, int digits) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value, digits) : "-";
}

void print_amplifiers(CheckedFile const& file) {
  if (file.amplifiers.empty()) return;
  Rows rows{{"amp", "channel", "data", "prescan", "serial overscan", "parallel overscan", "goes to",
             "gain", "saturation", "data level", "overscan", "noise"}};
  for (CheckedAmplifier const& checked : file.amplifiers) {
    Amplifier const& a = checked.amplifier;
    std::string const flips = std::string(a.flip_x ? " flip x" : "") + (a.flip_y ? " flip y" : "");
    rows.push_back({a.name, fmt::format("{}x{}", checked.width, checked.height),
                    section(a.raw_data), section(a.raw_prescan), section(a.raw_serial_overscan),
                    section(a.raw_parallel_overscan), section(a.box) + flips, rounded(a.gain, 3),
                    rounded(a.saturation, 0), rounded(checked.data_level, 1),
                    rounded(checked.overscan_level, 1), rounded(checked.overscan_noise, 2)});
  }
  fmt::print("\n");
  print_table(rows);
}

void print_file(CheckedFile const& file) {
  fmt::print("{}\n", file.path.string());
  print_properties(file);
  print_amplifiers(file);
  if (!file.problems.empty() || !file.remarks.empty()) fmt::print("\n");
  for (std::string const& text : file.problems) fmt::print("  problem: {}\n", text);
  for (std::string const& text : file.remarks) fmt::print("  remark: {}\n", text);
  fmt::print("\n");
}

// ---- JSON

Json json_value(Value const& value) {
  return std::visit([](auto const& v) { return Json(v); }, value);
}

Json json_box(Box const& box) {
  if (box.empty()) return nullptr;
  return {{"x0", box.x0}, {"y0", box.y0}, {"width", box.width}, {"height", box.height}};
}

char const* corner_name(ReadCorner corner) {
  switch (corner) {
    case ReadCorner::lower_left:
      return "lower_left";
    case ReadCorner::lower_right:
      return "lower_right";
    case ReadCorner::upper_left:
      return "upper_left";
    case ReadCorner::upper_right:
      return "upper_right";
  }
  return "";
}

Json json_amplifier(CheckedAmplifier const& checked) {
  Amplifier const& a = checked.amplifier;
  return {{"name", a.name},
          {"box", json_box(a.box)},
          {"raw_data", json_box(a.raw_data)},
          {"raw_prescan", json_box(a.raw_prescan)},
          {"raw_serial_overscan", json_box(a.raw_serial_overscan)},
          {"raw_parallel_overscan", json_box(a.raw_parallel_overscan)},
          {"flip_x", a.flip_x},
          {"flip_y", a.flip_y},
          {"read_corner", corner_name(a.read_corner)},
          {"gain", a.gain},
          {"read_noise", a.read_noise},
          {"saturation", a.saturation},
          {"channel_width", checked.width},
          {"channel_height", checked.height},
          {"data_level", checked.data_level},
          {"overscan_level", checked.overscan_level},
          {"overscan_noise", checked.overscan_noise}};
}

Json json_file(CheckedFile const& file) {
  Json properties = Json::object();
  if (file.observation)
    for (auto const& [name, value] : file.observation->properties())
      properties[name] = json_value(value);
  Json id = Json::object();
  for (auto const& [key, value] : file.id.items()) id[key] = json_value(value);
  Json amplifiers = Json::array();
  for (CheckedAmplifier const& amplifier : file.amplifiers)
    amplifiers.push_back(json_amplifier(amplifier));
  return {{"file", file.path.string()}, {"recognised_by", file.recognised_by},
          {"id", std::move(id)},        {"properties", std::move(properties)},
          {"detector", file.detector},  {"amplifiers", std::move(amplifiers)},
          {"problems", file.problems},  {"remarks", file.remarks}};
}

// ---- pictures

/// NAME.png for NAME.fits.gz; NAME-2.png when the directory already got one of that name.
fs::path picture_path(fs::path const& directory, fs::path const& file,
                      std::map<std::string, int>& names) {
  std::string stem = file.filename().string();
  stem = stem.substr(0, stem.find(".fit"));
  int const count = ++names[stem];
  return directory / (count == 1 ? stem + ".png" : fmt::format("{}-{}.png", stem, count));
}

}  // namespace

int check_camera_command(Arguments const& arguments) {
  constexpr std::size_t any_number = 1'000'000;
  CommandLine const line(
      arguments, "almagest check-camera NAME FILES… [options]", any_number, [](auto add) {
        namespace po = boost::program_options;
        add("json", "as JSON")("plot", po::value<std::string>()->value_name("DIR"),
                               "draw each file's sections on its pixels: DIR/FILE.png");
      });
  if (line.help_printed()) return exit_ok;
  std::string const& name = line.word(0);
  line.word(1);  // there has to be a file
  PluginRegistry plugins;
  load_plugins(plugins, line.plugin_path());
  Cameras const cameras(name, plugins);
  std::optional<std::string> const plots = line.value("plot");

  Json all = Json::array();
  std::map<std::string, int> pictures;
  std::size_t bad = 0;
  for (auto word = line.words().begin() + 1; word != line.words().end(); ++word) {
    auto const draw = [&](RawExposure const& raw) {
      if (!plots) return;
      Figure const figure =
          camera_figure(raw, fmt::format("{}: {}", name, fs::path(*word).filename().string()));
      write_atomically(picture_path(*plots, *word, pictures), [&](fs::path const& temporary) {
        draw_figure(figure, temporary, PictureFormat::png);
      });
    };
    CheckedFile const file = check_file(*word, cameras.wanted(), cameras.others(), draw);
    if (!file.problems.empty()) ++bad;
    if (line.has("json"))
      all.push_back(json_file(file));
    else
      print_file(file);
  }
  if (line.has("json"))
    fmt::print("{}\n", all.dump(2, ' ', false, Json::error_handler_t::replace));
  else
    fmt::print("{} files, {} with problems\n", line.words().size() - 1, bad);
  return bad == 0 ? exit_ok : exit_some_failed;
}

}  // namespace almagest
