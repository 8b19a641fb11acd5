#include <sys/mman.h>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

// The simulator's heap: a quarter of a schedule's time went into malloc and free. Small objects come from blocks of one size each and go
// back to a list of their size; nothing is ever returned to the system, and there is one thread. Not for anything but `simulate`.
namespace {

constexpr size_t kGrain = 16;
constexpr size_t kLargest = 1024;
constexpr size_t kBlock = 64 << 10;
constexpr size_t kArena = size_t{4} << 30;  // reserved; what is not used costs nothing

struct Free {
  Free* next;
};

std::byte* arena = nullptr;
size_t used = 0;
std::array<Free*, kLargest / kGrain + 1> lists{};
std::array<uint8_t, kArena / kBlock> size_class{};

void* carve(size_t grains) {
  if (arena == nullptr) {
    void* got = mmap(nullptr, kArena, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (got == MAP_FAILED) std::abort();
    arena = static_cast<std::byte*>(got);
  }
  if (used + kBlock > kArena) std::abort();
  std::byte* block = arena + used;
  size_class[used / kBlock] = static_cast<uint8_t>(grains);
  used += kBlock;
  const size_t size = grains * kGrain;
  for (size_t at = size; at + size <= kBlock; at += size) lists[grains] = new (block + at) Free{lists[grains]};
  return block;
}

bool is_small(const void* p) {
  return arena != nullptr && p >= arena && p < arena + used;
}

}  // namespace

void* operator new(size_t size) {
  const size_t grains = (size + kGrain - 1) / kGrain + (size == 0);
  if (grains > kLargest / kGrain) {
    if (void* large = std::malloc(size)) return large;
    std::abort();
  }
  Free* first = lists[grains];
  if (first == nullptr) return carve(grains);
  lists[grains] = first->next;
  return first;
}

void operator delete(void* p) noexcept {
  if (!is_small(p)) return std::free(p);
  const size_t grains = size_class[static_cast<size_t>(static_cast<std::byte*>(p) - arena) / kBlock];
  lists[grains] = new (p) Free{lists[grains]};
}

void operator delete(void* p, size_t) noexcept {
  operator delete(p);
}
