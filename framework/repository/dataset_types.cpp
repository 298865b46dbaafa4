#include "repository/dataset_types.hpp"

#include "engine/toml_reader.hpp"
#include "instrument/table_reader.hpp"
#include "repository/path_template.hpp"
#include "repository/reference_catalogs.hpp"

namespace almagest {
namespace {

// Paths are those of `{dataset}/{keys joined by -}.{ext}` unless a camera says otherwise, and the
// keys are those of a full data ID.
constexpr char const* default_types = R"(
[dataset.raw]
product = "almagest.RawExposure/1"
doc     = "Raw frame"

# Calibrations stand below CALIB, each for a time.
[dataset.bias]
product = "almagest.Exposure/1"
keys    = ["detector"]
lookup  = "validity"
doc     = "Read-out without light and time"

[dataset.dark]
product = "almagest.Exposure/1"
keys    = ["detector"]
lookup  = "validity"
doc     = "Dark current of one second"

[dataset.flat]
product = "almagest.Exposure/1"
keys    = ["band", "detector"]
lookup  = "validity"
doc     = "Response to even light, 1 on average"

[dataset.fringe]
product = "almagest.Exposure/1"
keys    = ["band", "detector"]
lookup  = "validity"
doc     = "Pattern of the night sky's lines"

[dataset.defects]
product = "almagest.Defects/1"
keys    = ["detector"]
lookup  = "validity"
doc     = "Rectangles of bad pixels"

[dataset.crosstalk]
product = "almagest.Crosstalk/1"
keys    = ["detector"]
lookup  = "validity"
doc     = "How amplifiers' signals show in each other"

[dataset.linearity]
product = "almagest.LinearityTable/1"
keys    = ["detector"]
lookup  = "validity"
doc     = "How amplifiers depart from a straight line"

[dataset.bf_kernel]
product = "almagest.BrighterFatterKernel/1"
keys    = ["detector"]
lookup  = "validity"
doc     = "How charge pushes away charge"

[dataset.deferred_charge]
product = "almagest.AmplifierTable/1"
keys    = ["detector"]
lookup  = "validity"
doc     = "How late amplifiers read charge"

[dataset.oss_thumbnail]
product = "almagest.Picture/1"
doc     = "Overscan-subtracted frame to look at"

[dataset.flattened_thumbnail]
product = "almagest.Picture/1"
doc     = "Flattened frame to look at"

[dataset.icExp]
product = "almagest.Exposure/1"
doc     = "Exposure after characterisation"

[dataset.icSrc]
product = "almagest.SourceCatalog/1"
doc     = "Bright sources that characterise an exposure"

[dataset.icExpBackground]
product = "almagest.Background/1"
doc     = "What was subtracted from an icExp"

[dataset.icMatch]
product = "almagest.Matches/1"
doc     = "Bright sources and the reference objects that they are"

[dataset.psf]
product = "almagest.Psf/1"
doc     = "Point-spread function of an exposure"

[dataset.apCorr]
product = "almagest.ApertureCorrectionMap/1"
doc     = "Aperture corrections by flux algorithm"

[dataset.calexp]
product = "almagest.Exposure/1"
doc     = "Calibrated exposure, background subtracted"

[dataset.calexpBackground]
product = "almagest.Background/1"
doc     = "What was subtracted from a calexp"

[dataset.src]
product = "almagest.SourceCatalog/1"
doc     = "Sources detected and measured on a calexp"

[dataset.srcMatch]
product = "almagest.Matches/1"
doc     = "Sources and the reference objects that they are"

[dataset.metadata]
path = "metadata/{keys}.toml"
doc  = "What each step measured of itself"

[dataset.ref_cat]
product = "almagest.ReferenceCatalog/1"
path    = "ref_cats"
lookup  = "sky"
doc     = "Reference catalogue: shards by HTM triangle, or the one directory below with such shards"

[dataset.camera]
lookup = "instrument"
doc    = "The camera's detectors"
)";

Lookup read_lookup(std::string const& text, ConfigValue const& at, Problems& problems) {
  if (text == "exact") return Lookup::exact;
  if (text == "validity") return Lookup::validity;
  if (text == "sky") return Lookup::sky;
  if (text == "instrument") return Lookup::instrument;
  problems.add(at.where,
               "'lookup' must be 'exact', 'validity', 'sky' or 'instrument', got '" + text + "'");
  return Lookup::exact;
}

/// What is found by its place on the sky is a reference catalogue, in a directory of its own.
void read_sky_type(ConfigValue const& value, DatasetType& type, Problems& problems) {
  constexpr auto catalog = ProductTraits<ReferenceCatalog>::id;
  if (type.product_id.empty()) type.product_id = catalog;
  if (type.product_id != catalog)
    problems.add(value.key_where, "[dataset." + type.name + "]: with lookup = \"sky\" it holds '" +
                                      std::string(catalog) + "', not '" + type.product_id + "'");
  if (type.path.empty()) type.path = std::string(reference_catalog_directory) + '/' + type.name;
}

void read_path(ConfigValue const& value, DatasetType& type, Problems& problems) {
  type.path = value.string();
  try {
    PathTemplate::parse(type.path, value.where);
  } catch (ConfigError const& e) {
    problems.add({}, e.what());
  }
}

void read_type(ConfigValue const& value, DatasetType& type, Problems& problems) {
  TableReader table(value, "[dataset." + type.name + "]", problems);
  type.where = value.key_where;
  if (auto const text = table.text("product")) type.product_id = *text;
  if (table.array("keys")) type.keys = table.texts("keys");
  if (auto const text = table.text("doc")) type.doc = *text;
  if (auto const text = table.text("lookup"))
    type.lookup = read_lookup(*text, *value.find("lookup"), problems);
  // The file's format follows from the product; the key is for types that will have several.
  table.not_implemented("format");
  if (table.text("path")) read_path(*value.find("path"), type, problems);
  if (type.lookup == Lookup::sky) read_sky_type(value, type, problems);
  table.finish();
}

}  // namespace

void read_dataset_types(ConfigValue const& document, DatasetTypes& types, Problems& problems) {
  TableReader file(document, "datasets.toml", problems);
  if (ConfigValue const* tables = file.table("dataset"))
    for (auto const& [name, value] : tables->table()) {
      DatasetType& type = types[name];
      type.name = name;
      read_type(value, type, problems);
    }
  file.finish();
}

void set_paths(FrameStorage const& storage, DatasetTypes& types, Problems& problems) {
  for (auto const& [name, path] : storage.paths) {
    DatasetType& type = types[name];
    type.name = name;
    read_path(path, type, problems);
  }
}

DatasetTypes default_dataset_types() {
  DatasetTypes types;
  Problems problems;
  read_dataset_types(parse_toml(default_types, "default dataset types"), types, problems);
  problems.raise();
  return types;
}

}  // namespace almagest
