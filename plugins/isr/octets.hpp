#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "vectorised.hpp"

/// Rows of pixels, eight at a time.
namespace isr {

/// The count of a whole octet.
inline constexpr std::integral_constant<std::size_t, lanes> whole;

/// Whether a comparison holds in any lane.
ISR_INLINE inline bool any(IntOctet const& condition) noexcept {
  using Words = std::int64_t __attribute__((vector_size(32)));
  Words const words = reinterpret_cast<Words>(condition);
  return ((words[0] | words[1]) | (words[2] | words[3])) != 0;
}

/// Where a value is neither NaN nor infinite.
ISR_INLINE inline void finite(Octet const& value, IntOctet& condition) noexcept {
  condition = (value - value) == 0.0F;
}

/// Calls body(x, count) for the pixels x … x + count − 1 of a row of n; `count` is a constant 8 but
/// at the row's end. The body is a lambda marked ISR_INLINE.
template <class Body>
void by_octets(std::size_t n, Body const& body) {
  vectorised([&]() ISR_INLINE {
    std::size_t x = 0;
    for (; x + lanes <= n; x += lanes) body(x, whole);
    if (x < n) body(x, n - x);
  });
}

}  // namespace isr
