// SPDX-License-Identifier: MIT
// Ends the program that asks for memory, whoever in it does.
#include <cstddef>
#include <cstdlib>

extern "C" {
void* malloc(std::size_t) { std::abort(); }
void* calloc(std::size_t, std::size_t) { std::abort(); }
void* realloc(void*, std::size_t) { std::abort(); }
void* aligned_alloc(std::size_t, std::size_t) { std::abort(); }
void* memalign(std::size_t, std::size_t) { std::abort(); }
int posix_memalign(void**, std::size_t, std::size_t) { std::abort(); }
void free(void* memory) {
  if (memory) std::abort();
}
}
