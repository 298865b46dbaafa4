#include "almagest/instruction_set.hpp"

#include <cstdlib>
#include <string_view>

namespace almagest {

bool use_avx2() noexcept {
#if defined(__x86_64__)
  static bool const use = [] {
    char const* const wanted = std::getenv("ALMAGEST_ISA");
    return __builtin_cpu_supports("avx2") && !(wanted && std::string_view(wanted) == "baseline");
  }();
  return use;
#else
  return false;
#endif
}

}  // namespace almagest
