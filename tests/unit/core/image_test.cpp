#include "almagest/image.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include "almagest/exposure.hpp"
#include "almagest/mask.hpp"
#include "almagest/shared_buffer.hpp"

using namespace almagest;

TEST_CASE("image: a copy shares its pixels until one of the two is written") {
  Image<float> a(Box{10, 20, 4, 3});
  a.at({12, 21}) = 5.0F;
  Image<float> b = a;
  CHECK(b.shares_pixels_with(a));
  b(0, 0) = 1.0F;
  CHECK_FALSE(std::as_const(b).shares_pixels_with(a));
  CHECK(std::as_const(a)(0, 0) == 0.0F);
  CHECK(std::as_const(b).at({12, 21}) == 5.0F);

  float const* const before = std::as_const(b).pixels().data();
  b(1, 1) = 2.0F;  // the only owner writes in place
  CHECK(std::as_const(b).pixels().data() == before);
}

TEST_CASE("exposure: writing the mask copies the mask alone") {
  Exposure const original{MaskedImage(Box{0, 0, 64, 64})};
  Exposure copy = original;
  copy.mask().image()(3, 3) = 1;
  CHECK(copy.image().shares_pixels_with(original.image()));
  CHECK(copy.variance().shares_pixels_with(original.variance()));
  CHECK_FALSE(std::as_const(copy).mask().image().shares_pixels_with(original.mask().image()));
  CHECK(original.mask().image()(3, 3) == 0);
}

TEST_CASE("image: planes are 64-byte aligned, empty ones have no pixels") {
  for (int side : {1, 7, 100, 1000}) {
    Image<double> const image(side, side);
    CHECK(reinterpret_cast<std::uintptr_t>(image.pixels().data()) % 64 == 0);
    CHECK(image.pixels()[image.pixels().size() - 1] == 0.0);
  }
  Image<float> nothing(Box{5, 5, -3, 10});
  CHECK(nothing.empty());
  CHECK(nothing.pixels().empty());
  CHECK(Image<float>().pixels().empty());
}

TEST_CASE("image: a cutout keeps its place in the parent frame") {
  Image<float> image(Box{10, 20, 5, 5});
  image.at({13, 22}) = 7.0F;
  Image<float> const part = image.cutout(Box{12, 22, 2, 2});
  CHECK(part.bbox() == Box{12, 22, 2, 2});
  CHECK(part(1, 0) == 7.0F);
}

TEST_CASE("pool: a freed plane serves the next, and idle memory stays within the past peak") {
  release_pooled_memory();
  constexpr std::size_t plane = std::size_t{2048} * 1361 * sizeof(float);  // of an SDSS frame
  void const* first = nullptr;
  {
    SharedBuffer const a(plane, true);
    first = a.data();
  }
  CHECK(pooled_bytes() >= plane);
  {
    SharedBuffer b(plane - 1000, false);  // the same size class
    CHECK(b.data() == first);
    CHECK(pooled_bytes() == 0);
    std::memset(b.mutable_data(), 0xff, b.size());
  }
  {
    SharedBuffer const c(plane, true);  // recycled bytes are cleared when asked for
    auto const* bytes = static_cast<unsigned char const*>(c.data());
    CHECK(c.data() == first);
    CHECK(std::all_of(bytes, bytes + plane, [](unsigned char v) { return v == 0; }));
  }
  {
    SharedBuffer const larger(2 * plane, false);  // of another class: the idle plane makes room
    CHECK(pooled_bytes() == 0);
  }
  CHECK(pooled_bytes() >= 2 * plane);
  CHECK(pooled_bytes() < 3 * plane);
  release_pooled_memory();
  CHECK(pooled_bytes() == 0);
}

TEST_CASE("pool: threads that share, write and free buffers do not disturb one another") {
  release_pooled_memory();
  constexpr std::size_t words = 50000;
  SharedBuffer shared(words * sizeof(int), true);
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 1; t <= 8; ++t)
      threads.emplace_back([&wrong, t, shared] {
        for (int round = 0; round < 100; ++round) {
          SharedBuffer mine = shared;
          auto* values = static_cast<int*>(mine.mutable_data());
          if (values[0] != 0 || values[words - 1] != 0) ++wrong;
          std::fill_n(values, words, t);
          SharedBuffer const kept = mine;
          std::fill_n(static_cast<int*>(mine.mutable_data()), words, -t);
          if (static_cast<int const*>(kept.data())[words / 2] != t) ++wrong;
        }
      });
  }
  CHECK(wrong == 0);
  CHECK_FALSE(shared.shared());
  release_pooled_memory();
}
