#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "almagest/instruction_set.hpp"

/// Marks the lambda that vectorised() calls, and what that lambda calls.
#define ISR_INLINE __attribute__((always_inline))

/// Loops for the processor at hand.
namespace isr {

/// Eight values at once, spelt out where loops are hot: g++ 12 makes hardly any vector instructions
/// of its own at -O2. Processors without such wide registers take two steps for each.
inline constexpr std::size_t lanes = 8;
using Octet = float __attribute__((vector_size(32)));
using IntOctet = std::int32_t __attribute__((vector_size(32)));

/// Loads `count` values (an integral_constant, or a number below `lanes` at a row's end; the rest
/// becomes 0). Into a reference, because a function cannot return what not every processor has
/// registers for.
template <class Vector, class Value, class Count>
ISR_INLINE inline void load(Vector& to, Value const* from, Count count) noexcept {
  if constexpr (!std::is_same_v<Count, std::integral_constant<std::size_t, lanes>>) to = Vector{};
  std::memcpy(&to, from, sizeof(Value) * count);
}
template <class Vector, class Value, class Count>
ISR_INLINE inline void store(Vector const& from, Value* to, Count count) noexcept {
  std::memcpy(to, &from, sizeof(Value) * count);
}

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
/// ISR_INLINE: what is not inlined is compiled for any processor.
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

}  // namespace isr
