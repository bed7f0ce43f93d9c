// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <eigencoder/kernels/packet.hpp>

/// What this machine can do, measured in this process, so that every figure beside it is a ratio.
namespace machine {

/// Multiply-adds of one core in flop/s: independent chains in registers and nothing else, the best of several short runs.
template <class T>
double peak() {
  using P = eigencoder::kernels::Packet<T>;
  static const double best = [] {
    constexpr int chains = 12, rounds = 20'000;
    double most = 0;
    for (int run = 0; run < 40; ++run) {
      P sum[chains];
      for (int c = 0; c < chains; ++c) sum[c] = P(c + run);  // no two alike, or the compiler makes them one
      const P factor(0.999), term(1e-3);
      const auto start = std::chrono::steady_clock::now();
      for (int i = 0; i < rounds; ++i) {
#pragma GCC unroll 16
        for (int c = 0; c < chains; ++c) sum[c] = multiply_add(sum[c], factor, term);
      }
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      T all = 0;
      for (const P& s : sum) all += s.sum();
      volatile T sink = all;  // or the compiler leaves the work out
      static_cast<void>(sink);
      most = std::max(most, 2.0 * chains * rounds * static_cast<double>(P::size) / seconds);
    }
    return most;
  }();
  return best;
}

}  // namespace machine
