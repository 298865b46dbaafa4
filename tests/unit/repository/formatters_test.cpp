// The framework's own products in FITS files: every one is read back bit by bit.
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <map>

#include <doctest/doctest.h>

#include "almagest/background.hpp"
#include "almagest/exposure.hpp"
#include "almagest/fits.hpp"
#include "almagest/matches.hpp"
#include "almagest/source_catalog.hpp"
#include "repository/formatters/standard_products.hpp"
#include "unit/temporary_directory.hpp"

using namespace almagest;

namespace {

/// Keeps the formatters and PSF types that are registered.
class Products final : public Registrar {
 public:
  Products() {
    register_standard_products(*this, [this](PsfState const& state) -> std::shared_ptr<Psf const> {
      auto const found = psfs_.find(state.type);
      if (found == psfs_.end()) return std::make_shared<UnknownPsf>(state);
      return found->second(state);
    });
  }

  template <Product T>
  Formatter const& formatter() const {
    return *formatters_.at(std::string(ProductTraits<T>::id));
  }
  template <Product T>
  void write(T const& product, std::filesystem::path const& path, ConfigValue options = {}) const {
    formatter<T>().write(AnyProduct::make(product), path, {{}, std::move(options)});
  }
  template <Product T>
  T read(std::filesystem::path const& path, std::optional<Box> box = std::nullopt) const {
    return formatter<T>().read(path, {{}, box}).template get<T>();
  }
  std::size_t size() const { return formatters_.size(); }

 protected:
  void add_task(std::string, std::string, std::function<std::unique_ptr<Task>()>) override {}
  void add_component(std::string_view, std::string, std::string,
                     std::function<std::unique_ptr<Component>()>) override {}
  void add_product(std::string_view id, std::string,
                   std::shared_ptr<Formatter const> formatter) override {
    if (formatter) formatters_[std::string(id)] = std::move(formatter);
  }
  void add_instrument(std::string, InstrumentFactory) override {}
  void add_psf(std::string type, PsfFactory from_state) override {
    psfs_[std::move(type)] = std::move(from_state);
  }

 private:
  std::map<std::string, std::shared_ptr<Formatter const>> formatters_;
  std::map<std::string, PsfFactory> psfs_;
};

template <class T>
bool same_bits(Image<T> const& a, Image<T> const& b) {
  return a.bbox() == b.bbox() &&
         std::memcmp(a.pixels().data(), b.pixels().data(), a.pixels().size_bytes()) == 0;
}

bool same_bits(double a, double b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

void check_same(MaskedImage const& a, MaskedImage const& b) {
  CHECK(same_bits(a.image, b.image));
  CHECK(same_bits(a.variance, b.variance));
  CHECK(same_bits(a.mask.image(), b.mask.image()));
  CHECK(a.mask.planes() == b.mask.planes());
}

MaskedImage sample_pixels(Box box) {
  MaskedImage pixels(box);
  int i = 0;
  for (float& pixel : pixels.image.pixels()) pixel = std::sin(static_cast<float>(++i)) * 1000.0F;
  for (float& pixel : pixels.variance.pixels()) pixel = static_cast<float>(++i) / 7.0F;
  pixels.mask.add_plane("NOT_DEBLENDED");
  for (MaskPixel& pixel : pixels.mask.image().pixels()) pixel = (++i * 7919) & 0x3ff;
  pixels.image(1, 1) = std::numeric_limits<float>::quiet_NaN();
  pixels.variance(2, 1) = std::numeric_limits<float>::infinity();
  return pixels;
}

Wcs sample_wcs() {
  Wcs wcs({0.1, 681.3000000000001}, {6.1275431234567891, -0.0123456789012345678},
          {1.1e-4 / 3, 2.3e-8, -2.1e-8, -1.1000000000000001e-4});
  SipPolynomial a(3), b(3), ap(2), bp(2);
  a.at(2, 0) = 1.0 / 3e7;
  a.at(0, 3) = -7.7e-12;
  b.at(1, 1) = 2.0 / 7e8;
  ap.at(1, 0) = 1e-9 / 3;
  bp.at(0, 2) = -2e-8 / 3;
  wcs.set_sip(a, b, ap, bp);
  return wcs;
}

Exposure sample_exposure(Box box) {
  Exposure exposure(sample_pixels(box));
  exposure.id = {
      {"run", std::int64_t{4192}}, {"filter", std::string("r")}, {"Odd key", 0.5}, {"flag", true}};
  exposure.detector.name = "r4";
  exposure.detector.id = 14;
  exposure.detector.box = {0, 0, 2048, 1361};
  exposure.visit_info.exposure_id = 41922040300;
  exposure.visit_info.exposure_time_s = 53.907456;
  exposure.visit_info.mid_exposure_mjd_tai = 52931.19692920001;
  exposure.visit_info.boresight = {6.127543123456789, -0.1};
  exposure.visit_info.band = "r";
  exposure.metadata.set("BGMEAN", 1.0 / 3.0, "mean sky");
  exposure.metadata.set("MAGZERO_RMS", 0.02);
  exposure.metadata.set("OBSERVER", std::string("prn"));
  exposure.metadata.append({"HISTORY", std::nullopt, "made by a test"});
  exposure.wcs = sample_wcs();
  exposure.psf = std::make_shared<GaussianPsf>(1.1234567890123457, 21);
  exposure.photo_calib = PhotoCalib{1.9e11 / 3.0, 1e7 / 3.0};
  exposure.aperture_corrections["base_PsfFlux"] =
      Chebyshev2(box, 1, 1, {1.01, 0.1 / 3, -0.2, 1e-9});
  exposure.aperture_corrections["base_GaussianFlux"] = Chebyshev2::constant(box, 1.13);
  return exposure;
}

void check_same(Exposure const& a, Exposure const& b) {
  check_same(a.masked_image(), b.masked_image());
  CHECK(a.id == b.id);
  CHECK(a.detector == b.detector);
  CHECK(a.visit_info.exposure_id == b.visit_info.exposure_id);
  CHECK(same_bits(a.visit_info.exposure_time_s, b.visit_info.exposure_time_s));
  CHECK(same_bits(a.visit_info.mid_exposure_mjd_tai, b.visit_info.mid_exposure_mjd_tai));
  CHECK(std::isnan(a.visit_info.airmass) == std::isnan(b.visit_info.airmass));
  CHECK(same_bits(a.visit_info.boresight.ra, b.visit_info.boresight.ra));
  CHECK(same_bits(a.visit_info.boresight.dec, b.visit_info.boresight.dec));
  CHECK(a.visit_info.band == b.visit_info.band);
  CHECK(a.metadata == b.metadata);
  CHECK(a.wcs == b.wcs);
  CHECK(a.photo_calib == b.photo_calib);
  CHECK(a.aperture_corrections == b.aperture_corrections);
  REQUIRE(a.has_psf() == b.has_psf());
  if (a.has_psf()) CHECK(a.psf->state() == b.psf->state());
}

SourceCatalog sample_catalog() {
  Schema schema = Schema::minimal_source();
  schema.add_flag("base_SdssCentroid_flag", "general failure flag, set if anything went wrong");
  schema.add<float>("flux", "adu", "a flux");
  for (int i = 0; i < 70; ++i)
    schema.add_flag("flag_" + std::to_string(i),
                    i % 3 ? "" : "a long text " + std::string(80, 'x'));
  schema.add<std::int32_t>("count", "pix2", "pixels of the footprint");
  schema.add<std::string>("name", "",
                          "designation, which nobody needs, but whose text is so long "
                          "that no comment holds it");
  SourceCatalog catalog(schema, 5);
  for (std::size_t row = 0; row < catalog.size(); ++row) {
    catalog.set(row, schema.key<std::int64_t>("id"),
                (std::int64_t{41922040300} << 26) + static_cast<std::int64_t>(row));
    catalog.set(row, schema.key<double>("coord_ra"), 6.1 + 0.1 / (1.0 + static_cast<double>(row)));
    catalog.set(row, schema.key<float>("flux"), static_cast<float>(row) / 3.0F);
    catalog.set(row, schema.key<bool>("flag_" + std::to_string(row * 13)), true);
    catalog.set(row, schema.key<std::int32_t>("count"), -static_cast<std::int32_t>(row));
    catalog.set(row, schema.key<std::string>("name"), std::string(row, 's'));
  }
  catalog.set(3, schema.key<float>("flux"), std::numeric_limits<float>::infinity());
  catalog.set_footprint(
      1, std::make_shared<Footprint>(std::vector<Span>{{5, 1, 9}, {6, 2, 3}, {6, 5, 5}},
                                     std::vector<Peak>{{{4, 5}, 0.1F}, {{2, 6}, -3.0F}}));
  auto heavy = std::make_shared<Footprint>(std::vector<Span>{{5, 1, 2}, {6, 2, 2}},
                                           std::vector<Peak>{{{1, 5}, 7.0F}});
  heavy->set_values({0.1F, -0.0F, 1e-42F});  // as a child that a deblender made
  catalog.set_footprint(2, heavy);
  catalog.set_footprint(
      3, std::make_shared<Footprint>(std::vector<Span>{}, std::vector<Peak>{{{9, 9}, 1.0F}}));
  catalog.set_footprint(
      4, std::make_shared<Footprint>(std::vector<Span>{{-7, -5, -5}}, std::vector<Peak>{}));
  catalog.metadata.set("NSTARS", std::int64_t{19}, "of the aperture correction");
  return catalog;
}

void check_same(SourceCatalog const& a, SourceCatalog const& b) {
  REQUIRE(a.schema() == b.schema());
  REQUIRE(a.size() == b.size());
  CHECK(a.metadata == b.metadata);
  for (Column const& column : a.schema().columns())
    for (std::size_t row = 0; row < a.size(); ++row) {
      INFO(column.name << " of row " << row);
      auto const same = [&]<class T>(T const&) {
        auto const key = a.schema().key<T>(column.name);
        if constexpr (std::is_floating_point_v<T>)
          return same_bits(double{a.get(row, key)}, double{b.get(row, key)});
        else
          return a.get(row, key) == b.get(row, key);
      };
      if (column.type == ColumnType::flag) CHECK(same(bool{}));
      if (column.type == ColumnType::int32) CHECK(same(std::int32_t{}));
      if (column.type == ColumnType::int64) CHECK(same(std::int64_t{}));
      if (column.type == ColumnType::float32) CHECK(same(float{}));
      if (column.type == ColumnType::float64) CHECK(same(double{}));
      if (column.type == ColumnType::text) CHECK(same(std::string()));
    }
  for (std::size_t row = 0; row < a.size(); ++row) {
    REQUIRE((a.footprint(row) == nullptr) == (b.footprint(row) == nullptr));
    if (a.footprint(row)) CHECK(*a.footprint(row) == *b.footprint(row));
  }
}

ConfigValue option(char const* name, ConfigValue value) {
  ConfigValue options;
  options.set(name, std::move(value));
  return options;
}

}  // namespace

TEST_CASE("formatters: an exposure round-trips bit by bit, wherever its box begins") {
  Products const products;
  TemporaryDirectory const directory;
  for (Box const box : {Box{0, 0, 40, 30}, Box{-3, 1000, 40, 30}}) {
    Exposure const exposure = sample_exposure(box);
    auto const path = directory / ("e" + std::to_string(box.y0) + ".fits");
    products.write(exposure, path);
    check_same(products.read<Exposure>(path), exposure);
    auto const again = directory / "again.fits";
    products.write(products.read<Exposure>(path), again);
    CHECK(bytes_of(again) == bytes_of(path));
    std::filesystem::remove(again);
  }
}

TEST_CASE("formatters: an exposure with nothing but pixels round-trips") {
  Products const products;
  TemporaryDirectory const directory;
  Exposure const exposure(sample_pixels({0, 0, 5, 4}));
  products.write(exposure, directory / "e.fits");
  check_same(products.read<Exposure>(directory / "e.fits"), exposure);
}

TEST_CASE("formatters: part of an exposure keeps its place and its WCS") {
  Products const products;
  TemporaryDirectory const directory;
  Exposure const exposure = sample_exposure({10, 20, 40, 30});
  CHECK(products.formatter<Exposure>().reads_boxes());
  for (char const* compression : {"none", "gzip"}) {
    auto const path = directory / (std::string(compression) + ".fits");
    products.write(exposure, path, option("compression", compression));
    Box const box{15, 30, 7, 9};
    auto const part = products.read<Exposure>(path, box);
    CHECK(part.bbox() == box);
    CHECK(same_bits(part.image(), exposure.image().cutout(box)));
    CHECK(same_bits(part.mask().image(), exposure.mask().image().cutout(box)));
    CHECK(part.wcs == exposure.wcs);
    CHECK_THROWS_AS(products.read<Exposure>(path, Box{0, 0, 5, 5}), DataError);
  }
}

TEST_CASE("formatters: cards of the metadata never take the place of the exposure's own") {
  Products const products;
  TemporaryDirectory const directory;
  Exposure exposure(sample_pixels({0, 0, 5, 4}));
  exposure.metadata.set("EXPTIME", 99.0);  // of the raw header, where the visit knows none
  exposure.metadata.set("AIRMASS", 1.5);
  exposure.metadata.set("IDKEY1", std::string("x"));
  exposure.visit_info.airmass = 1.25;
  products.write(exposure, directory / "e.fits");
  auto const back = products.read<Exposure>(directory / "e.fits");
  CHECK(std::isnan(back.visit_info.exposure_time_s));
  CHECK(back.visit_info.airmass == 1.25);
  CHECK(back.id.empty());
  CHECK(back.metadata.number("EXPTIME") == 99.0);
  CHECK(!back.metadata.has("AIRMASS"));
}

TEST_CASE("formatters: compression as the output asks for it") {
  Products const products;
  TemporaryDirectory const directory;
  Exposure const exposure = sample_exposure({3, 4, 40, 30});
  products.write(exposure, directory / "gzip.fits", option("compression", "gzip"));
  check_same(products.read<Exposure>(directory / "gzip.fits"), exposure);
  // Rice cannot do floats without loss: those planes are gzip'd.
  products.write(exposure, directory / "rice.fits", option("compression", "rice"));
  check_same(products.read<Exposure>(directory / "rice.fits"), exposure);
  products.write(exposure, directory / "quantised.fits", option("quantize", 4));
  auto const quantised = products.read<Exposure>(directory / "quantised.fits");
  CHECK(!same_bits(quantised.image(), exposure.image()));
  CHECK(same_bits(quantised.mask().image(), exposure.mask().image()));
  CHECK_THROWS_WITH_AS(products.write(exposure, directory / "x.fits", option("compression", "zip")),
                       doctest::Contains("compression 'zip' is none of"), ConfigError);
  CHECK(!std::filesystem::exists(directory / "x.fits"));
}

TEST_CASE("formatters: a step that failed is named in the product that stands in") {
  Products const products;
  TemporaryDirectory const directory;
  ConfigValue::Array const steps{ConfigValue("astrometry"), ConfigValue("photometry")};
  products.write(Exposure(sample_pixels({0, 0, 5, 4})), directory / "e.fits",
                 option("failed_steps", steps));
  CHECK(fits::Reader(directory / "e.fits").header(0).text("FAILSTEP") == "astrometry, photometry");
}

TEST_CASE("formatters: every file tells its data ID") {
  Products const products;
  TemporaryDirectory const directory;
  DataId const id{{"run", std::int64_t{4192}}, {"filter", std::string("r")}};
  auto const header_of = [&]<Product T>(T const& product, char const* name) {
    products.formatter<T>().write(AnyProduct::make(product), directory / name, {id, {}});
    return fits::Reader(directory / name).header(0);
  };
  for (Header const& header :
       {header_of(sample_catalog(), "src.fits"), header_of(Matches(), "match.fits"),
        header_of(sample_pixels({0, 0, 5, 4}).image, "image.fits"),
        header_of(Exposure(sample_pixels({0, 0, 5, 4})), "e.fits")}) {
    CHECK(header.text("IDKEY1") == "run");
    CHECK(header.integer("IDVAL1") == 4192);
    CHECK(header.text("IDKEY2") == "filter");
    CHECK(header.text("IDVAL2") == "r");
    CHECK(!header.has("IDKEY3"));
  }
  CHECK(products.read<Exposure>(directory / "e.fits").id == id);
  header_of(sample_exposure({0, 0, 5, 4}), "own.fits");  // an exposure knows its own
  CHECK(products.read<Exposure>(directory / "own.fits").id == sample_exposure({0, 0, 5, 4}).id);
}

TEST_CASE("formatters: a PSF whose type nobody knows is kept and written again") {
  Products const products;
  TemporaryDirectory const directory;
  PsfState state{"other/spline/1", {}};
  state.arrays["knots"] = {{2, 3}, {1, 2, 3, 4, 5, 0.1}};
  state.arrays["scalar"] = {{}, {7.5}};
  state.arrays["one"] = {{1}, {8.5}};
  state.arrays["empty"] = {{0}, {}};
  std::shared_ptr<Psf const> const psf = std::make_shared<UnknownPsf>(state);
  products.write(psf, directory / "a.fits");
  auto const back = products.read<std::shared_ptr<Psf const>>(directory / "a.fits");
  CHECK(back->state() == state);
  CHECK_THROWS_AS(back->kernel({}), NotFoundError);

  std::shared_ptr<Psf const> const kernel = std::make_shared<KernelPsf>(
      std::vector<KernelPsf::Basis>{{GaussianPsf(2.0, 15).kernel({}), {1.0, 0.1, 0.2, 0.3}},
                                    {GaussianPsf(1.0, 15).kernel({}), {0.0, 1e-3, 0.0, 0.5}}},
      1, 1, 0.001);
  products.write(kernel, directory / "b.fits");
  auto const same = products.read<std::shared_ptr<Psf const>>(directory / "b.fits");
  CHECK(same->state() == kernel->state());
  CHECK(same_bits(same->kernel({100, 700}), kernel->kernel({100, 700})));
}

TEST_CASE("formatters: a catalogue round-trips with its schema's order, NaN and footprints") {
  Products const products;
  TemporaryDirectory const directory;
  SourceCatalog const catalog = sample_catalog();
  products.write(catalog, directory / "src.fits");
  check_same(products.read<SourceCatalog>(directory / "src.fits"), catalog);
  // The form of LSST's afw: first the bits.
  fits::Reader reader(directory / "src.fits");
  fits::Table const table = reader.table(1);
  CHECK(table.columns.front().name == "flags");
  CHECK(reader.header(1).text("TFORM1") == "71X");
  CHECK(reader.header(1).text("TFLAG1") == "base_SdssCentroid_flag");
  CHECK(reader.header(1).text("TTYPE2") == "id");

  SourceCatalog const empty(Schema::minimal_source(), 0);
  products.write(empty, directory / "empty.fits");
  check_same(products.read<SourceCatalog>(directory / "empty.fits"), empty);
}

TEST_CASE("formatters: the small products round-trip") {
  Products const products;
  CHECK(products.size() == 21);
  TemporaryDirectory const directory;
  auto const path = directory / "p.fits";
  auto const round_trip = [&]<class T>(T const& product) {
    products.write(product, path);
    T result = products.read<T>(path);
    std::filesystem::remove(path);
    return result;
  };
  Box const box{7, -9, 30, 20};
  MaskedImage const pixels = sample_pixels(box);
  check_same(round_trip(pixels), pixels);
  CHECK(same_bits(round_trip(pixels.image), pixels.image));
  CHECK(same_bits(round_trip(pixels.mask).image(), pixels.mask.image()));
  Image<std::uint16_t> counts(box);
  counts(3, 4) = 65535;
  CHECK(same_bits(round_trip(counts), counts));

  Background const background{{Chebyshev2(box, 2, 1, {1, 2, 3, 4, 5, 0.1}), Chebyshev2(),
                               Chebyshev2::constant(box, 1.0 / 3.0)}};
  CHECK(round_trip(background).models == background.models);
  CHECK(round_trip(Background{}).models.empty());
  ApertureCorrectionMap const corrections{{"base_PsfFlux", Chebyshev2(box, 1, 1, {1, 0.1, 0, 0})},
                                          {"base_GaussianFlux", Chebyshev2::constant(box, 1.1)}};
  CHECK(round_trip(corrections) == corrections);
  CHECK(round_trip(ApertureCorrectionMap{}).empty());
  CHECK(round_trip(sample_wcs()) == sample_wcs());
  PhotoCalib const calib{1e10 / 3.0, 7.0};
  CHECK(round_trip(calib) == calib);
  Header header;
  header.set("PRODUCT", std::string("mine"));
  header.set("TELESCOP", std::string("2.5m"), "which");
  header.erase("PRODUCT");
  CHECK(round_trip(header) == header);
  FootprintSet const set{box,
                         {Footprint({{1, 2, 3}}, {{{2, 1}, 5.5F}}), Footprint(),
                          Footprint({{4, 5, 6}, {5, 5, 5}}, {})},
                         {},
                         {}};
  CHECK(round_trip(set) == set);
  CHECK(round_trip(FootprintSet{}) == FootprintSet{});
}

TEST_CASE("formatters: the footprints of blends keep children, values and what was skipped") {
  Products const products;
  TemporaryDirectory const directory;
  Footprint wide({{1, 2, 4}, {2, 2, 2}}, {{{2, 1}, 5.5F}});
  wide.set_values({1.0F / 3.0F, -0.0F, 0.0F, std::numeric_limits<float>::infinity()});
  Footprint narrow({{1, 4, 4}}, {{{4, 1}, 2.5F}});
  narrow.set_values({2e-45F});
  Footprint const dark({}, {{{3, 2}, 0.5F}});  // no light of its own
  FootprintSet const set{
      {-3, -4, 20, 30},
      {Footprint({{9, 9, 9}}, {}),
       Footprint({{1, 2, 4}, {2, 2, 3}}, {{{2, 1}, 5.5F}, {{4, 1}, 2.5F}}),
       Footprint({{20, 1, 9}}, {{{1, 20}, 1.0F}, {{9, 20}, 1.0F}}), wide, narrow, dark},
      {{1, false, true}, {1, true, false}, {1, false, false}},
      {2}};
  products.write(set, directory / "a.fits");
  FootprintSet const back = products.read<FootprintSet>(directory / "a.fits");
  CHECK(back == set);
  CHECK(std::memcmp(back.footprints[3].values().data(), wide.values().data(), 16) == 0);  // −0
  products.write(back, directory / "b.fits");
  CHECK(bytes_of(directory / "a.fits") == bytes_of(directory / "b.fits"));
}

TEST_CASE("formatters: matches keep every bit, NaN and their metadata") {
  Products const products;
  TemporaryDirectory const directory;
  Match full;
  full.source_id = std::int64_t{41922040300} << 26;
  full.pixel = {1.0 / 3.0, -7.25};
  full.reference = {(std::int64_t{1} << 62) + 1, {6.1 / 7.0, -0.1}, 1e-8, 3630.78, 1.25};
  full.distance = 2.4e-7;
  full.fitted = true;
  Match bare;  // position_error, flux and flux_error are NaN
  bare.source_id = full.source_id + 1;
  Matches matches{{full, bare}, {}};
  matches.metadata.set("REFCAT", std::string("sdss_demo_ref_cat"), "reference catalogue");
  matches.metadata.set("RADIUS", 0.1 / 3.0);
  products.write(matches, directory / "a.fits");
  Matches const back = products.read<Matches>(directory / "a.fits");
  REQUIRE(back.pairs.size() == 2);
  CHECK(back.pairs[0] == full);
  CHECK(back.pairs[1].source_id == bare.source_id);
  CHECK(!back.pairs[1].fitted);
  CHECK(std::isnan(back.pairs[1].reference.position_error));
  CHECK(std::isnan(back.pairs[1].reference.flux));
  CHECK(back.metadata == matches.metadata);
  products.write(back, directory / "b.fits");
  CHECK(bytes_of(directory / "a.fits") == bytes_of(directory / "b.fits"));
  products.write(Matches{}, directory / "none.fits");
  CHECK(products.read<Matches>(directory / "none.fits").pairs.empty());
}

/// The same file with other tables: whole ones are replaced, or added, by name.
void write_changed(std::filesystem::path const& from, std::filesystem::path const& to,
                   std::map<std::string, fits::Table> tables) {
  fits::Reader reader(from);
  fits::Writer writer(to);
  writer.primary(reader.header(0));
  for (int hdu = 1; hdu < reader.hdu_count(); ++hdu) {
    std::string const name = reader.header(hdu).text("EXTNAME");
    auto const changed = tables.find(name);
    writer.table(name, changed != tables.end() ? changed->second : reader.table(hdu));
    if (changed != tables.end()) tables.erase(changed);
  }
  for (auto const& [name, table] : tables) writer.table(name, table);
  writer.close();
}

template <class T>
fits::TableColumn column_of(char const* name, std::vector<T> values) {
  fits::TableColumn column;
  column.name = name;
  column.values = std::move(values);
  return column;
}

fits::TableColumn truths(char const* name, std::vector<std::uint8_t> values) {
  fits::TableColumn column = column_of(name, std::move(values));
  column.logical = true;
  return column;
}

TEST_CASE("formatters: tables of footprints that contradict each other are refused") {
  using Ints = std::vector<std::int32_t>;
  using Arrays = std::vector<std::vector<float>>;
  Products const products;
  TemporaryDirectory const directory;
  FootprintSet const set{
      {0, 0, 9, 9}, {Footprint({{1, 2, 4}}, {{{2, 1}, 5.5F}}), Footprint({{3, 2, 3}}, {})}, {}, {}};
  products.write(set, directory / "sound.fits");
  auto const refused = [&](std::string const& name, fits::Table table) {
    auto const path = directory / "broken.fits";
    write_changed(directory / "sound.fits", path, {{name, std::move(table)}});
    std::string message = "accepted";
    try {
      products.read<FootprintSet>(path);
    } catch (DataError const& error) {
      message = error.what();
    }
    std::filesystem::remove(path);
    return message;
  };
  auto const heavy = [&](Ints rows, Arrays values) {
    auto const count = static_cast<std::int64_t>(rows.size());
    return refused("HEAVY", {count, {column_of("row", rows), column_of("values", values)}, {}});
  };
  CHECK(heavy({0}, {{1, 2, 3}}) == "accepted");
  CHECK(heavy({0}, {{1, 2}}).find("row 0 is wrong: a footprint of 3 pixels") != std::string::npos);
  CHECK(heavy({-1}, {{1, 2, 3}}).find("belongs to no footprint") != std::string::npos);
  CHECK(heavy({2}, {{1, 2, 3}}).find("belongs to no footprint") != std::string::npos);
  CHECK(heavy({0, 0}, {{1, 2, 3}, {1, 2, 3}}).find("its own already") != std::string::npos);

  auto const children = [&](Ints parents, std::vector<std::uint8_t> flags) {
    auto const count = static_cast<std::int64_t>(parents.size());
    return refused("CHILDREN", {count,
                                {column_of("parent", parents), truths("as_psf", flags),
                                 truths("ramped", flags)},
                                {}});
  };
  CHECK(children({0}, {1}) == "accepted");
  CHECK(children({1}, {1}).find("row 0 belongs to no footprint") != std::string::npos);
  CHECK(children({-1}, {1}).find("row 0 belongs to no footprint") != std::string::npos);
  CHECK(children({0, 0, 0}, {0, 0, 0}).find("more children than") != std::string::npos);
  CHECK(refused("CHILDREN", {1,
                             {column_of("parent", Ints{0}), column_of("as_psf", Ints{0}),
                              truths("ramped", {0})},
                             {}})
            .find("'as_psf' holds no truth values") != std::string::npos);

  auto const skipped = [&](Ints rows) {
    auto const count = static_cast<std::int64_t>(rows.size());
    return refused("SKIPPED", {count, {column_of("row", rows)}, {}});
  };
  CHECK(skipped({0, 1}) == "accepted");
  CHECK(skipped({2}).find("row 0 belongs to no footprint") != std::string::npos);
  CHECK(skipped({1, 0}).find("row 1 does not rise") != std::string::npos);
  constexpr std::int32_t huge = std::numeric_limits<std::int32_t>::min();
  CHECK(refused("PEAKS", {1,
                          {column_of("row", Ints{0}), column_of("x", Ints{huge}),
                           column_of("y", Ints{0}), column_of("value", std::vector<float>{1})},
                          {}})
            .find("row 0 is no peak") != std::string::npos);
}

TEST_CASE("formatters: aperture corrections of one name twice, or of none, are refused") {
  Products const products;
  TemporaryDirectory const directory;
  Box const box{0, 0, 9, 9};
  products.write(ApertureCorrectionMap{{"a", Chebyshev2::constant(box, 1.0)},
                                       {"b", Chebyshev2::constant(box, 2.0)}},
                 directory / "sound.fits");
  fits::Table table = fits::Reader(directory / "sound.fits").table(1);
  table.columns.back().values = std::vector<std::string>{"a", "a"};
  write_changed(directory / "sound.fits", directory / "twice.fits", {{"APCORR", table}});
  CHECK_THROWS_WITH_AS(products.read<ApertureCorrectionMap>(directory / "twice.fits"),
                       doctest::Contains("row 1 has no name, or that of another"), DataError);
  table.columns.pop_back();
  write_changed(directory / "sound.fits", directory / "none.fits", {{"APCORR", table}});
  CHECK_THROWS_WITH_AS(products.read<ApertureCorrectionMap>(directory / "none.fits"),
                       doctest::Contains("'name' is missing"), DataError);
}

TEST_CASE("formatters: a file of another kind is an error that names it") {
  Products const products;
  TemporaryDirectory const directory;
  products.write(PhotoCalib{}, directory / "calib.fits");
  CHECK_THROWS_WITH_AS(products.read<Exposure>(directory / "calib.fits"),
                       doctest::Contains("calib.fits: has no extension 'IMAGE'"), DataError);
  CHECK_THROWS_AS(products.read<SourceCatalog>(directory / "none.fits"), NotFoundError);
  CHECK_THROWS_AS(products.read<Wcs>(directory / "calib.fits"), DataError);
  MaskedImage pixels = sample_pixels({0, 0, 5, 5});
  pixels.variance = Image<float>(4, 4);
  CHECK_THROWS_AS(products.write(pixels, directory / "m.fits"), DataError);
  CHECK(!std::filesystem::exists(directory / "m.fits"));
}

TEST_CASE("formatters: astropy opens what is written, without a warning") {
  if (std::system("/usr/bin/python3 -c 'import astropy' 2>/dev/null") != 0) {
    MESSAGE("skipped: no astropy");
    return;
  }
  Products const products;
  TemporaryDirectory const directory;
  Exposure exposure = sample_exposure({10, 20, 40, 30});
  exposure.metadata.set("LONGTEXT", std::string(200, 'l') + "end", "continued");
  products.write(exposure, directory / "exposure.fits");
  products.write(exposure, directory / "compressed.fits", option("compression", "gzip"));
  products.write(sample_catalog(), directory / "src.fits");
  products.write(Background{{Chebyshev2::constant({0, 0, 3, 3}, 2.5)}}, directory / "sky.fits");
  SkyPoint const sky = exposure.wcs->pixel_to_sky({15.0, 25.0});
  std::string const command =
      "/usr/bin/python3 " ALMAGEST_SOURCE_DIR "/tests/unit/repository/open_with_astropy.py " +
      directory.path().string() + " " + to_string(Value(sky.ra)) + " " + to_string(Value(sky.dec));
  CHECK(std::system(command.c_str()) == 0);
}
