#include <fmt/format.h>

#include <algorithm>

#include "almagest/error.hpp"
#include "host/command.hpp"
#include "host/command_line.hpp"
#include "host/comparison_figure.hpp"
#include "host/comparison_report.hpp"
#include "repository/atomic_file.hpp"

namespace almagest {

namespace {

ColumnChoice choice_of(CommandLine const& line, std::string const& map, std::string const& origin) {
  ColumnChoice choice;
  for (GivenOption const& option : line.all(map))
    for (std::string const& word : option.values) add_column_choice(choice, word);
  for (GivenOption const& option : line.all(origin)) choice.origin = option_integer(option, 0, 1);
  return choice;
}

ComparisonOptions options_of(CommandLine const& line) {
  ComparisonOptions options;
  for (GivenOption const& option : line.all("match"))
    options.radius = option_number(option, 0, 1e6);
  for (GivenOption const& option : line.all("run"))
    options.run = option_integer(option, 0, 2'000'000'000);
  options.filter = line.value("filter");
  return options;
}

}  // namespace

int compare_command(Arguments const& arguments) {
  CommandLine const line(arguments, "almagest compare A B [options]", 2, [](auto add) {
    namespace po = boost::program_options;
    // clang-format off
    add("match", po::value<std::string>()->value_name("RADIUS"), "how far two rows of one source may be apart: pixels, or arcsec where there is only ra and dec (1)")
       ("map", po::value<Arguments>()->multitoken()->value_name("NAME=COLUMN ..."), "columns of A whose names are not the stack's: x=X_IMAGE, ra=RA:deg")
       ("map-b", po::value<Arguments>()->multitoken()->value_name("NAME=COLUMN ..."), "the same for B")
       ("origin", po::value<std::string>()->value_name("0|1"), "the first pixel's number in A: 1 for SExtractor (0)")
       ("origin-b", po::value<std::string>()->value_name("0|1"), "the same for B (0)")
       ("run", po::value<std::string>()->value_name("N"), "only this run")
       ("filter", po::value<std::string>()->value_name("NAME"), "only this filter")
       ("plot", po::value<std::string>()->value_name("FILE"), "a picture of it, .png or .svg")
       ("json", po::value<std::string>()->value_name("FILE"), "the numbers in JSON");
    // clang-format on
  });
  if (line.help_printed()) return exit_ok;
  std::string const& file_a = line.word(0);
  std::string const& file_b = line.word(1);
  ComparisonOptions const options = options_of(line);
  ColumnChoice const choice_a = choice_of(line, "map", "origin");
  ColumnChoice const choice_b = choice_of(line, "map-b", "origin-b");
  std::filesystem::path const plot = line.value("plot").value_or("");
  if (line.has("plot") && plot.empty()) throw ConfigError("--plot wants FILE (.png or .svg)");
  std::optional<PictureFormat> format;
  if (!plot.empty()) format = picture_format(plot);

  ComparedCatalog const a = compared_catalog(read_catalog_file(file_a), choice_a);
  ComparedCatalog const b = compared_catalog(read_catalog_file(file_b), choice_b);
  MatchSpace const space = common_space(a, b);
  std::vector<FrameComparison> const frames = compare_catalogs(a, b, options);
  if (frames.empty()) throw DataError(file_a + " and " + file_b + " have no rows");
  fmt::print("{}\n{}", catalogs_text(a, b), comparison_text(frames, options.radius, space));
  if (auto const json = line.value("json")) write_atomically(*json, comparison_json(frames));
  if (format)
    write_atomically(plot, [&](std::filesystem::path const& temporary) {
      draw_figure(comparison_figure(frames, options.radius, space), temporary, *format);
    });
  if (std::ranges::all_of(frames, [](auto const& frame) { return frame.a.rows == 0; }))
    throw DataError("no row of " + file_a + " matches one of " + file_b);
  return exit_ok;
}

}  // namespace almagest
