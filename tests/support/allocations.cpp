// SPDX-License-Identifier: MIT
#include "support/allocations.hpp"

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <new>

static std::atomic<long> asked{0}, left{0};
static std::atomic<bool> was_refused{false};

/// Counts a request. Whether it is the one to be refused.
[[maybe_unused]] static bool refuses() {
  ++asked;
  if (left.load(std::memory_order_relaxed) <= 0 || --left != 0) return false;
  was_refused = true;
  errno = ENOMEM;
  return true;
}

// Eigen takes memory with malloc and with operator new, libstdc++ with operator new, which calls malloc: glibc's doors are the one
// place that sees all. Where a sanitizer stands in them, the linker's --wrap leads here what the program itself asks of them.
#if defined(EIGENCODER_NOTHING_COUNTED)  // the thread sanitizer's operator new cannot be replaced
const bool allocations::counted = false, allocations::refusing = false;
#else

#if defined(EIGENCODER_WRAPPED_MALLOC)
#define ASKED(function) __wrap_##function
#define GIVEN(function) __real_##function
#elif defined(__GLIBC__)
#define ASKED(function) function
#define GIVEN(function) __libc_##function
#endif

#ifdef ASKED
extern "C" {
void* GIVEN(malloc)(std::size_t);
void* GIVEN(calloc)(std::size_t, std::size_t);
void* GIVEN(realloc)(void*, std::size_t);
void* GIVEN(memalign)(std::size_t, std::size_t);

void* ASKED(malloc)(std::size_t size) { return refuses() ? nullptr : GIVEN(malloc)(size); }
void* ASKED(calloc)(std::size_t count, std::size_t size) { return refuses() ? nullptr : GIVEN(calloc)(count, size); }
void* ASKED(realloc)(void* memory, std::size_t size) { return refuses() ? nullptr : GIVEN(realloc)(memory, size); }
void* ASKED(memalign)(std::size_t alignment, std::size_t size) { return refuses() ? nullptr : GIVEN(memalign)(alignment, size); }
void* ASKED(aligned_alloc)(std::size_t alignment, std::size_t size) { return ASKED(memalign)(alignment, size); }
int ASKED(posix_memalign)(void** memory, std::size_t alignment, std::size_t size) {
  *memory = ASKED(memalign)(alignment, size);
  return *memory ? 0 : ENOMEM;
}
}
const bool allocations::counted = true;
#else
const bool allocations::counted = false;
#endif
const bool allocations::refusing = true;

#if defined(EIGENCODER_WRAPPED_MALLOC) || !defined(__GLIBC__)
/// malloc sees it where that is counted.
static void* taken(std::size_t size, std::size_t alignment) noexcept {
  if (!allocations::counted && refuses()) return nullptr;
  void* memory = nullptr;
  if (alignment <= alignof(std::max_align_t)) return std::malloc(size > 0 ? size : 1);
  return posix_memalign(&memory, alignment, size) == 0 ? memory : nullptr;
}
static void* taken_or_thrown(std::size_t size, std::size_t alignment) {
  void* const memory = taken(size, alignment);
  if (!memory) throw std::bad_alloc();
  return memory;
}
// All of them: a sanitizer has each of its own, and would find that what one has taken another gives back.
using Alignment = std::align_val_t;
using Null = std::nothrow_t;
void* operator new(std::size_t size) { return taken_or_thrown(size, 1); }
void* operator new[](std::size_t size) { return taken_or_thrown(size, 1); }
void* operator new(std::size_t size, const Null&) noexcept { return taken(size, 1); }
void* operator new[](std::size_t size, const Null&) noexcept { return taken(size, 1); }
void* operator new(std::size_t size, Alignment to) { return taken_or_thrown(size, static_cast<std::size_t>(to)); }
void* operator new[](std::size_t size, Alignment to) { return taken_or_thrown(size, static_cast<std::size_t>(to)); }
void* operator new(std::size_t size, Alignment to, const Null&) noexcept { return taken(size, static_cast<std::size_t>(to)); }
void* operator new[](std::size_t size, Alignment to, const Null&) noexcept { return taken(size, static_cast<std::size_t>(to)); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, Alignment) noexcept { std::free(memory); }
void operator delete[](void* memory, Alignment) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, Alignment) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, Alignment) noexcept { std::free(memory); }
#endif
#endif

long allocations::count() { return asked; }
void allocations::refuse(long n) {
  was_refused = false;
  left = n;
}
bool allocations::refused() { return was_refused; }
