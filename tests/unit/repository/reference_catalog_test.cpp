// Reference catalogues as datasets: where they are found, and what depends on them.
#include <doctest/doctest.h>

#include "almagest/htm.hpp"
#include "almagest/reference_catalog.hpp"
#include "shard_writer.hpp"
#include "toy_repository.hpp"

using namespace almagest;
using toy::Counts;
using toy::Run;
using toy::Shard;
using toy::fs::path;

namespace {

constexpr double degree = radians_per_degree;

/// Visits look at (30, 10) and (200, -20) deg.
SkyCircle field_of(std::int64_t visit) {
  return visit == 1 ? SkyCircle{{30 * degree, 10 * degree}, 0.05 * degree}
                    : SkyCircle{{200 * degree, -20 * degree}, 0.05 * degree};
}

std::string shard_name(std::int64_t visit) {
  return std::to_string(htm_id(field_of(visit).centre, 7)) + ".fits";
}

/// Writes down which stars the catalogue has in a visit's field.
struct Stars final : Task {
  In<toy::Note> note{*this, "note"};
  In<ReferenceCatalog> ref_cat{*this, "ref_cat"};
  Out<toy::Note> stars{*this, "stars"};

  Outcome run(Context& context) const override {
    ReferenceCatalog const& catalog = context.get(ref_cat);
    std::string text = catalog.name() + ':';
    for (ReferenceObject const& star :
         catalog.load({field_of(context.id().integer("visit")), "", 56000.0}).objects)
      text += ' ' + std::to_string(star.id);
    context.put(stars, toy::Note{text});
    return done;
  }
};

/// Goes without a catalogue when there is none.
struct MaybeStars final : Task {
  In<toy::Note> note{*this, "note"};
  MaybeIn<ReferenceCatalog> ref_cat{*this, "ref_cat"};
  Out<toy::Note> stars{*this, "stars"};

  Outcome run(Context& context) const override {
    ReferenceCatalog const* catalog = context.get(ref_cat);
    context.put(stars, toy::Note{catalog ? catalog->name() : "none"});
    return done;
  }
};

constexpr char const* pipeline = R"(
schema = 1
steps  = ["stars"]
[task]
stars = "sky/stars"
[outputs]
stars = "stars"
)";

struct SkyWorld : toy::World {
  SkyWorld() {
    plugins.add("sky", [](Registrar& registrar) {
      registrar.task<Stars>("stars", "");
      registrar.task<MaybeStars>("maybe_stars", "");
    });
    make_gen2();
  }
  /// A shard for a visit's field with stars of these ids.
  void write_shard(path const& catalog, std::int64_t visit,
                   std::vector<std::int64_t> const& ids) const {
    std::vector<Shard::Object> stars;
    for (std::int64_t const id : ids) stars.push_back({id, field_of(visit).centre});
    Shard(stars).write(catalog / shard_name(visit));
  }
  void write_catalog(path const& catalog, std::int64_t first_id = 1) const {
    write_shard(catalog, 1, {first_id, first_id + 1});
    write_shard(catalog, 2, {first_id + 2});
  }
  RerunRequest into(char const* name) const {
    RerunRequest request;
    request.output = directory.path() / name;
    return request;
  }
  std::string stars_of(path const& place, char const* frame = "1-2-r") const {
    return toy::read_file(place / "stars" / (std::string(frame) + ".txt"));
  }
  /// Why the first frame's quantum failed, or what it wrote.
  std::string answer(std::string const& text = pipeline) {
    path const out = directory.path() / ("answer" + std::to_string(++answers_));
    RerunRequest request;
    request.output = out;
    Counts const counts =
        Run(*this, root, text).go(request, toy::selection({{"visit=1", "ccd=2"}}));
    if (counts == Counts{{"ok", 1}}) return stars_of(out);
    SQLite::Database registry((out / "registry.sqlite3").string());
    return registry.execAndGet("SELECT message FROM quantum WHERE state = 'failed'").getString();
  }

 private:
  int answers_ = 0;
};

}  // namespace

TEST_CASE("reference catalogue: found in the path, below it, or by its name") {
  SkyWorld world;
  path const ref_cats = world.root / "ref_cats";
  SUBCASE("nowhere") {
    toy::write_file(ref_cats / "notes/readme.txt", "no catalogue");
    auto const missing = [&](int answer) {
      return "no reference catalogue 'ref_cat': no shards (<HTM id>.fits) are in " +
             ref_cats.string() + ", nor " +
             (world.directory.path() / ("answer" + std::to_string(answer)) / "ref_cats").string() +
             ", or in a directory below; put a catalogue there, or a link to one";
    };
    CHECK(toy::contains(toy::message<ConfigError>([&] { world.answer(); }),
                        missing(1) + "; it is wanted by 'stars'"));
    // The run goes on where its steps do.
    std::string text = pipeline;
    text.replace(text.find("stars = "), std::string("stars = ").size(),
                 "stars.on_failure = \"continue\"\nstars.use = ");
    CHECK(world.answer(text) == missing(2));
    Run const run(world, world.root, text);
    auto const warnings = run.claim(world.into("warned"))->executing(run.pipeline);
    REQUIRE(warnings.size() == 1);
    CHECK(toy::contains(warnings[0], "; without it will fail: 'stars'"));
  }
  SUBCASE("the path itself") {
    world.write_catalog(ref_cats);
    CHECK(world.answer() == "ref_cats: 1 2");
  }
  SUBCASE("a symbolic link, as in the tutorials") {
    world.write_catalog(world.directory.path() / "elsewhere/htm_baseline");
    toy::fs::create_directory_symlink(world.directory.path() / "elsewhere", ref_cats);
    CHECK(world.answer() == "htm_baseline: 1 2");
  }
  SUBCASE("several directories: the pipeline chooses") {
    world.write_catalog(ref_cats / "gaia", 10);
    toy::write_file(ref_cats / "notes/readme.txt", "no catalogue");
    CHECK(world.answer() == "gaia: 10 11");
    world.write_catalog(ref_cats / "ps1", 20);
    CHECK(toy::message<ConfigError>([&] { world.answer(); }) ==
          ref_cats.string() +
              " holds several reference catalogues (gaia, ps1): let the pipeline choose one, with "
              "ref_cat = \"gaia\" in its [inputs]");
    CHECK_FALSE(toy::fs::exists(world.directory.path() / "answer2"));  // nothing is claimed
    CHECK(world.answer(std::string(pipeline) + "[inputs]\nref_cat = \"ps1\"\n") == "ps1: 20 21");
    // Also beside the dataset whose data IDs are the units.
    CHECK(world.answer(std::string(pipeline) + "[inputs]\nnote = \"note\"\nref_cat = \"gaia\"\n") ==
          "gaia: 10 11");
    CHECK(toy::contains(toy::message<ConfigError>([&] {
                          world.answer(
                              std::string(pipeline) +
                              "[inputs]\nref_cat = { dataset = \"gaia\", units = true }\n");
                        }),
                        "input 'ref_cat' cannot have 'units'"));
    CHECK(toy::contains(toy::message<ConfigError>([&] {
                          world.answer(std::string(pipeline) + "[inputs]\nref_cat = \"gaja\"\n");
                        }),
                        "'gaja', which is no dataset type; did you mean 'gaia'?"));
    CHECK(world.open()->datasets().at("ps1").lookup == Lookup::sky);
  }
  SUBCASE("declared by the camera") {
    toy::write_file(world.directory.path() / "obs/obs_toy/datasets.toml",
                    std::string(toy::datasets) + "[dataset.mine]\nlookup = \"sky\"\n" +
                        "[dataset.ref_cat]\npath = \"calib/stars\"\n");
    world.write_catalog(ref_cats / "mine", 10);
    world.write_catalog(world.root / "calib/stars", 20);
    CHECK(world.answer() == "stars: 20 21");
    CHECK(world.answer(std::string(pipeline) + "[inputs]\nref_cat = \"mine\"\n") == "mine: 10 11");
  }
}

TEST_CASE("reference catalogue: not read where nobody hears what is read of it, as by gathering") {
  SkyWorld world;
  world.write_catalog(world.root / "ref_cats");
  DataId const id{{"visit", std::int64_t{1}}};
  auto const repository = world.open();
  auto const stored = repository->stored("");
  Run const run(world, world.root, pipeline);
  auto const rerun = run.claim(world.into("out"));
  std::string const product(ProductTraits<ReferenceCatalog>::id);
  auto const complaint = [&](auto const& load) { return toy::message<ProductError>(load); };
  for (std::string const& said :
       {complaint([&] { rerun->load("ref_cat", product, id, std::nullopt); }),
        complaint([&] { stored->load("ref_cat", product, id, std::nullopt); }),
        complaint([&] { stored->unit(id)->load("ref_cat", product); })})
    CHECK(toy::contains(said, "ref_cats: a reference catalogue cannot be gathered"));
  CHECK(rerun->unit(id)->load("ref_cat", product).get<ReferenceCatalog>().name() == "ref_cats");
}

TEST_CASE("reference catalogue: dataset types and outputs that cannot be meant") {
  SkyWorld world;
  CHECK(toy::contains(toy::message<ConfigError>([&] {
                        Run(world, world.root, std::string(pipeline) + "copy = \"ref_cat\"\n");
                      }),
                      "output 'copy' stores 'ref_cat', which no step writes"));
  toy::write_file(world.directory.path() / "obs/obs_toy/datasets.toml",
                  "[dataset.stars]\nproduct = \"toy.Note/1\"\nlookup = \"sky\"\n");
  CHECK(toy::contains(toy::message<ConfigError>([&] { world.open(); }),
                      "[dataset.stars]: with lookup = \"sky\" it holds "
                      "'almagest.ReferenceCatalog/1', not 'toy.Note/1'"));
}

TEST_CASE("reference catalogue: chained repositories find their parents', and may have their own") {
  SkyWorld world;
  world.write_catalog(world.root / "ref_cats/gaia", 10);
  RerunRequest named;
  named.name = "mine";
  CHECK(Run(world, world.root, pipeline).go(named) == Counts{{"ok", 4}});
  CHECK(world.stars_of(world.root / "rerun/mine") == "gaia: 10 11");

  CHECK(Run(world, world.root, pipeline).go(world.into("out")) == Counts{{"ok", 4}});
  path const out = world.directory.path() / "out";
  CHECK(Run(world, out, pipeline).go(world.into("second")) == Counts{{"ok", 4}});
  CHECK(world.stars_of(world.directory.path() / "second") == "gaia: 10 11");
  world.write_catalog(out / "ref_cats/ps1", 20);
  CHECK(Run(world, out, pipeline).go(world.into("third")) == Counts{{"ok", 4}});
  CHECK(world.stars_of(world.directory.path() / "third", "2-1-r") == "ps1: 22");
}

TEST_CASE("reference catalogue: what was made from a shard is stale when that shard changes") {
  SkyWorld world;
  path const gaia = world.root / "ref_cats/gaia";
  world.write_catalog(gaia);
  Run const run(world, world.root, pipeline);
  CHECK(run.go(world.into("out")) == Counts{{"ok", 4}});
  path const out = world.directory.path() / "out";
  CHECK(world.stars_of(out, "1-1-g") == "gaia: 1 2");
  CHECK(world.stars_of(out, "2-1-r") == "gaia: 3");
  auto const before = toy::snapshot(world.root);
  CHECK(run.go(world.into("out")) == Counts{{"up to date", 4}});
  CHECK(toy::snapshot(world.root) == before);
  {
    SQLite::Database registry((out / "registry.sqlite3").string());
    std::string const of_frame =
        "FROM dataset d JOIN dataset_input i ON d.id = i.dataset WHERE d.path = 'stars/1-2-r.txt' "
        "AND i.type = 'ref_cat' AND i.checksum != ''";
    CHECK(registry.execAndGet("SELECT group_concat(i.path) " + of_frame).getString() ==
          "ref_cats/gaia/" + shard_name(1));
    CHECK(toy::contains(registry.execAndGet("SELECT i.data_id " + of_frame).getString(),
                        "\"htm7\":"));
  }

  SUBCASE("another content: only the frames there") {
    world.write_shard(gaia, 2, {3, 4});
    CHECK(run.go(world.into("out")) == Counts{{"ok", 2}, {"up to date", 2}});
    CHECK(world.stars_of(out, "2-1-r") == "gaia: 3 4");
  }
  SUBCASE("a shard of another region") {
    Shard(std::vector<Shard::Object>{{9, {1, 1}}})
        .write(gaia / (std::to_string(htm_id({1, 1}, 7)) + ".fits"));
    CHECK(run.go(world.into("out")) == Counts{{"up to date", 4}});
  }
  SUBCASE("removed") {
    toy::fs::remove(gaia / shard_name(2));
    CHECK(run.go(world.into("out")) == Counts{{"failed", 2}, {"up to date", 2}});
    SQLite::Database registry((out / "registry.sqlite3").string());
    CHECK(toy::contains(
        registry.execAndGet("SELECT message FROM quantum WHERE state = 'failed'").getString(),
        "no shard of the reference catalogue " + gaia.string() + " covers the region of 0.05 deg"));
    world.write_shard(gaia, 2, {3});
  }
  SUBCASE("the whole catalogue replaced") {
    toy::fs::rename(gaia, world.root / "ref_cats/dr3");
    CHECK(run.go(world.into("out")) == Counts{{"ok", 4}});
    CHECK(world.stars_of(out, "2-1-r") == "dr3: 3");
  }
  CHECK(run.go(world.into("out")) != Counts{{"failed", 2}, {"up to date", 2}});
  CHECK(run.go(world.into("out")) == Counts{{"up to date", 4}});
}

TEST_CASE("reference catalogue: a shard that appears makes stale what could have used it") {
  SkyWorld world;
  path const gaia = world.root / "ref_cats/gaia";
  // A corner of two triangles at least: one of them is missing at first.
  SkyCircle const field = field_of(1);
  auto const cover = htm_cover({field.centre, field.radius}, 12);
  REQUIRE(cover.size() > 1);
  auto const write = [&](std::int64_t htm, std::int64_t id) {
    Shard(std::vector<Shard::Object>{{id, field.centre}})
        .write(gaia / (std::to_string(htm) + ".fits"));
  };
  write(cover[0], 1);
  Run const run(world, world.root, pipeline);
  CHECK(run.go(world.into("out"), toy::selection({{"visit=1"}})) == Counts{{"ok", 2}});
  CHECK(run.go(world.into("out"), toy::selection({{"visit=1"}})) == Counts{{"up to date", 2}});
  write(cover[1], 2);
  CHECK(run.go(world.into("out"), toy::selection({{"visit=1"}})) == Counts{{"ok", 2}});
  CHECK(world.stars_of(world.directory.path() / "out") == "gaia: 1 2");
}

TEST_CASE("reference catalogue: optional, and used when it appears") {
  SkyWorld world;
  std::string text = pipeline;
  text.replace(text.find("sky/stars"), 9, "sky/maybe_stars");
  Run const run(world, world.root, text);
  CHECK(run.go(world.into("out")) == Counts{{"ok", 4}});
  CHECK(world.stars_of(world.directory.path() / "out") == "none");
  CHECK(run.go(world.into("out")) == Counts{{"up to date", 4}});
  world.write_catalog(world.root / "ref_cats/gaia");
  CHECK(run.go(world.into("out")) == Counts{{"ok", 4}});
  CHECK(world.stars_of(world.directory.path() / "out") == "gaia");
}
