// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include <eigencoder/kernels/draw.hpp>

namespace ec = eigencoder;
namespace kernels = eigencoder::kernels;
using eigencoder::Index;

namespace {

template <class Law, class T>
std::vector<T> draw(Index n, Index sample = 0, const ec::Random& random = {ec::Seed{3}, 1, 2}) {
  std::vector<T> values(static_cast<std::size_t>(n));
  kernels::transform_draws<Law>(random, sample, n, values.data(), kernels::Drawn{});
  return values;
}

/// The mean of f over the draws, in standard deviations from what it should be.
template <class T, class F>
double deviation(const std::vector<T>& draws, double expected, double spread, F f) {
  double sum = 0;
  for (const T v : draws) sum += f(static_cast<double>(v));
  const double n = static_cast<double>(draws.size());
  return std::abs(sum / n - expected) * std::sqrt(n) / spread;
}

/// The correlation of f at elements `apart` from each other, in standard deviations.
template <class T, class F>
double correlation(const std::vector<T>& draws, std::size_t apart, double mean, double variance, F f) {
  double sum = 0;
  for (std::size_t i = 0; i + apart < draws.size(); ++i) {
    sum += (f(static_cast<double>(draws[i])) - mean) * (f(static_cast<double>(draws[i + apart])) - mean);
  }
  return std::abs(sum / variance) / std::sqrt(static_cast<double>(draws.size() - apart));
}

}  // namespace

TEMPLATE_TEST_CASE("draws: moments, bounds and bins of the uniform law", "", float, double) {
  const auto draws = draw<kernels::Uniform, TestType>(1 << 20);
  CHECK(*std::min_element(draws.begin(), draws.end()) >= 0);
  CHECK(*std::max_element(draws.begin(), draws.end()) < 1);
  CHECK(deviation(draws, 0.5, 0.2887, [](double v) { return v; }) < 5);
  CHECK(deviation(draws, 1.0 / 3, 0.2982, [](double v) { return v * v; }) < 5);
  for (int bin = 0; bin < 32; ++bin) {
    CHECK(deviation(draws, 1.0 / 32, 0.174, [=](double v) { return v * 32 >= bin && v * 32 < bin + 1; }) < 5);
  }
}

TEMPLATE_TEST_CASE("draws: moments and tails of the normal law", "", float, double) {
  const auto draws = draw<kernels::Normal, TestType>(1 << 22);
  CHECK(deviation(draws, 0, 1, [](double v) { return v; }) < 5);
  CHECK(deviation(draws, 1, std::sqrt(2.0), [](double v) { return v * v; }) < 5);
  CHECK(deviation(draws, 0, std::sqrt(15.0), [](double v) { return v * v * v; }) < 5);
  CHECK(deviation(draws, 3, std::sqrt(96.0), [](double v) { return v * v * v * v; }) < 5);
  CHECK(deviation(draws, 15, std::sqrt(10'170.0), [](double v) { return std::pow(v, 6); }) < 5);
  for (const double edge : {-3.5, -2.0, -1.0, -0.1, 0.0, 0.5, 1.5, 2.5, 3.0, 4.0}) {
    CAPTURE(edge);
    const double below = 0.5 * std::erfc(-edge / std::sqrt(2.0));
    CHECK(deviation(draws, below, std::sqrt(below * (1 - below)), [=](double v) { return v < edge; }) < 5);
  }
  CHECK(std::all_of(draws.begin(), draws.end(), [](TestType v) { return std::abs(v) < TestType(6.67); }));
  CHECK(std::any_of(draws.begin(), draws.end(), [](TestType v) { return v > TestType(4.5); }));
}

TEST_CASE("draws: neighbours, partners of a pair and samples are independent") {
  const auto itself = [](double v) { return v; };
  const auto square = [](double v) { return v * v; };
  const auto normal = draw<kernels::Normal, double>(1 << 20);
  const auto uniform = draw<kernels::Uniform, double>(1 << 20);
  for (const std::size_t apart : {1U, 2U, 3U, 15U, 16U, 17U, 32U, 48U, 64U, 128U, 784U}) {  // 16: a pair's two
    CAPTURE(apart);
    CHECK(correlation(normal, apart, 0, 1, itself) < 5);
    CHECK(correlation(normal, apart, 1, 2, square) < 5);
    CHECK(correlation(uniform, apart, 0.5, 1.0 / 12, itself) < 5);
  }
  std::vector<double> samples;
  for (Index sample = 0; sample < 10'000; ++sample) {
    const auto few = draw<kernels::Normal, double>(3, sample);
    samples.insert(samples.end(), few.begin(), few.end());
  }
  CHECK(deviation(samples, 1, std::sqrt(2.0), square) < 5);
  for (const std::size_t apart : {1U, 2U, 3U, 6U}) CHECK(correlation(samples, apart, 0, 1, itself) < 5);
}

TEST_CASE("draws: an address alone decides") {
  for (const Index n : {1, 15, 16, 63, 64, 65, 784}) {  // the first n of many
    const auto few = draw<kernels::Normal, float>(n, 5), many = draw<kernels::Normal, float>(1000, 5);
    CHECK(std::equal(few.begin(), few.end(), many.begin()));
  }
  CHECK(draw<kernels::Normal, float>(100, 9) ==
        draw<kernels::Normal, float>(100, 2, {ec::Seed{3}, 1, 2, 7}));  // a shard from 7 on
  for (const ec::Random& other :
       {ec::Random(ec::Seed{4}, 1, 2), ec::Random(ec::Seed{3}, 2, 2), ec::Random(ec::Seed{3}, 1, 3)}) {
    CHECK(draw<kernels::Uniform, float>(10) != draw<kernels::Uniform, float>(10, 0, other));
  }
  CHECK(draw<kernels::Uniform, float>(10, 0) != draw<kernels::Uniform, float>(10, 1));
}

TEST_CASE("draws: element 64 s + 16 w + l is word w of counter 16 s + l; float and double draw alike") {
  const auto floats = draw<kernels::Uniform, float>(300, 6);
  const auto doubles = draw<kernels::Uniform, double>(300, 6);
  for (std::size_t i = 0; i < floats.size(); ++i) {
    const auto word = ec::philox({static_cast<std::uint32_t>(i / 64 * 16 + i % 16), 6, 1, 2}, 3)[i % 64 / 16];
    CHECK(doubles[i] == static_cast<double>(word >> 8) / (1 << 24));
    CHECK(static_cast<double>(floats[i]) == doubles[i]);
  }
  const auto rough = draw<kernels::Normal, float>(10'000);
  const auto fine = draw<kernels::Normal, double>(10'000);
  for (std::size_t i = 0; i < rough.size(); ++i) REQUIRE(std::abs(static_cast<double>(rough[i]) - fine[i]) < 2e-6);
}

TEST_CASE("draws: the normal law is Box and Muller's, of two words") {
  const auto draws = draw<kernels::Normal, double>(640, 6);
  for (std::size_t i = 0; i < draws.size(); ++i) {
    const std::size_t pair = i % 64 / 32, lane = i % 16;
    const auto words = ec::philox({static_cast<std::uint32_t>(i / 64 * 16 + lane), 6, 1, 2}, 3);
    const double length = std::abs(static_cast<double>(static_cast<std::int32_t>(words[2 * pair]))),
                 turn = static_cast<std::int32_t>(words[2 * pair + 1]);
    const double radius = std::sqrt(-2 * std::log(std::max(length * 0x1p-31, 0x1p-32))),
                 angle = 2 * std::acos(-1.0) * turn * 0x1p-32;
    CHECK(std::abs(draws[i] - radius * (i % 32 < 16 ? std::cos(angle) : std::sin(angle))) < 1e-13);
  }
}

#ifdef EIGENCODER_COMPILED_KERNELS

namespace {

/// What the component draws at one level.
template <class Law, class T>
std::vector<T> draw_at(ec::Simd level) {
  using Kernel = kernels::detail::TransformDraws<Law, T, kernels::Drawn, 0>;
  std::vector<T> values(1000);
  const Kernel kernel{{ec::Seed{3}, 1, 2}, 7, static_cast<Index>(values.size()), values.data(), {}, {}};
  kernels::compiled_for<Kernel>(level)(&kernel);
  return values;
}

}  // namespace

TEMPLATE_TEST_CASE("draws: every level of the component draws the same, the normal law but for its rounding", "", float,
                   double) {
  using T = TestType;
  const auto uniform = draw_at<kernels::Uniform, T>(ec::Simd::baseline),
             normal = draw_at<kernels::Normal, T>(ec::Simd::baseline);
  CHECK(uniform == draw<kernels::Uniform, T>(1000, 7));
  for (const ec::Simd level : {ec::Simd::v3, ec::Simd::v4}) {
    if (level > ec::simd()) continue;
    CAPTURE(name(level));
    CHECK(draw_at<kernels::Uniform, T>(level) == uniform);
    const auto here = draw_at<kernels::Normal, T>(level);
    for (std::size_t i = 0; i < here.size(); ++i)
      REQUIRE(std::abs(here[i] - normal[i]) < 16 * std::numeric_limits<T>::epsilon());
  }
}

#endif

TEST_CASE("draws: what is beside the values is not touched") {
  for (Index n = 0; n <= 130; ++n) {
    std::vector<float> values(static_cast<std::size_t>(n) + 20, -77.0f);
    kernels::transform_draws<kernels::Uniform>(
        {}, 0, n, values.data(), [](auto u, auto v) { return u + v; }, values.data());
    CHECK(std::all_of(values.begin(), values.begin() + n, [](float v) { return v >= -77 && v < -76; }));
    CHECK(std::all_of(values.begin() + n, values.end(), [](float v) { return v == -77; }));
  }
}
