#include "gzip.hpp"

#include <libdeflate.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <new>
#include <vector>

#include "almagest/error.hpp"

namespace simulate {

using almagest::DataError;

namespace {

struct FreeCompressor {
  void operator()(libdeflate_compressor* compressor) const noexcept {
    libdeflate_free_compressor(compressor);
  }
};

/// As one gzip member, whose header has no time and no name.
std::vector<char> compress(std::vector<char> const& bytes) {
  constexpr int fast = 1;
  std::unique_ptr<libdeflate_compressor, FreeCompressor> const compressor(
      libdeflate_alloc_compressor(fast));
  if (!compressor) throw std::bad_alloc();
  std::vector<char> packed(libdeflate_gzip_compress_bound(compressor.get(), bytes.size()));
  packed.resize(libdeflate_gzip_compress(compressor.get(), bytes.data(), bytes.size(),
                                         packed.data(), packed.size()));
  return packed;
}

}  // namespace

void gzip_file(std::filesystem::path const& plain, std::filesystem::path const& compressed) {
  std::ifstream in(plain, std::ios::binary);
  std::vector<char> bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in) throw DataError("cannot read " + plain.string());
  auto const packed = compress(bytes);
  std::ofstream out(compressed, std::ios::binary);
  out.write(packed.data(), static_cast<std::streamsize>(packed.size()));
  out.close();
  if (!out) throw DataError("cannot write " + compressed.string());
  std::filesystem::remove(plain);
}

}  // namespace simulate
