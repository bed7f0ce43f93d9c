// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#ifdef __GLIBC__
#include <pthread.h>
#endif

/// While one lives, the system gives no thread: each is to have a stack larger than any address space.
class NoThreads {
 public:
#ifdef __GLIBC__
  static constexpr bool possible = true;
  NoThreads() { set(std::size_t{1} << 56); }
  ~NoThreads() { set(before_); }

 private:
  void set(std::size_t size) {
    pthread_attr_t attributes;
    pthread_getattr_default_np(&attributes);
    std::size_t found = 0;
    pthread_attr_getstacksize(&attributes, &found);
    if (before_ == 0) before_ = found;
    pthread_attr_setstacksize(&attributes, size);
    pthread_setattr_default_np(&attributes);
    pthread_attr_destroy(&attributes);
  }
  std::size_t before_ = 0;
#else
  static constexpr bool possible = false;  // glibc's default for threads is what others do not let a program set
#endif
};
