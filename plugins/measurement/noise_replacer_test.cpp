#include "noise_replacer.hpp"

#include <doctest/doctest.h>

#include <array>
#include <vector>

#include "almagest/error.hpp"

#include "gaussian_deviates.hpp"

using namespace almagest;
using namespace measurement;

namespace {

Box const frame{10, 20, 12, 8};
constexpr double mean = 3.0, sigma = 0.5;
constexpr std::uint32_t seed = 7;

Footprint with_values(std::vector<Span> spans, std::vector<float> values) {
  Footprint footprint(std::move(spans), {});
  footprint.set_values(std::move(values));
  return footprint;
}

/// Two families, the second with two children, one of which reaches into the first family.
FootprintSet two_families() {
  FootprintSet set{frame, {}, {}, {}};
  set.footprints = {Footprint({{21, 11, 13}, {22, 12, 12}}, {}),
                    Footprint({{22, 12, 18}, {23, 15, 18}}, {}),
                    with_values({{22, 12, 15}}, {1, 2, 3, 4}),
                    with_values({{22, 15, 18}, {23, 15, 18}}, {5, 6, 7, 8, 9, 10, 11, 12})};
  set.children = {{1, true, false}, {1, false, true}};
  return set;
}

Image<float> light() {
  Image<float> image(frame);
  float value = 100.0F;
  for (float& pixel : image.pixels()) pixel = value++;
  return image;
}

std::vector<float> copy_of(Image<float> const& image) {
  return {image.pixels().begin(), image.pixels().end()};
}

}  // namespace

TEST_CASE("replacement noise: drawn for every pixel of the boxes, kept in the footprints") {
  FootprintSet const set = two_families();
  ReplacementNoise const noise(set, mean, sigma, seed);
  GaussianDeviates deviates(seed);
  auto const next = [&] {
    return static_cast<float>(deviates.next()) * float(sigma) + float(mean);
  };
  std::array<float, 6> first;
  for (float& value : first) value = next();  // box 3 × 2 of the first footprint
  REQUIRE(noise.of(0).size() == 4);
  for (std::size_t i : {0U, 1U, 2U}) CHECK(noise.of(0)[i] == first[i]);
  CHECK(noise.of(0)[3] == first[4]);  // of the upper row only the middle pixel
  CHECK(noise.of(1)[0] == next());
  CHECK(noise.of(2).size() == 4);
  CHECK(noise.of(3).size() == 8);
}

TEST_CASE("noise replacer: sources are put in alone and taken out again") {
  FootprintSet const set = two_families();
  std::vector<Family> const families = families_of(set);
  CHECK(families == std::vector<Family>{{0, 2, 2}, {1, 2, 4}});
  ReplacementNoise const noise(set, mean, sigma, seed);
  Image<float> const original = light();
  Image<float> image = original;
  NoiseReplacer replacer(set, families, noise, original);

  replacer.begin(0, image);
  CHECK(image.at({10, 20}) == original.at({10, 20}));  // sky stays
  CHECK(image.at({11, 21}) == noise.of(0)[0]);
  CHECK(image.at({12, 22}) == noise.of(2)[0]);  // children are written after all parents
  CHECK(image.at({15, 22}) == noise.of(3)[0]);  // and the last of them last
  replacer.insert(0, image);
  for (Pixel p : {Pixel{11, 21}, Pixel{13, 21}, Pixel{12, 22}})
    CHECK(image.at(p) == original.at(p));
  replacer.remove(0, image);
  CHECK(image.at({12, 22}) == noise.of(0)[3]);  // its own noise, not what was there before

  replacer.begin(1, image);
  replacer.insert(2, image);
  CHECK(image.at({13, 22}) == 2.0F);  // a child's own values
  CHECK(image.at({16, 22}) == noise.of(3)[1]);
  replacer.remove(2, image);
  CHECK(image.at({13, 22}) == noise.of(2)[1]);
}

TEST_CASE("noise replacer: an image may come to a family from anywhere, and looks the same") {
  FootprintSet const set = two_families();
  std::vector<Family> const families = families_of(set);
  ReplacementNoise const noise(set, mean, sigma, seed);
  Image<float> const original = light();

  Image<float> in_order = original;
  NoiseReplacer replacer(set, families, noise, original);
  replacer.begin(0, in_order);
  std::vector<float> const at_first = copy_of(in_order);
  replacer.insert(0, in_order);
  replacer.remove(0, in_order);
  replacer.begin(1, in_order);
  std::vector<float> const at_second = copy_of(in_order);
  CHECK(at_first != at_second);  // the families overlap: there is something to get wrong

  Image<float> image = original;
  NoiseReplacer jumping(set, families, noise, original);
  jumping.begin(1, image);
  CHECK(copy_of(image) == at_second);
  for (std::size_t const source : {2U, 3U, 1U}) {
    jumping.insert(source, image);
    jumping.remove(source, image);
  }
  jumping.begin(0, image);  // back
  CHECK(copy_of(image) == at_first);
}

TEST_CASE("noise replacer: what lies outside the image is left alone") {
  FootprintSet set{frame, {Footprint({{19, 9, 12}, {20, 8, 11}, {27, 20, 25}}, {})}, {}, {}};
  std::vector<Family> const families = families_of(set);
  ReplacementNoise const noise(set, mean, sigma, seed);
  Image<float> const original = light();
  Image<float> image = original;
  NoiseReplacer replacer(set, families, noise, original);
  replacer.begin(0, image);
  CHECK(image.at({10, 20}) == noise.of(0)[6]);
  CHECK(image.at({21, 27}) == noise.of(0)[9]);
  CHECK(image.at({12, 20}) == original.at({12, 20}));
  replacer.insert(0, image);
  CHECK(copy_of(image) == copy_of(original));
}

TEST_CASE("families: children that do not follow their parents are refused") {
  FootprintSet set{frame, std::vector<Footprint>(4), {{1, false, false}, {0, false, false}}, {}};
  CHECK_THROWS_WITH_AS(
      families_of(set),
      "footprints: child 1 has parent 0 of 2; children must stand parent by parent", DataError);
  set.children = {{0, false, false}, {9, false, false}};
  CHECK_THROWS_AS(families_of(set), DataError);
  set.children.resize(5);
  CHECK_THROWS_AS(families_of(set), DataError);
}
