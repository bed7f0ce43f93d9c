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
// place that sees all.
#if defined(__has_feature)  // clang's way to say what g++ says by __SANITIZE_ADDRESS__
#if __has_feature(thread_sanitizer)
#define EIGENCODER_THREADS_SANITIZED
#elif __has_feature(address_sanitizer)
#define EIGENCODER_SANITIZED
#endif
#elif defined(__SANITIZE_THREAD__)
#define EIGENCODER_THREADS_SANITIZED
#elif defined(__SANITIZE_ADDRESS__)
#define EIGENCODER_SANITIZED
#endif
#if defined(EIGENCODER_THREADS_SANITIZED)  // its operator new cannot be replaced: nothing is counted or refused
const bool allocations::counted = false, allocations::refusing = false;
#elif defined(__GLIBC__) && !defined(EIGENCODER_SANITIZED)
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t size) { return refuses() ? nullptr : __libc_malloc(size); }
void* calloc(std::size_t count, std::size_t size) { return refuses() ? nullptr : __libc_calloc(count, size); }
void* realloc(void* memory, std::size_t size) { return refuses() ? nullptr : __libc_realloc(memory, size); }
void* memalign(std::size_t alignment, std::size_t size) { return refuses() ? nullptr : __libc_memalign(alignment, size); }
void* aligned_alloc(std::size_t alignment, std::size_t size) { return memalign(alignment, size); }
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
  *memory = memalign(alignment, size);
  return *memory ? 0 : ENOMEM;
}
}
const bool allocations::counted = true, allocations::refusing = true;
#else
static void* taken(std::size_t size, std::size_t alignment) noexcept {
  if (refuses()) return nullptr;
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
const bool allocations::counted = false, allocations::refusing = true;
#endif

long allocations::count() { return asked; }
void allocations::refuse(long n) {
  was_refused = false;
  left = n;
}
bool allocations::refused() { return was_refused; }
