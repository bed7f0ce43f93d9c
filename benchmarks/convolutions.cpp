// SPDX-License-Identifier: MIT
// Convolutions of the examples' shapes, all three directions, in per cent of one core's multiply-add peak. An upsampling and
// the convolution after it run as one transposed convolution with a 4×4 kernel and a stride of 2.
//   build/release/benchmarks/convolutions --benchmark_filter=correlate
#include "common/machine.hpp"
#include <eigencoder/eigencoder.hpp>

namespace ec = eigencoder;
namespace kernels = ec::kernels;
using ec::Index;
using Vector = Eigen::VectorXf;

namespace {

/// Pixels on a side, their channels, the windows' channels, kernel, stride.
void sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"side", "c", "f", "kernel", "stride"});
  bench->Args({28, 1, 32, 3, 1})->Args({14, 32, 32, 3, 1})->Args({7, 32, 32, 3, 1});  // 05_denoising's encoder and code
  bench->Args({14, 32, 32, 4, 2})->Args({28, 1, 32, 4, 2});                           // its decoder
  bench->Args({28, 32, 1, 3, 1})
      ->Args({28, 3, 16, 3, 1})
      ->Args({14, 16, 8, 3, 1})
      ->Args({28, 1, 16, 3, 2})
      ->Args({28, 64, 64, 3, 1});
}

struct Convolution {
  static constexpr Index images = 4;
  kernels::Correlation g;
  Vector weights, packed, pixels, windows, scratch;

  explicit Convolution(const benchmark::State& state)
      : g{axis(state), axis(state), state.range(1), state.range(2)},
        weights(Vector::Random(g.weights())),
        packed(std::max(kernels::correlate_packed(g), kernels::correlate_transpose_packed(g))),
        pixels(Vector::Random(images * g.pixels())),
        windows(Vector::Random(images * g.windows())),
        scratch(std::max({Index{1}, kernels::correlate_scratch(g), kernels::correlate_transpose_scratch(g),
                          kernels::correlate_gradient_scratch(g), kernels::correlate_transpose_gradient_scratch(g)})) {}

  static ec::Axis axis(const benchmark::State& state) {
    return {state.range(0), state.range(3), state.range(4), 1, ec::Padding::same};
  }
  kernels::Weights<float> weights_of_taps() const {
    return {weights.data(), 1, g.window_channels, g.pixel_channels * g.window_channels};
  }
  float weight(Index f, Index row, Index column, Index c) const {
    return weights[((row * g.horizontal.taps + column) * g.pixel_channels + c) * g.window_channels + f];
  }
  /// Calls f(window, tap row, tap column, place of the pixel's first channel) for every window and tap of the last image that
  /// meet.
  template <class F>
  void for_each_meeting(F f) const {
    for (Index wy = 0; wy < g.vertical.windows; ++wy) {
      for (Index wx = 0; wx < g.horizontal.windows; ++wx) {
        for (Index ty = 0; ty < g.vertical.taps; ++ty) {
          for (Index tx = 0; tx < g.horizontal.taps; ++tx) {
            const Index y = wy * g.vertical.stride + ty - g.vertical.padding_before,
                        x = wx * g.horizontal.stride + tx - g.horizontal.padding_before;
            if (y < 0 || y >= g.vertical.pixels || x < 0 || x >= g.horizontal.pixels) continue;
            f(((images - 1) * g.vertical.windows + wy) * g.horizontal.windows + wx, ty, tx,
              (((images - 1) * g.vertical.pixels + y) * g.horizontal.pixels + x) * g.pixel_channels);
          }
        }
      }
    }
  }
};

void report(benchmark::State& state, const Convolution& of, double calls_per_second) {
  const double flops = 2.0 * static_cast<double>(of.images * of.g.vertical.windows * of.g.horizontal.windows * of.g.weights()) *
                       calls_per_second;
  state.counters["Gflop/s"] = flops / 1e9;
  state.counters["%peak"] = 100 * flops / machine::peak<float>();
}
void compare(benchmark::State& state, const auto& found, const auto& expected) {
  if (!found.isApprox(expected, 1e-3F)) state.SkipWithError("wrong result");
}

/// A convolution forward, or a transposed one's input gradient.
void correlate(benchmark::State& state) {
  Convolution of(state);
  const kernels::Correlation& g = of.g;
  kernels::pack_correlate(g, of.weights_of_taps(), of.packed.data());
  report(state, of, machine::run(state, [&] {
           kernels::correlate(g, of.images, of.pixels.data(), of.packed.data(), nullptr, of.windows.data(),
                              of.scratch.data(), kernels::apply<float>(ec::ReLU{}));
         }));
  Vector expected = Vector::Zero(of.windows.size());
  of.for_each_meeting([&](Index window, Index row, Index column, Index pixel) {
    for (Index f = 0; f < g.window_channels; ++f) {
      for (Index c = 0; c < g.pixel_channels; ++c)
        expected[window * g.window_channels + f] += of.weight(f, row, column, c) * of.pixels[pixel + c];
    }
  });
  compare(state, of.windows.tail(g.windows()), expected.tail(g.windows()).cwiseMax(0));
}
BENCHMARK(correlate)->Apply(sizes);

/// A convolution's input gradient, or a transposed one forward.
void correlate_transpose(benchmark::State& state) {
  Convolution of(state);
  const kernels::Correlation& g = of.g;
  kernels::pack_correlate_transpose(g, of.weights_of_taps(), of.packed.data());
  report(state, of, machine::run(state, [&] {
           kernels::correlate_transpose(g, of.images, of.windows.data(), of.packed.data(), nullptr, of.pixels.data(),
                                        of.scratch.data(), {});
         }));
  Vector expected = Vector::Zero(of.pixels.size());
  of.for_each_meeting([&](Index window, Index row, Index column, Index pixel) {
    for (Index f = 0; f < g.window_channels; ++f) {
      for (Index c = 0; c < g.pixel_channels; ++c)
        expected[pixel + c] += of.weight(f, row, column, c) * of.windows[window * g.window_channels + f];
    }
  });
  compare(state, of.pixels.tail(g.pixels()), expected.tail(g.pixels()));
}
BENCHMARK(correlate_transpose)->Apply(sizes);

/// The gradient of weights. Of a transposed convolution, the rows are the pixels' channels.
void weight_gradient(benchmark::State& state) {
  Convolution of(state);
  const kernels::Correlation& g = of.g;
  const bool transposed = g.vertical.stride > 1;
  const auto run = [&](Vector& gradient) {
    if (transposed) {
      kernels::add_correlate_transpose_gradient(g, of.images, of.pixels.data(), of.windows.data(), gradient.data(),
                                                of.scratch.data());
    } else {
      kernels::add_correlate_gradient(g, of.images, of.pixels.data(), of.windows.data(), gradient.data(), of.scratch.data());
    }
  };
  Vector gradient = Vector::Zero(g.weights());
  report(state, of, machine::run(state, [&] { run(gradient); }));
  of.pixels.head((of.images - 1) * g.pixels()).setZero();
  gradient.setZero();
  run(gradient);
  Vector expected = Vector::Zero(g.weights());
  of.for_each_meeting([&](Index window, Index row, Index column, Index pixel) {
    for (Index f = 0; f < g.window_channels; ++f) {
      for (Index c = 0; c < g.pixel_channels; ++c) {
        const Index tap = row * g.horizontal.taps + column;
        const Index at = transposed ? (tap * g.window_channels + f) * g.pixel_channels + c
                                    : (tap * g.pixel_channels + c) * g.window_channels + f;
        expected[at] += of.pixels[pixel + c] * of.windows[window * g.window_channels + f];
      }
    }
  });
  compare(state, gradient, expected);
}
BENCHMARK(weight_gradient)->Apply(sizes);

}  // namespace

BENCHMARK_MAIN();
