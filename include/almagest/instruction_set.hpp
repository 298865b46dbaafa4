#pragma once

namespace almagest {

/// Whether to run loops compiled for AVX2: the processor has it, and the environment does not say
/// `ALMAGEST_ISA=baseline`, which asks for instructions that every x86-64 has. False on other
/// processors. The same throughout a process: the first call decides.
///
/// Such loops stand beside those for any processor and give the same to the last bit.
bool use_avx2() noexcept;

}  // namespace almagest
