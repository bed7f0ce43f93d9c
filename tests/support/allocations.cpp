// SPDX-License-Identifier: MIT
#include "support/allocations.hpp"

#include <atomic>
#include <cerrno>
#include <cstddef>

static std::atomic<long> asked{0};

// Eigen takes memory with malloc and with operator new, libstdc++ with operator new, which calls malloc: glibc's doors are the one
// place that sees all.
#if defined(__has_feature)  // clang's way to say what g++ says by __SANITIZE_ADDRESS__
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define EIGENCODER_SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define EIGENCODER_SANITIZED
#endif
#if defined(__GLIBC__) && !defined(EIGENCODER_SANITIZED)
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t size) {
  ++asked;
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  ++asked;
  return __libc_calloc(count, size);
}
void* realloc(void* memory, std::size_t size) {
  ++asked;
  return __libc_realloc(memory, size);
}
void* memalign(std::size_t alignment, std::size_t size) {
  ++asked;
  return __libc_memalign(alignment, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) { return memalign(alignment, size); }
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
  *memory = memalign(alignment, size);
  return *memory ? 0 : ENOMEM;
}
}
const bool allocations::counted = true;
#else
const bool allocations::counted = false;
#endif

long allocations::count() { return asked; }
