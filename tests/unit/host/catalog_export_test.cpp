#include "host/catalog_export.hpp"

#include <doctest/doctest.h>

#include <limits>

namespace {

using namespace almagest;

FrameCatalog one_source() {
  Schema schema;
  Key<std::int64_t> const id = schema.add<std::int64_t>("id", "", "Number");
  Key<double> const ra = schema.add<double>("coord_ra", "rad", "Right ascension");
  Key<bool> const edge = schema.add_flag("base_PixelFlags_flag_edge", "Near the edge");
  Key<double> const x = schema.add<double>("base_SdssCentroid_x", "pix", "Position");
  FrameCatalog frame{{{"run", std::int64_t{1}}, {"filter", std::string("r")}},
                     SourceCatalog(schema, 1)};
  frame.catalog.set(0, id, std::int64_t{281323062375219201});
  frame.catalog.set(0, ra, 180.0 * radians_per_degree);
  frame.catalog.set(0, edge, true);
  frame.catalog.set(0, x, std::numeric_limits<double>::quiet_NaN());
  return frame;
}

TEST_CASE("export: the stack's text has degrees, truth words, nan, and - for what is missing") {
  std::string const text = stack_demo_text({one_source()});
  CHECK(text.starts_with("#id coord_ra coord_dec flags_negative base_SdssCentroid_flag "));
  CHECK(text.find("\n281323062375219201 180 - - - True - - - - nan - ") != std::string::npos);
}

TEST_CASE("export: csv quotes only what needs it") {
  Schema schema;
  Key<std::string> const name = schema.add<std::string>("name", "", "Name");
  Key<float> const value = schema.add<float>("value", "", "Value");
  SourceCatalog catalog(schema, 2);
  catalog.set(0, name, std::string("plain"));
  catalog.set(1, name, std::string("a \"b\", c"));
  catalog.set(0, value, 0.1F);
  CHECK(csv_text(catalog) == "name,value\nplain,0.1\n\"a \"\"b\"\", c\",nan\n");
}

}  // namespace
