// SPDX-License-Identifier: MIT
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "support/catch.hpp"
#include <eigencoder/kernels/bfloat16_convolution.hpp>

// Convolutions in bfloat16 are compared with their definition, in double precision, on factors that the test rounds itself. What a
// kernel writes lies between poison, and so does its scratch memory.
namespace kernels = eigencoder::kernels;
using namespace eigencoder;

namespace {

using Vector = Eigen::VectorXf;

/// To nearest, ties to even, by the bits.
double rounded(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<double>(std::bit_cast<float>((bits + 0x7fffU + (bits >> 16 & 1U)) & 0xffff0000U));
}

Vector random(Index size, unsigned seed) {
  std::mt19937 draw(seed);
  return Vector::NullaryExpr(size, [&] { return 4 * static_cast<float>(draw()) / 4294967296.0F - 2; });
}

/// Memory between two stretches of poison.
struct Poisoned {
  static constexpr Index margin = 40;
  Vector memory;
  explicit Poisoned(Index size) : memory(Vector::Constant(size + 2 * margin, -9876)) {}
  float* data() { return memory.data() + margin; }
  auto inside() { return memory.segment(margin, memory.size() - 2 * margin); }
  bool margins_hold() const { return (memory.head(margin).array() == -9876).all() && (memory.tail(margin).array() == -9876).all(); }
};

/// Σ a · b, and how large its terms are.
struct Sum {
  double value = 0, magnitude = 0;
  Index terms = 0;
  void add(double a, double b) { value += a * b, magnitude += std::abs(a * b), ++terms; }
  /// Every sum of floats is rounded once a term, and a few times more.
  bool within(double result) const {
    return std::abs(result - value) <= (static_cast<double>(terms) + 4) * std::ldexp(1.0, -24) * magnitude;
  }
};

/// Calls f(window, pixel, tap) for all that meet, as the definition has it: indices of first channels, and the tap's number.
template <class F>
void for_each_meeting(const kernels::Correlation& g, Index batch, F f) {
  const auto& [vertical, horizontal, pixel_channels, window_channels] = g;
  for (Index n = 0; n < batch; ++n) {
    for (Index w = 0; w < vertical.windows * horizontal.windows; ++w) {
      for (Index tap = 0; tap < g.taps(); ++tap) {
        const Index y = w / horizontal.windows * vertical.stride + tap / horizontal.taps * vertical.dilation - vertical.padding_before;
        const Index x = w % horizontal.windows * horizontal.stride + tap % horizontal.taps * horizontal.dilation - horizontal.padding_before;
        if (y < 0 || y >= vertical.pixels || x < 0 || x >= horizontal.pixels) continue;
        f((n * vertical.windows * horizontal.windows + w) * window_channels, ((n * vertical.pixels + y) * horizontal.pixels + x) * pixel_channels, tap);
      }
    }
  }
}

struct Case {
  Index height, width, pixel_channels, window_channels;
  Extent kernel, stride;
  Dilation dilation;
  Padding padding;
  bool suits;  ///< whether it is made in bfloat16 where there are instructions for it
  Index batch;
};

const std::vector<Case> cases{{7, 7, 32, 32, 3, 1, Dilation{1}, Padding::same, true, 9},
                              {6, 9, 16, 16, Extent{3, 2}, 2, Dilation{1}, Padding::same, true, 3},
                              {5, 11, 32, 64, Extent{2, 3}, Extent{1, 3}, Dilation{1}, Padding::same, true, 5},
                              {9, 5, 64, 16, 3, 1, Dilation{2}, Padding::same, true, 2},
                              {1, 13, 16, 32, Extent{1, 5}, 1, Dilation{1}, Padding::same, true, 4},
                              {17, 15, 32, 16, 5, 2, Dilation{1}, Padding::same, true, 2},
                              {5, 5, 24, 32, 3, 1, Dilation{1}, Padding::same, false, 2},
                              {5, 5, 3, 8, 3, 1, Dilation{1}, Padding::same, false, 2},
                              {4, 4, 32, 32, 1, 1, Dilation{1}, Padding::valid, false, 2}};

kernels::Correlation correlation(const Case& c) {
  const Windows windows({.channels = c.pixel_channels, .height = c.height, .width = c.width}, c.kernel, c.stride, c.padding, c.dilation);
  return {windows.vertical, windows.horizontal, c.pixel_channels, c.window_channels};
}

bool all_within(const std::vector<Sum>& sums, const Vector& results) {
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if (!sums[i].within(static_cast<double>(results[static_cast<Index>(i)]))) return false;
  }
  return true;
}
std::size_t at(Index i) { return static_cast<std::size_t>(i); }

struct Rectifier {
  static constexpr double least = 0;
};

}  // namespace

TEST_CASE("bfloat16: convolutions of rounded factors, forwards and to the pixels; float32's bits where they do not suit") {
  for (const Case& c : cases) {
    const kernels::Correlation g = correlation(c);
    CAPTURE(c.height, c.width, c.pixel_channels, c.window_channels, g.taps());
    const bool here = c.suits && has_bfloat16();
    const Vector pixels = random(c.batch * g.pixels(), 1), windows = random(c.batch * g.windows(), 2), weights = random(g.weights(), 3);
    const Vector bias = random(g.window_channels, 4);
    const kernels::Weights<float> places{weights.data(), 1, g.window_channels, g.pixel_channels * g.window_channels};
    std::vector<Sum> forward(at(windows.size())), back(at(pixels.size()));
    for (Index i = 0; i < windows.size(); ++i) forward[at(i)].add(static_cast<double>(bias[i % g.window_channels]), 1);
    for_each_meeting(g, c.batch, [&](Index window, Index pixel, Index tap) {
      for (Index p = 0; p < g.pixel_channels; ++p) {
        for (Index w = 0; w < g.window_channels; ++w) {
          const double value = rounded(weights[(tap * g.pixel_channels + p) * g.window_channels + w]);
          forward[at(window + w)].add(value, rounded(pixels[pixel + p]));
          back[at(pixel + p)].add(value, rounded(windows[window + w]));
        }
      }
    });
    for (Index i = 0; i < pixels.size(); ++i) back[at(i)].value *= pixels[i] > 0;  // the epilogue's gate

    Poisoned scratch(kernels::correlate_scratch(g)), y(windows.size()), plain(windows.size());
    Vector packed(kernels::correlate_packed(g));
    kernels::pack_correlate(g, places, packed.data());
    const auto correlate = [&](Poisoned& to, auto... precision) {
      kernels::correlate(precision..., g, c.batch, pixels.data(), packed.data(), bias.data(), to.data(), scratch.data(), kernels::Epilogue<float>{});
    };
    correlate(plain);
    correlate(y, Precision::float32);
    CHECK(y.memory == plain.memory);
    correlate(y, Precision::bfloat16);
    CHECK((scratch.margins_hold() && y.margins_hold()));
    CHECK((y.memory == plain.memory) == !here);
    if (here) CHECK(all_within(forward, y.inside()));

    Poisoned back_scratch(kernels::correlate_transpose_scratch(g)), dx(pixels.size()), plain_dx(pixels.size());
    Vector back_packed(kernels::correlate_transpose_packed(g));
    kernels::pack_correlate_transpose(g, places, back_packed.data());
    const auto transpose = [&](Poisoned& to, auto... precision) {
      kernels::correlate_transpose(precision..., g, c.batch, windows.data(), back_packed.data(), nullptr, to.data(), back_scratch.data(),
                                   kernels::times_derivative<float>(Rectifier{}, pixels.data()));
    };
    transpose(plain_dx);
    transpose(dx, Precision::float32);
    CHECK(dx.memory == plain_dx.memory);
    transpose(dx, Precision::bfloat16);
    CHECK((back_scratch.margins_hold() && dx.margins_hold()));
    // Where windows have no border, as with some strides, this direction alone is one of floats.
    if (here && !g.window_frame().bare()) CHECK(!(dx.memory == plain_dx.memory));
    if (!here) CHECK(dx.memory == plain_dx.memory);
    if (!(dx.memory == plain_dx.memory)) CHECK(all_within(back, dx.inside()));
  }
}

TEST_CASE("bfloat16: gradients of convolutions' weights, which are added to") {
  for (const Case& c : cases) {
    const kernels::Correlation g = correlation(c);
    CAPTURE(c.height, c.width, c.pixel_channels, c.window_channels, g.taps());
    const bool here = c.suits && has_bfloat16();
    const Vector pixels = random(c.batch * g.pixels(), 1), windows = random(c.batch * g.windows(), 2), before = random(g.weights(), 3);
    std::vector<Sum> of_windows(at(g.weights())), of_pixels(at(g.weights()));
    for (Index i = 0; i < g.weights(); ++i) of_windows[at(i)].add(static_cast<double>(before[i]), 1), of_pixels[at(i)].add(static_cast<double>(before[i]), 1);
    for_each_meeting(g, c.batch, [&](Index window, Index pixel, Index tap) {
      for (Index p = 0; p < g.pixel_channels; ++p) {
        for (Index w = 0; w < g.window_channels; ++w) {
          const double a = rounded(pixels[pixel + p]), b = rounded(windows[window + w]);
          of_windows[at((tap * g.pixel_channels + p) * g.window_channels + w)].add(a, b);
          of_pixels[at((tap * g.window_channels + w) * g.pixel_channels + p)].add(a, b);
        }
      }
    });

    const auto check = [&](const std::vector<Sum>& expected, Index scratch_size, auto add) {
      Poisoned scratch(scratch_size), plain(g.weights()), same(g.weights()), sum(g.weights());
      for (Poisoned* to : {&plain, &same, &sum}) to->inside() = before;
      add(plain.data(), scratch.data());
      add(same.data(), scratch.data(), Precision::float32);
      add(sum.data(), scratch.data(), Precision::bfloat16);
      CHECK(same.memory == plain.memory);
      CHECK((sum.memory == plain.memory) == !here);
      CHECK((scratch.margins_hold() && sum.margins_hold()));
      if (here) CHECK(all_within(expected, sum.inside()));
    };
    check(of_windows, kernels::correlate_gradient_scratch(g), [&](float* sum, float* scratch, auto... precision) {
      kernels::add_correlate_gradient(precision..., g, c.batch, pixels.data(), windows.data(), sum, scratch);
    });
    check(of_pixels, kernels::correlate_transpose_gradient_scratch(g), [&](float* sum, float* scratch, auto... precision) {
      kernels::add_correlate_transpose_gradient(precision..., g, c.batch, pixels.data(), windows.data(), sum, scratch);
    });
  }
}
