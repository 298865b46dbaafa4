#pragma once

#include <cstddef>

namespace almagest {

/// Bytes shared copy-on-write: copying shares them, asking for mutable bytes copies them when they
/// are shared.
///
/// The memory is 64-byte aligned and comes from a pool in libalmagest, which also takes it back, so
/// that a buffer may be filled in one library and freed in another.
class SharedBuffer {
 public:
  SharedBuffer() noexcept = default;
  /// \param zeroed  false leaves the bytes uninitialised
  SharedBuffer(std::size_t bytes, bool zeroed);
  SharedBuffer(SharedBuffer const& other) noexcept;
  SharedBuffer(SharedBuffer&& other) noexcept : block_(other.block_) { other.block_ = nullptr; }
  SharedBuffer& operator=(SharedBuffer other) noexcept {
    Block* const mine = block_;
    block_ = other.block_;
    other.block_ = mine;
    return *this;
  }
  ~SharedBuffer();

  std::size_t size() const noexcept;
  void const* data() const noexcept;
  void* mutable_data();  ///< makes this the only owner first
  bool shared() const noexcept;

 private:
  struct Block;
  Block* block_ = nullptr;
};

/// Bytes that the pool holds for reuse; the pool keeps at most what max_in_flight frames need.
std::size_t pooled_bytes() noexcept;
/// Gives the pool's idle memory back to the system.
void release_pooled_memory() noexcept;

}  // namespace almagest
