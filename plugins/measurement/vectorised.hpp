#pragma once

#include "almagest/instruction_set.hpp"

/// Loops for the processor at hand.
namespace measurement {

#if defined(__x86_64__)
namespace detail {
template <class Loop>
[[gnu::target("avx2")]] void with_avx2(Loop const& loop) {
  loop();
  // What follows may be compiled for older registers, which must not wait for the wide ones. At
  // -O2 the compiler sees to that itself.
  __builtin_ia32_vzeroupper();
}
}  // namespace detail
#endif

/// Calls loop(), compiled for AVX2 where the processor has it. The loop is a lambda marked
/// `__attribute__((always_inline))`: what is not inlined is compiled for any processor.
///
/// Wider registers change no result: no sum is reordered and nothing is fused. Calls of functions
/// that are not inlined (std::exp) belong outside the loop.
template <class Loop>
void vectorised(Loop const& loop) {
#if defined(__x86_64__)
  if (almagest::use_avx2()) return detail::with_avx2(loop);
#endif
  loop();
}

}  // namespace measurement
