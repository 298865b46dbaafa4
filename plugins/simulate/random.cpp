#include "random.hpp"

#include <cmath>

namespace simulate {

std::uint64_t stream_seed(std::uint64_t seed, std::string_view purpose) {
  constexpr std::uint64_t prime = 0x100000001b3;
  std::uint64_t hash = 0xcbf29ce484222325;
  for (int byte = 0; byte < 8; ++byte) hash = (hash ^ ((seed >> (8 * byte)) & 0xff)) * prime;
  for (char const c : purpose) hash = (hash ^ static_cast<unsigned char>(c)) * prime;
  return hash;
}

Random::Random(std::uint64_t seed, std::string_view purpose)
    : generator_(stream_seed(seed, purpose)) {}

double Random::uniform() {
  return static_cast<double>(generator_() >> 11) * 0x1p-53;
}

double Random::normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  for (;;) {
    double const u = uniform(-1.0, 1.0);
    double const v = uniform(-1.0, 1.0);
    double const s = u * u + v * v;
    if (s >= 1.0 || s == 0.0) continue;
    double const factor = std::sqrt(-2.0 * std::log(s) / s);
    spare_ = v * factor;
    has_spare_ = true;
    return u * factor;
  }
}

double Random::power_law(double low, double high, double slope) {
  double const bright = std::pow(10.0, slope * low);
  double const faint = std::pow(10.0, slope * high);
  return std::log10(bright + (faint - bright) * uniform()) / slope;
}

}  // namespace simulate
