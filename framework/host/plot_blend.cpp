#include <fmt/format.h>

#include <charconv>

#include "almagest/error.hpp"
#include "almagest/fits.hpp"
#include "host/blend_figure.hpp"
#include "host/command.hpp"
#include "host/command_line.hpp"
#include "host/environment.hpp"
#include "repository/atomic_file.hpp"
#include "repository/formatters/primary_header.hpp"

namespace almagest {

namespace {

template <Product T>
T read_product(PluginRegistry const& plugins, std::string const& path) {
  return plugins.formatter(ProductTraits<T>::id)->read(path, {}).template get<T>();
}

std::int64_t source_id(std::string const& text) {
  std::int64_t id = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size())
    throw ConfigError("--source wants the id of a source, got '" + text + "'");
  return id;
}

std::size_t chosen_row(SourceCatalog const& catalog, std::optional<std::int64_t> source) {
  auto const row = source ? row_of(catalog, *source) : blend_to_draw(catalog);
  if (!row) throw DataError(source ? fmt::format("no source {}", *source) : "no blends");
  return *row;
}

/// Files that tell of which frame they are must tell the same. blend_figure() looks at the ids.
void require_same_frame(std::string const& calexp, std::string const& src) {
  auto const frame_of = [](std::string const& file) {
    return data_id_of(fits::Reader(file).header(0));
  };
  DataId const exposure = frame_of(calexp);
  DataId const sources = frame_of(src);
  if (!exposure.empty() && !sources.empty() && exposure != sources)
    throw DataError(calexp + " is of " + exposure.str() + ", but " + src + " of " + sources.str());
}

/// What is wrong with the catalogue or the exposure is told with their names.
Figure drawn_blend(Exposure const& exposure, std::string const& calexp,
                   SourceCatalog const& catalog, std::string const& src,
                   std::optional<std::int64_t> source) {
  try {
    return blend_figure(exposure, catalog, chosen_row(catalog, source));
  } catch (Error const& error) {
    throw DataError(src + " on " + calexp + ": " + error.what());
  }
}

}  // namespace

int plot_blend_command(Arguments const& arguments) {
  CommandLine const line(
      arguments, "almagest plot-blend CALEXP SRC -o FILE [options]", 2, [](auto add) {
        namespace po = boost::program_options;
        // clang-format off
    add("out,o", po::value<std::string>()->value_name("FILE"), "the picture, .png or .svg")
       ("source", po::value<std::string>()->value_name("ID"), "the parent's id (default: one with many children)");
        // clang-format on
      });
  if (line.help_printed()) return exit_ok;
  std::string const& calexp = line.word(0);
  std::string const& src = line.word(1);
  std::filesystem::path const out = line.value("out").value_or("");
  if (out.empty()) throw ConfigError("plot-blend wants -o FILE (.png or .svg)");
  PictureFormat const format = picture_format(out);
  std::optional<std::int64_t> source;
  if (auto const text = line.value("source")) source = source_id(*text);

  PluginRegistry plugins;
  load_plugins(plugins, line.plugin_path());
  SourceCatalog const catalog = read_product<SourceCatalog>(plugins, src);
  Exposure const exposure = read_product<Exposure>(plugins, calexp);
  require_same_frame(calexp, src);
  Figure const figure = drawn_blend(exposure, calexp, catalog, src, source);
  write_atomically(
      out, [&](std::filesystem::path const& temporary) { draw_figure(figure, temporary, format); });
  fmt::print("{} in {}\n", figure.title, out.string());
  return exit_ok;
}

}  // namespace almagest
