#include "almagest/shared_buffer.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <mutex>
#include <new>

namespace almagest {
namespace {

constexpr std::size_t alignment = 64;  // a cache line, and the widest vector register

/// Keeps the memory of freed planes for the next frame: a plane from the system comes page by
/// page, each page a fault and a clearing, which costs as much as the work on it.
///
/// Bounded by its own history: live and idle bytes together never exceed the most that were live at
/// once, so the pool does not raise the peak memory of a run.
class Pool {
 public:
  constexpr Pool() = default;

  /// What allocate() gives for so many bytes: a multiple of the alignment, and above
  /// `smallest_pooled` one of eight sizes per power of two (at most 12.5 % more than asked for).
  static std::size_t capacity(std::size_t bytes) noexcept {
    std::size_t const step =
        bytes < smallest_pooled ? alignment : std::bit_floor(bytes) / sizes_per_power;
    return (bytes + step - 1) / step * step;
  }

  void* allocate(std::size_t capacity) {
    if (capacity >= smallest_pooled)
      if (void* const idle = take(capacity)) return idle;
    void* const memory = std::aligned_alloc(alignment, capacity);
    if (!memory) {
      if (capacity >= smallest_pooled) count_freed(capacity);
      throw std::bad_alloc();
    }
    return memory;
  }

  void deallocate(void* memory, std::size_t capacity) noexcept {
    if (capacity < smallest_pooled) return std::free(memory);
    std::lock_guard const lock(mutex_);
    Idle*& list = idle_[index(capacity)];
    list = std::construct_at(static_cast<Idle*>(memory), Idle{list, capacity});
    live_bytes_ -= capacity;
    idle_bytes_ += capacity;
  }

  std::size_t idle_bytes() noexcept {
    std::lock_guard const lock(mutex_);
    return idle_bytes_;
  }

  void clear() noexcept {
    std::lock_guard const lock(mutex_);
    shrink_to(0);
    peak_bytes_ = live_bytes_;
  }

 private:
  /// Below this malloc recycles memory as well as we could.
  static constexpr std::size_t smallest_pooled = std::size_t{64} << 10;
  static constexpr std::size_t sizes_per_power = 8;

  /// What an idle piece of memory holds.
  struct Idle {
    Idle* next;
    std::size_t capacity;
  };

  static std::size_t index(std::size_t capacity) noexcept {
    std::size_t const power = std::bit_floor(capacity);
    return static_cast<std::size_t>(std::countr_zero(power)) * sizes_per_power +
           (capacity - power) / (power / sizes_per_power);
  }

  /// Counts the bytes as live. \returns idle memory of that capacity, or nullptr
  void* take(std::size_t capacity) noexcept {
    std::lock_guard const lock(mutex_);
    live_bytes_ += capacity;
    Idle*& list = idle_[index(capacity)];
    if (Idle* const taken = list) {
      list = taken->next;
      idle_bytes_ -= capacity;
      return taken;
    }
    peak_bytes_ = std::max(peak_bytes_, live_bytes_);
    shrink_to(peak_bytes_ - live_bytes_);  // room for what the system will now give
    return nullptr;
  }

  void count_freed(std::size_t capacity) noexcept {
    std::lock_guard const lock(mutex_);
    live_bytes_ -= capacity;
  }

  /// Frees idle memory, largest pieces first, until at most `bytes` of it are left.
  void shrink_to(std::size_t bytes) noexcept {
    for (std::size_t i = idle_.size(); i-- > 0 && idle_bytes_ > bytes;)
      while (idle_[i] && idle_bytes_ > bytes) {
        Idle* const freed = idle_[i];
        idle_[i] = freed->next;
        idle_bytes_ -= freed->capacity;
        std::free(freed);
      }
  }

  std::mutex mutex_;
  std::array<Idle*, std::numeric_limits<std::size_t>::digits * sizes_per_power> idle_{};
  std::size_t idle_bytes_ = 0;
  std::size_t live_bytes_ = 0;
  std::size_t peak_bytes_ = 0;
};

// One for the process, as the header promises. Its destructor does nothing, so that buffers may be
// freed after main() has returned.
constinit Pool pool;
static_assert(std::is_trivially_destructible_v<Pool>);

}  // namespace

/// Stands before the bytes of a buffer and fills one line, so that the bytes are aligned too.
struct alignas(alignment) SharedBuffer::Block {
  std::atomic<std::size_t> owners{1};
  std::size_t bytes;     ///< as asked for
  std::size_t capacity;  ///< as allocated, with this header

  static Block* make(std::size_t bytes) {
    if (bytes > std::numeric_limits<std::size_t>::max() / 2) throw std::bad_alloc();
    std::size_t const capacity = Pool::capacity(sizeof(Block) + bytes);
    return std::construct_at(static_cast<Block*>(pool.allocate(capacity)), bytes, capacity);
  }
  Block(std::size_t bytes_, std::size_t capacity_) noexcept : bytes(bytes_), capacity(capacity_) {}

  std::byte* data() noexcept { return reinterpret_cast<std::byte*>(this + 1); }

  /// Acquires: what former owners did with the bytes happened before the only one left writes them.
  bool has_one_owner() const noexcept { return owners.load(std::memory_order_acquire) == 1; }
  void share() noexcept { owners.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (owners.fetch_sub(1, std::memory_order_acq_rel) == 1) pool.deallocate(this, capacity);
  }
};

SharedBuffer::SharedBuffer(std::size_t bytes, bool zeroed) {
  if (bytes == 0) return;
  block_ = Block::make(bytes);
  if (zeroed) std::memset(block_->data(), 0, bytes);
}

SharedBuffer::SharedBuffer(SharedBuffer const& other) noexcept : block_(other.block_) {
  if (block_) block_->share();
}

SharedBuffer::~SharedBuffer() {
  if (block_) block_->release();
}

std::size_t SharedBuffer::size() const noexcept {
  return block_ ? block_->bytes : 0;
}
void const* SharedBuffer::data() const noexcept {
  return block_ ? block_->data() : nullptr;
}
bool SharedBuffer::shared() const noexcept {
  return block_ && !block_->has_one_owner();
}

void* SharedBuffer::mutable_data() {
  if (!block_) return nullptr;
  if (!block_->has_one_owner()) {
    Block* const copy = Block::make(block_->bytes);
    std::memcpy(copy->data(), block_->data(), block_->bytes);
    block_->release();
    block_ = copy;
  }
  return block_->data();
}

std::size_t pooled_bytes() noexcept {
  return pool.idle_bytes();
}
void release_pooled_memory() noexcept {
  pool.clear();
}

}  // namespace almagest
