#include "fast_random.hpp"

namespace simulate {

namespace {

double density(double x) {
  return std::exp(-0.5 * x * x);
}

/// Where the last layer's rectangle ends and the tail begins, and the area of every layer
/// (Marsaglia & Tsang 2000, for 256 layers).
constexpr double tail = 3.6541528853610088;
constexpr double area = 0.00492867323399;

std::uint64_t split_mix(std::uint64_t& state) {
  std::uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace

FastRandom::Ziggurat::Ziggurat() {
  x[0] = area / density(tail);  // as wide as the last layer and its tail have area
  x[1] = tail;
  for (std::size_t i = 2; i < 256; ++i)
    x[i] = std::sqrt(-2.0 * std::log(area / x[i - 1] + density(x[i - 1])));
  x[256] = 0.0;
  for (std::size_t i = 0; i < 257; ++i) y[i] = density(x[i]);
}

FastRandom::Ziggurat const FastRandom::ziggurat;

FastRandom::FastRandom(std::uint64_t stream, std::uint64_t part) {
  std::uint64_t state = stream ^ (part * 0xd1342543de82ef95);
  for (std::uint64_t& word : state_) word = split_mix(state);
}

double FastRandom::normal_outside(std::size_t layer, double x, double u) noexcept {
  for (;;) {
    if (layer == 0) {
      // Beyond the last rectangle: Marsaglia's tail (1964).
      double a, b;
      do {
        a = -std::log(1.0 - uniform()) / tail;
        b = -std::log(1.0 - uniform());
      } while (2.0 * b < a * a);
      return u < 0 ? -(tail + a) : tail + a;
    }
    double const low = ziggurat.y[layer];
    if (low + uniform() * (ziggurat.y[layer + 1] - low) < density(x)) return x;
    std::uint64_t const b = bits();
    layer = static_cast<std::size_t>(b & 0xff);
    u = static_cast<double>(static_cast<std::int64_t>(b) >> 9) * 0x1p-54;
    x = u * ziggurat.x[layer];
    if (std::abs(x) < ziggurat.x[layer + 1]) return x;
  }
}

double FastRandom::few(double mean) noexcept {
  // Knuth: uniforms are multiplied until they fall below exp(−mean).
  double const limit = std::exp(-mean);
  double product = uniform();
  int count = 0;
  while (product > limit) {
    product *= uniform();
    ++count;
  }
  return count;
}

}  // namespace simulate
