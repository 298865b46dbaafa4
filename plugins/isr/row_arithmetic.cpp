#include "row_arithmetic.hpp"

#include <cstddef>

#include "octets.hpp"

namespace isr {
using almagest::MaskPixel;

void subtract(std::span<float> row, float level) {
  by_octets(row.size(), [&](std::size_t x, auto count) ISR_INLINE {
    Octet value;
    load(value, &row[x], count);
    store(value - level, &row[x], count);
  });
}

void subtract(std::span<float> row, std::span<float const> other) {
  by_octets(row.size(), [&](std::size_t x, auto count) ISR_INLINE {
    Octet value, less;
    load(value, &row[x], count);
    load(less, &other[x], count);
    store(value - less, &row[x], count);
  });
}

void multiply(std::span<float> row, float factor) {
  by_octets(row.size(), [&](std::size_t x, auto count) ISR_INLINE {
    Octet value;
    load(value, &row[x], count);
    store(value * factor, &row[x], count);
  });
}

bool any_at_least(std::span<float const> row, float level) {
  bool found = false;
  vectorised([&]() ISR_INLINE {
    IntOctet reached{};
    std::size_t x = 0;
    for (; x + lanes <= row.size(); x += lanes) {
      Octet value;
      load(value, &row[x], whole);
      reached |= value >= level;
    }
    found = any(reached);
    for (; x < row.size(); ++x) found |= row[x] >= level;
  });
  return found;
}

void flag_at_least(std::span<float const> row, float level, MaskPixel bit,
                   std::span<MaskPixel> mask) {
  by_octets(row.size(), [&](std::size_t x, auto count) ISR_INLINE {
    Octet value;
    IntOctet pixels;
    load(value, &row[x], count);
    load(pixels, &mask[x], count);
    store(pixels | ((value >= level) & bit), &mask[x], count);
  });
}

bool any_not_finite(std::span<float const> row) {
  bool found = false;
  vectorised([&]() ISR_INLINE {
    IntOctet all{-1, -1, -1, -1, -1, -1, -1, -1};
    for (std::size_t x = 0; x + lanes <= row.size(); x += lanes) {
      Octet value;
      load(value, &row[x], whole);
      IntOctet good;
      finite(value, good);
      all &= good;
    }
    found = any(~all);
    for (std::size_t x = row.size() / lanes * lanes; x < row.size(); ++x)
      found |= !(row[x] - row[x] == 0.0F);
  });
  return found;
}

}  // namespace isr
