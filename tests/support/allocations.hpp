// SPDX-License-Identifier: MIT
#pragma once

/// What this process asks the heap for, from any thread, where the program links allocations.cpp.
namespace allocations {

/// How often so far. Counts where the program has glibc, but not under the thread sanitizer; under others what its own code asks for,
/// without what C libraries take.
long count();
extern const bool counted;

/// The n-th request from now on finds no memory, n = 1, 2, …; with 0 every one does. Where malloc cannot be counted, requests
/// are those of operator new: all but Eigen's matrices.
void refuse(long n);
/// Whether it has come to that.
bool refused();
/// Whether any can be refused: not under the thread sanitizer.
extern const bool refusing;

}  // namespace allocations
