// SPDX-License-Identifier: MIT
#include <vector>

#include "golden/golden.hpp"
#include "support/catch.hpp"
#include <eigencoder/kernels/channels.hpp>

namespace kernels = eigencoder::kernels;
using eigencoder::Index;

namespace {

/// Small whole numbers, so that every sum is exact, in any order.
template <class T>
std::vector<T> numbers(Index n, std::uint64_t stream) {
  Eigen::Matrix<T, Eigen::Dynamic, 1> values(n);
  golden::fill(stream, 8, -4, values);
  values = values.array().floor();
  return {values.data(), values.data() + n};
}

/// The sums' totals go to sums[c] and sums[channels + c].
auto add_to(double* sums, Index channels) {
  return [=](Index c, double a, double b) { sums[c] += a, sums[channels + c] += b; };
}

template <class T, class Check>
void on_sizes(Check check) {
  for (const Index channels : {1, 2, 3, 5, 15, 16, 17, 32, 33, 64, 100, 255, 256, 257, 511, 512, 513, 784, 1030}) {
    for (const Index pixels : {1, 2, 3, 7, 16, 17, 31, 127, 128, 129, 300}) {
      CAPTURE(channels, pixels);
      check(channels, channels * pixels);
    }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("channels: a function with a value for every channel, in place too", "", float, double) {
  using T = TestType;
  on_sizes<T>([](Index channels, Index n) {
    const auto scale = numbers<T>(channels, 1), shift = numbers<T>(channels, 2), x = numbers<T>(n, 3);
    std::vector<T> expected(x.size() + 20, T(-77)), found = x;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::size_t c = i % scale.size();
      expected[i] = scale[c] * x[i] + shift[c];
    }
    found.resize(expected.size(), T(-77));
    kernels::transform_channels(channels, n, found.data(), kernels::Affine<eigencoder::NoActivation>{},
                                std::array{scale.data(), shift.data()}, found.data());
    CHECK(found == expected);
  });
}

TEMPLATE_TEST_CASE("channels: two sums for every channel, in parts", "", float, double) {
  using T = TestType;
  on_sizes<T>([](Index channels, Index n) {
    const auto shift = numbers<T>(channels, 2), x = numbers<T>(n, 3), y = numbers<T>(n, 4);
    std::vector<double> expected(2 * shift.size()), found = expected;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::size_t c = i % shift.size();
      expected[c] += static_cast<double>(x[i] - shift[c]);
      expected[shift.size() + c] += static_cast<double>((x[i] - shift[c]) * y[i]);
    }
    kernels::sum_channels(
        channels, n, add_to(found.data(), channels),
        [](auto s, auto a, auto b) {
          return std::array{a - s, (a - s) * b};
        },
        std::array{shift.data()}, x.data(), y.data());
    CHECK(found == expected);
  });
}

TEMPLATE_TEST_CASE("channels: sums without a value for every channel; lanes beyond the end stay out", "", float, double) {
  using T = TestType;
  on_sizes<T>([](Index channels, Index n) {
    const auto x = numbers<T>(n, 3);
    std::vector<double> expected(static_cast<std::size_t>(2 * channels)), found = expected;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::size_t c = i % static_cast<std::size_t>(channels);
      expected[c] += static_cast<double>(x[i] + 1);
      expected[static_cast<std::size_t>(channels) + c] += 2;
    }
    kernels::sum_channels(
        channels, n, add_to(found.data(), channels),
        []<class V>(V v) {
          return std::array{v + V(1), V(2)};
        },
        std::array<const T*, 0>{}, x.data());
    CHECK(found == expected);
  });
}

TEST_CASE("channels: millions of floats add up as in double") {
  constexpr Index n = Index{1} << 22;
  const std::vector<float> tenths(static_cast<std::size_t>(n), 0.1f);
  double sums[4] = {};
  kernels::sum_channels(
      2, n, add_to(sums, 2),
      [](auto v) {
        return std::array{v, v * v};
      },
      std::array<const float*, 0>{}, tenths.data());
  for (const int c : {0, 1}) {
    CHECK(std::abs(sums[c] / (n / 2 * double{0.1f}) - 1) < 1e-6);
    CHECK(std::abs(sums[2 + c] / (n / 2 * double{0.1f} * double{0.1f}) - 1) < 1e-6);
  }
}

TEMPLATE_TEST_CASE("channels: moments of any number of values, and nothing beyond them", "", float, double) {
  using T = TestType;
  for (Index n = 1; n <= 70; ++n) {
    std::vector<T> x = numbers<T>(n, 3);
    for (T& v : x) v += 1000;
    double mean = 0, variance = 0;
    for (const T v : x) mean += static_cast<double>(v) / static_cast<double>(n);
    for (const T v : x) variance += (static_cast<double>(v) - mean) * (static_cast<double>(v) - mean) / static_cast<double>(n);
    x.insert(x.end(), 20, std::numeric_limits<T>::quiet_NaN());
    const auto found = kernels::moments(n, x.data());
    CAPTURE(n);
    CHECK(std::abs(static_cast<double>(found.mean) - mean) < 1e-4);
    CHECK(std::abs(static_cast<double>(found.variance) - variance) < 1e-3);
  }
}
