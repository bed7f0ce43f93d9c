// SPDX-License-Identifier: MIT
#pragma once

#include "interval.hpp"
#include "kernel_lists.hpp"
#include "operands.hpp"

// Kernels of the component, level against level: whatever the sizes, strides, alignments and values, among them NaN and ±∞,
// each level that this processor has gives what the baseline gives, or what the equation says, within the rounding of sums as
// deep as these, and touches nothing beside its operands. A file has the cases of a group of src/kernel_lists.hpp.
namespace fuzz {

/// Draws the operands of a kernel from the fuzzer's bytes, runs it at each level and compares: `static void run(Choices&)`. A
/// kernel of the lists without one does not compile.
template <class Kernel>
struct Case;

/// The case of one of a group's kernels.
template <class... Kernels>
void run_one_of(kernels::TypeList<Kernels...>, Choices& choices) {
  constexpr std::array<void (*)(Choices&), sizeof...(Kernels)> cases{&Case<Kernels>::run...};
  cases[static_cast<std::size_t>(choices.from(0, static_cast<Index>(cases.size()) - 1))](choices);
}

/// What kernels are launched at.
inline ec::Simd level = ec::Simd::baseline;

inline bool has(ec::Simd wanted) {
#if EIGEN_ARCH_x86_64
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512vl");
  return wanted == ec::Simd::v4 ? v4 : v3;
#else
  return wanted == ec::Simd::baseline;
#endif
}

constexpr double untouched = -1;

/// run(output) at the baseline and at each other level of this processor, then check(output). The output begins as begin(i)
/// says, and is as before where keeps(i).
template <class T>
void at_each_level(const char* kernel, Choices choices, Index size, const auto& begin, const auto& run, const auto& keeps,
                   const auto& check) {
  for (const ec::Simd now : {ec::Simd::baseline, ec::Simd::v3, ec::Simd::v4}) {
    if (now != ec::Simd::baseline && !has(now)) continue;
    level = now;
    Memory<T> output(choices, size);
    output.fill(begin);
    run(output.data());
    for (Index i = 0; i < size; ++i) {
      if (!keeps(i) || output.data()[i] == begin(i)) continue;
      std::fprintf(stderr, "%s writes between its outputs at %s\n", kernel, name(level).data());
      std::abort();
    }
    check(static_cast<const T*>(output.data()));
  }
}

/// Every level is as close to the baseline as bound(i), how far a value may lie from the exact one, or `untouched`, allows.
template <class T>
void compare(const char* kernel, Choices choices, Index size, const auto& begin, const auto& run, const auto& bound) {
  std::vector<T> expected;
  const auto check = [&](const T* output) {
    if (level == ec::Simd::baseline) return expected.assign(output, output + size);
    for (Index i = 0; i < size; ++i) {
      const T baseline = expected[static_cast<std::size_t>(i)], found = output[i];
      if ((std::isnan(baseline) && std::isnan(found)) || baseline == found) continue;
      const double apart = std::abs(static_cast<double>(baseline) - static_cast<double>(found)), allowed = 2 * bound(i);
      if (std::isfinite(allowed) && apart <= allowed) continue;
      std::fprintf(stderr, "%s of %zu bytes at %td: %s has %.9g, the baseline %.9g, %g apart; %g allowed\n", kernel, sizeof(T),
                   i, name(level).data(), static_cast<double>(found), static_cast<double>(baseline), apart, allowed);
      std::abort();
    }
  };
  at_each_level<T>(
      kernel, choices, size, begin, run, [&](Index i) { return bound(i) == untouched; }, check);
}

/// Every level lies within expected(i), an interval.
template <class T>
void verify(const char* kernel, Choices choices, Index size, const auto& begin, const auto& run, const auto& expected) {
  std::vector<decltype(expected(Index{}))> intervals;
  for (Index i = 0; i < size; ++i) intervals.push_back(expected(i));
  const auto check = [&](const T* output) {
    for (Index i = 0; i < size; ++i) {
      const auto& interval = intervals[static_cast<std::size_t>(i)];
      if (interval.contains(static_cast<double>(output[i]))) continue;
      std::fprintf(stderr, "%s of %zu bytes at %td: %s has %.17g, expected from %.17g to %.17g%s\n", kernel, sizeof(T), i,
                   name(level).data(), static_cast<double>(output[i]), interval.low, interval.high,
                   interval.nan ? ", or NaN" : "");
      std::abort();
    }
  };
  at_each_level<T>(
      kernel, choices, size, begin, run, [](Index) { return false; }, check);
}

template <class T>
T fresh(Index) {
  return margin<T>;
}

/// |result − exact| for a sum of so many products, whose absolute values add up to `magnitude`: the same for each level.
template <class T>
double rounding(Index depth, double magnitude) {
  using Limits = std::numeric_limits<T>;
  const auto terms = static_cast<double>(depth + 8);
  return terms * (static_cast<double>(Limits::epsilon()) * magnitude + static_cast<double>(Limits::denorm_min()));
}

/// What an activation, or the product with a derivative of one at a y within ±1, makes of a value that is `magnitude` at most
/// and lies within `bound` of the exact one. None of them is steeper than 1.2, no such derivative greater than 2.
template <class T>
double after_function(double bound, double magnitude) {
  return 2.2 * bound + 64 * static_cast<double>(std::numeric_limits<T>::epsilon()) * (1 + magnitude);
}

template <class T>
double absolute(T value) {
  return std::abs(static_cast<double>(value));
}

/// use(f) for an activation, by number: the last of each kind; those behind `with_derivative` have slopes at the input.
inline constexpr Index last_activation = 9, with_derivative = 7;
template <class Use>
void with_activation(Index number, Use use) {
  switch (number) {
    case 0:
      return use(ec::NoActivation{});
    case 1:
      return use(ec::ReLU{});
    case 2:
      return use(ec::LeakyReLU{0.125});
    case 3:
      return use(ec::ELU{});
    case 4:
      return use(ec::Sigmoid{});
    case 5:
      return use(ec::Tanh{});
    case 6:
      return use(ec::Softplus{});
    case 7:
      return use(ec::Softsign{});
    case 8:
      return use(ec::SiLU{});
    default:
      return use(ec::GELU{});
  }
}

inline ec::Axis axis(Choices& choices) {
  const Index pixels = choices.from(1, 14), taps = choices.from(1, 5), stride = choices.from(1, 3),
              dilation = choices.from(1, 3);
  return {pixels, taps, stride, dilation, choices.yes() ? ec::Padding::same : ec::Padding::valid};
}

}  // namespace fuzz
