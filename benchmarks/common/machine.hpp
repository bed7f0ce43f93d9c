// SPDX-License-Identifier: MIT
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <eigencoder/core/simd.hpp>
#include <eigencoder/kernels/packet.hpp>

/// The peak of this machine, measured in this process, so that figures are ratios to it.
namespace machine {

using Clock = std::chrono::steady_clock;

/// Among the lines about the machine that precede the figures.
inline const bool says_kernels = [] {
  benchmark::AddCustomContext("kernels", std::string(eigencoder::name(eigencoder::simd())));
  return true;
}();

inline double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

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
      const auto start = Clock::now();
      for (int i = 0; i < rounds; ++i) {
#pragma GCC unroll 16
        for (int c = 0; c < chains; ++c) sum[c] = multiply_add(factor, term, sum[c]);
      }
      const double seconds = seconds_since(start);
      T all = 0;
      for (const P& s : sum) all += s.sum();
      benchmark::DoNotOptimize(all);
      most = std::max(most, 2.0 * chains * rounds * static_cast<double>(P::size) / seconds);
    }
    return most;
  }();
  return best;
}

/// Bytes a second at which one core reads `count` scalars over and over, wherever they then are: the best of several runs.
template <class T>
double read_rate(const T* from, std::ptrdiff_t count) {
  using P = eigencoder::kernels::Packet<T>;
  constexpr std::ptrdiff_t sums = 8, stride = sums * P::size;
  const std::ptrdiff_t rounds = std::max<std::ptrdiff_t>(1, 20'000'000 / (count + 1) / 8);
  double most = 0;
  for (int run = 0; run < 20; ++run) {
    P sum[sums];
    for (P& s : sum) s = P(0);
    const auto start = Clock::now();
    for (std::ptrdiff_t round = 0; round < rounds; ++round) {
      for (std::ptrdiff_t i = 0; i + stride <= count; i += stride) {
#pragma GCC unroll 16
        for (std::ptrdiff_t k = 0; k < sums; ++k) sum[k] = sum[k] + P::load(from + i + k * P::size);
      }
      benchmark::ClobberMemory();
    }
    const double seconds = seconds_since(start);
    for (const P& s : sum) benchmark::DoNotOptimize(s);
    most = std::max(most, static_cast<double>(rounds * (count / stride * stride)) * sizeof(T) / seconds);
  }
  return most;
}

/// Runs the benchmark's loop. Returns iterations a second of wall time.
template <class Work>
double run(benchmark::State& state, Work work) {
  const auto start = Clock::now();
  for (auto _ : state) work();
  return static_cast<double>(state.iterations()) / seconds_since(start);
}

}  // namespace machine
