#include "repository/dataset_types.hpp"

#include "engine/toml_reader.hpp"
#include "repository/path_template.hpp"
#include "repository/table_reader.hpp"

namespace almagest {
namespace {

// Paths are those of `{dataset}/{keys joined by -}.{ext}` unless a camera says otherwise, and the
// keys are those of a full data ID.
constexpr char const* default_types = R"(
[dataset.raw]
doc = "Raw frame"

[dataset.icExp]
product = "almagest.Exposure/1"
doc     = "Exposure after characterisation"

[dataset.icSrc]
product = "almagest.SourceCatalog/1"
doc     = "Bright sources that characterise an exposure"

[dataset.calexp]
product = "almagest.Exposure/1"
doc     = "Calibrated exposure, background subtracted"

[dataset.calexpBackground]
product = "almagest.Background/1"
doc     = "What was subtracted from a calexp"

[dataset.src]
product = "almagest.SourceCatalog/1"
doc     = "Sources detected and measured on a calexp"

[dataset.metadata]
path = "metadata/{keys}.toml"
doc  = "What each step measured of itself"

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
  if (auto const text = table.text("path")) {
    type.path = *text;
    try {
      PathTemplate::parse(*text, value.find("path")->where);
    } catch (ConfigError const& e) {
      problems.add({}, e.what());
    } catch (NotImplementedError const& e) {
      problems.add(value.find("path")->where, e.what());
    }
  }
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

DatasetTypes default_dataset_types() {
  DatasetTypes types;
  Problems problems;
  read_dataset_types(parse_toml(default_types, "default dataset types"), types, problems);
  problems.raise();
  return types;
}

}  // namespace almagest
