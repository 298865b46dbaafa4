#include "blendedness.hpp"

#include "further_algorithms.hpp"

namespace measurement {
using namespace almagest;

void Blendedness::Kind::declare(Schema& schema, std::string const& name, std::string const& how) {
  value = schema.add<double>(name, "",
                             "Share of the light that is the neighbours', 1 - child/parent" + how);
  child = schema.add<double>(name + "_instFlux_child", "ct",
                             "Light of the source alone, under its own Gaussian" + how);
  parent = schema.add<double>(name + "_instFlux_parent", "ct",
                              "Light of the whole family under the same Gaussian" + how);
}

void Blendedness::declare(Schema& schema, std::string const& prefix) {
  shape_.find(schema, "base_SdssShape");
  raw_.declare(schema, prefix + "_raw", "; pixels as they are");
  absolute_.declare(schema, prefix + "_abs",
                    "; absolute values, less what noise adds to them (Bosch et al. 2018, 4.9.11)");
  flag_ = schema.add_flag(prefix + "_flag", "The blendedness could not be measured");
  bad_pixels_ =
      schema.add_flag(prefix + "_flag_badPixels", "Pixels that are not numbers were left out");
  no_centroid_ = schema.add_flag(prefix + "_flag_noCentroid", "The source has no centroid");
  no_shape_ = schema.add_flag(prefix + "_flag_noShape", "The source has no shape");
}

void Blendedness::measure(SourceRecord& source) const {
  bool const shapeless = !shape_.good(source);
  source.set(no_centroid_, source.centroid_bad);
  source.set(no_shape_, shapeless);
  source.set(flag_, source.centroid_bad || shapeless);
  if (source.centroid_bad || shapeless) return;
  WeightedLight const light =
      weighted_light(source.exposure.image(), source.exposure.variance(), source.centroid,
                     shape_.moments(source), *reach, *max_radius);
  source.set(bad_pixels_, light.bad_pixels);
  source.set(flag_, light.bad_pixels);
  auto const alone = [&source](Kind const& kind, double flux) {
    source.set(kind.child, flux);
    source.set(kind.parent, flux);  // a child's is put right once the family is in the image
    source.set(kind.value, blendedness(flux, flux));
  };
  alone(raw_, light.raw);
  alone(absolute_, light.absolute);
}

void Blendedness::measure_in_family(SourceRecord& child) const {
  if (child.get(flag_) && !child.get(bad_pixels_)) return;  // nothing to compare
  WeightedLight const light =
      weighted_light(child.exposure.image(), child.exposure.variance(), child.centroid,
                     shape_.moments(child), *reach, *max_radius);
  auto const compare = [&child](Kind const& kind, double flux) {
    child.set(kind.parent, flux);
    child.set(kind.value, blendedness(child.get(kind.child), flux));
  };
  compare(raw_, light.raw);
  compare(absolute_, light.absolute);
}

}  // namespace measurement
