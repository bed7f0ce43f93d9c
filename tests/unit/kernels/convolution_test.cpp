// SPDX-License-Identifier: MIT
#include <cstdint>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include <eigencoder/kernels/convolution_gradient.hpp>
#include <eigencoder/layers/activation.hpp>

// Small whole numbers make every sum exact, in any order: results are compared for equality with the definition, in which
// no index is spared. What a kernel writes lies between poison, and so does its scratch memory.
namespace kernels = eigencoder::kernels;
using namespace eigencoder;

namespace {

template <class T>
using Vector = Eigen::Matrix<T, Eigen::Dynamic, 1>;

/// Whole numbers from −2 to 2.
template <class T>
Vector<T> whole_numbers(Index size, std::uint32_t seed) {
  return Vector<T>::NullaryExpr(size, [&](Index i) {
    const auto mixed = (static_cast<std::uint32_t>(i) * 2654435761u + seed) * 2246822519u;
    return static_cast<T>(static_cast<int>((mixed >> 13) % 5) - 2);
  });
}

/// Memory between two stretches of poison.
template <class T>
struct Poisoned {
  static constexpr Index margin = 40;
  Vector<T> memory;
  explicit Poisoned(Index size) : memory(Vector<T>::Constant(size + 2 * margin, T(-9876))) {}
  T* data() { return memory.data() + margin; }
  auto inside() { return memory.segment(margin, memory.size() - 2 * margin); }
  bool margins_hold() const {
    return (memory.head(margin).array() == T(-9876)).all() && (memory.tail(margin).array() == T(-9876)).all();
  }
};

struct Case {
  kernels::Correlation g;
  Index batch;
};

/// Calls f(window, pixel, tap) for all that meet, as the definition has it: indices of first channels, and the tap's number.
template <class F>
void for_each_meeting(const Case& c, F f) {
  const auto& [vertical, horizontal, pixel_channels, window_channels] = c.g;
  for (Index n = 0; n < c.batch; ++n) {
    for (Index wy = 0; wy < vertical.windows; ++wy) {
      for (Index wx = 0; wx < horizontal.windows; ++wx) {
        for (Index ty = 0; ty < vertical.taps; ++ty) {
          for (Index tx = 0; tx < horizontal.taps; ++tx) {
            const Index y = wy * vertical.stride + ty * vertical.dilation - vertical.padding_before;
            const Index x = wx * horizontal.stride + tx * horizontal.dilation - horizontal.padding_before;
            if (y < 0 || y >= vertical.pixels || x < 0 || x >= horizontal.pixels) continue;
            f(((n * vertical.windows + wy) * horizontal.windows + wx) * window_channels,
              ((n * vertical.pixels + y) * horizontal.pixels + x) * pixel_channels, ty * horizontal.taps + tx);
          }
        }
      }
    }
  }
}

template <class T>
void check(const Case& c) {
  const kernels::Correlation& g = c.g;
  CAPTURE(g.vertical.pixels, g.horizontal.pixels, g.pixel_channels, g.window_channels, g.vertical.taps, g.horizontal.taps,
          g.vertical.stride, g.horizontal.stride, g.vertical.dilation, g.vertical.padding_before, g.horizontal.padding_before,
          c.batch);
  const Vector<T> pixels = whole_numbers<T>(c.batch * g.pixels(), 1), windows = whole_numbers<T>(c.batch * g.windows(), 2);
  const Vector<T> weights = whole_numbers<T>(g.weights(), 3);
  const kernels::Weights<T> places{weights.data(), 1, g.window_channels, g.pixel_channels * g.window_channels};
  Vector<T> correlated = Vector<T>::Zero(windows.size()), transposed = Vector<T>::Zero(pixels.size());
  Vector<T> correlate_gradient = whole_numbers<T>(g.weights(), 4), transpose_gradient = whole_numbers<T>(g.weights(), 5);
  const Vector<T> correlate_before = correlate_gradient, transpose_before = transpose_gradient;
  for_each_meeting(c, [&](Index window, Index pixel, Index tap) {
    for (Index p = 0; p < g.pixel_channels; ++p) {
      for (Index w = 0; w < g.window_channels; ++w) {
        const T value = weights[(tap * g.pixel_channels + p) * g.window_channels + w];
        correlated[window + w] += value * pixels[pixel + p];
        transposed[pixel + p] += value * windows[window + w];
        correlate_gradient[(tap * g.pixel_channels + p) * g.window_channels + w] += pixels[pixel + p] * windows[window + w];
        transpose_gradient[(tap * g.window_channels + w) * g.pixel_channels + p] += pixels[pixel + p] * windows[window + w];
      }
    }
  });

  const Vector<T> bias = whole_numbers<T>(std::max(g.window_channels, g.pixel_channels), 6);
  {
    Poisoned<T> packed(kernels::correlate_packed(g)), scratch(kernels::correlate_scratch(g)), y(windows.size());
    kernels::pack_correlate(g, places, packed.data());
    kernels::correlate(g, c.batch, pixels.data(), packed.data(), bias.data(), y.data(), scratch.data(),
                       kernels::apply<T>(ReLU{}));
    for (Index i = 0; i < correlated.size(); ++i) correlated[i] = std::max(T(0), correlated[i] + bias[i % g.window_channels]);
    CHECK(y.inside() == correlated);
    CHECK((packed.margins_hold() && scratch.margins_hold() && y.margins_hold()));
  }
  {
    Poisoned<T> packed(kernels::correlate_transpose_packed(g)), scratch(kernels::correlate_transpose_scratch(g)),
        y(pixels.size());
    kernels::pack_correlate_transpose(g, places, packed.data());
    kernels::correlate_transpose(g, c.batch, windows.data(), packed.data(), nullptr, y.data(), scratch.data(),
                                 kernels::times_derivative<T>(ReLU{}, pixels.data()));
    for (Index i = 0; i < transposed.size(); ++i) transposed[i] *= static_cast<T>(pixels[i] > T(0));
    CHECK(y.inside() == transposed);
    CHECK((packed.margins_hold() && scratch.margins_hold() && y.margins_hold()));
  }
  {
    Poisoned<T> scratch(kernels::correlate_gradient_scratch(g)), sum(g.weights());
    sum.inside() = correlate_before;
    kernels::add_correlate_gradient(g, c.batch, pixels.data(), windows.data(), sum.data(), scratch.data());
    CHECK(sum.inside() == correlate_gradient);
    CHECK((scratch.margins_hold() && sum.margins_hold()));
  }
  {
    Poisoned<T> scratch(kernels::correlate_transpose_gradient_scratch(g)), sum(g.weights());
    sum.inside() = transpose_before;
    kernels::add_correlate_transpose_gradient(g, c.batch, pixels.data(), windows.data(), sum.data(), scratch.data());
    CHECK(sum.inside() == transpose_gradient);
    CHECK((scratch.margins_hold() && sum.margins_hold()));
  }
}

}  // namespace

TEMPLATE_TEST_CASE("convolution: exactly the definition, over a grid of shapes", "", float, double) {
  const std::vector<Index> sides{1, 2, 3, 4, 5, 6, 7, 8, 9, 28}, channels{1, 2, 3, 5, 8, 9, 16, 17, 32, 33};
  const std::vector<Index> kernels_{1, 2, 3, 4, 5}, small{1, 2, 3}, dilations{1, 2}, batches{1, 7};
  std::uint32_t state = 12345;
  const auto pick = [&](const std::vector<Index>& from) {
    state = state * 1664525u + 1013904223u;
    return from[(state >> 16) % from.size()];
  };
  int checked = 0;
  while (checked < 700) {
    const Padding padding = pick(small) == 1 ? Padding::valid : Padding::same;
    const Case c{{Axis(pick(sides), pick(kernels_), pick(small), pick(dilations), padding),
                  Axis(pick(sides), pick(kernels_), pick(small), pick(dilations), padding), pick(channels), pick(channels)},
                 pick(batches)};
    if (c.g.vertical.windows < 1 || c.g.horizontal.windows < 1 ||
        c.batch * c.g.windows() * c.g.taps() * c.g.pixel_channels > 2'000'000)
      continue;
    check<TestType>(c);
    ++checked;
  }
}

TEMPLATE_TEST_CASE("convolution: every kernel, stride and dilation, either padding", "", float, double) {
  for (Index kernel = 1; kernel <= 5; ++kernel) {
    for (Index stride = 1; stride <= 4; ++stride) {
      for (Index dilation = 1; dilation <= 3; ++dilation) {
        for (const Padding padding : {Padding::same, Padding::valid}) {
          const Axis axis(9, kernel, stride, dilation, padding);
          if (axis.windows < 1) continue;
          check<TestType>({{axis, axis, 2, 3}, 3});
        }
      }
    }
  }
}

TEST_CASE("convolution: a NaN in one image stays in its image") {
  const Axis axis(5, 3, 1, 1, Padding::same);
  const kernels::Correlation g{axis, axis, 2, 4};
  Vector<float> pixels = whole_numbers<float>(3 * g.pixels(), 1), packed(kernels::correlate_packed(g)), y(3 * g.windows());
  Vector<float> scratch(kernels::correlate_scratch(g));
  pixels[g.pixels() + 7] = std::numeric_limits<float>::quiet_NaN();
  const Vector<float> ones = Vector<float>::Ones(g.weights());
  kernels::pack_correlate(g, {ones.data(), 1, g.window_channels, g.pixel_channels * g.window_channels}, packed.data());
  kernels::correlate(g, 3, pixels.data(), packed.data(), nullptr, y.data(), scratch.data(), {});
  CHECK(y.head(g.windows()).allFinite());
  CHECK(y.tail(g.windows()).allFinite());
  CHECK(y.segment(g.windows(), g.windows()).array().isNaN().any());
}
