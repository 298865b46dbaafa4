#include "repository/checksum.hpp"

#include <doctest/doctest.h>

#include <random>
#include <set>
#include <vector>

#include "almagest/error.hpp"
#include "toy_repository.hpp"

using namespace almagest;

TEST_CASE("checksum: does not depend on how the bytes arrive") {
  std::mt19937_64 random(1);
  std::vector<std::byte> bytes(1000);
  for (std::byte& b : bytes) b = static_cast<std::byte>(random());
  for (std::size_t size : {0UL, 1UL, 31UL, 32UL, 33UL, 64UL, 999UL, 1000UL}) {
    Checksum whole;
    whole.add({bytes.data(), size});
    Checksum pieces;
    for (std::size_t begin = 0; begin < size;) {
      std::size_t const n = std::min<std::size_t>(1 + random() % 70, size - begin);
      pieces.add({bytes.data() + begin, n});
      begin += n;
    }
    CHECK(whole.value() == pieces.value());
  }
}

TEST_CASE("checksum: every bit and every trailing zero counts") {
  std::vector<std::byte> bytes(70, std::byte{0});
  std::set<std::uint64_t> seen;
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    Checksum sum;
    sum.add({bytes.data(), size});
    seen.insert(sum.value());
  }
  CHECK(seen.size() == 71);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    bytes[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    Checksum sum;
    sum.add(bytes);
    seen.insert(sum.value());
    bytes[bit / 8] = std::byte{0};
  }
  CHECK(seen.size() == 71 + 560);
}

TEST_CASE("checksum: text hashes are BLAKE2b of 128 bits") {
  // python3 -c "import hashlib; print(hashlib.blake2b(b'abc', digest_size=16).hexdigest())"
  CHECK(text_hash("abc") == "cf4ab791c62b8d2b2109c90275287816");
  CHECK(text_hash("") == "cae66941d9efbd404e4d88758ea67670");
}

TEST_CASE("checksum: of a file; a missing one is named") {
  toy::Directory const directory;
  toy::write_file(directory.path() / "a", "content");
  toy::write_file(directory.path() / "b", "content");
  CHECK(file_checksum(directory.path() / "a") == file_checksum(directory.path() / "b"));
  CHECK_THROWS_AS(file_checksum(directory.path() / "c"), NotFoundError);
  CHECK_THROWS_AS(file_checksum(directory.path()), DataError);
}
