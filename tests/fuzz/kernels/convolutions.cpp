// SPDX-License-Identifier: MIT
#include "levels.hpp"

namespace fuzz {

namespace {

template <class T>
struct ConvolutionCase {
  static void run(Choices& choices) {
    enum : Index { forwards, backwards, gradient, transposed_gradient };
    const kernels::Correlation g{axis(choices), axis(choices), choices.from(1, 40), choices.from(1, 40)};
    if (g.vertical.windows <= 0 || g.horizontal.windows <= 0) return;
    const Index kind = choices.from(forwards, transposed_gradient), images = choices.from(1, 5);
    if (images * g.windows() * g.taps() * g.pixel_channels > 250'000) return;
    Memory<T> pixels(choices, images * g.pixels()), windows(choices, images * g.windows()), weights(choices, g.weights());
    const Index channels = kind == forwards ? g.window_channels : g.pixel_channels;
    Memory<T> bias(choices, channels);
    const Values of_pixels(choices), of_windows(choices), of_weights(choices);
    for (Index i = 0; i < pixels.size(); ++i) pixels.data()[i] = of_pixels.at<T>(i);
    for (Index i = 0; i < windows.size(); ++i) windows.data()[i] = of_windows.at<T>(i);
    for (Index i = 0; i < weights.size(); ++i)
      weights.data()[i] = of_weights.finite<T>(i);  // 0 of the padding times ∞ would be NaN
    for (Index i = 0; i < bias.size(); ++i) bias.data()[i] = of_weights.at<T>(i + 7);
    const T* const added_bias = choices.yes() ? bias.data() : nullptr;
    const bool derivative = choices.yes();
    const Index function = kind > backwards ? 0 : choices.from(0, derivative ? with_derivative : last_activation);

    const Index size = kind == forwards ? windows.size() : kind == backwards ? pixels.size() : g.weights();
    std::vector<double> magnitude(static_cast<std::size_t>(size), 0);
    std::vector<Index> depth(static_cast<std::size_t>(size), 0);
    const auto absolute = [](T value) { return std::abs(static_cast<double>(value)); };
    const auto meet = [&](Index window, Index pixel, Index tap) {
      for (Index p = 0; p < g.pixel_channels; ++p) {
        for (Index w = 0; w < g.window_channels; ++w) {
          const Index weight = (tap * g.pixel_channels + p) * g.window_channels + w;
          const Index of_transposed = (tap * g.window_channels + w) * g.pixel_channels + p;
          const Index to = kind == forwards    ? window + w
                           : kind == backwards ? pixel + p
                           : kind == gradient  ? weight
                                               : of_transposed;
          const T one = kind == forwards ? weights.data()[weight] : windows.data()[window + w];
          const T other = kind == backwards ? weights.data()[weight] : pixels.data()[pixel + p];
          magnitude[static_cast<std::size_t>(to)] += absolute(one) * absolute(other);
          ++depth[static_cast<std::size_t>(to)];
        }
      }
    };
    for (Index n = 0; n < images; ++n) {
      for (Index i = 0; i < g.vertical.windows; ++i) {
        for (Index j = 0; j < g.horizontal.windows; ++j) {
          for (Index tap = 0; tap < g.taps(); ++tap) {
            const Index row = i * g.vertical.stride + tap / g.horizontal.taps * g.vertical.dilation - g.vertical.padding_before;
            const Index column =
                j * g.horizontal.stride + tap % g.horizontal.taps * g.horizontal.dilation - g.horizontal.padding_before;
            if (row < 0 || row >= g.vertical.pixels || column < 0 || column >= g.horizontal.pixels) continue;
            meet(((n * g.vertical.windows + i) * g.horizontal.windows + j) * g.window_channels,
                 ((n * g.vertical.pixels + row) * g.horizontal.pixels + column) * g.pixel_channels, tap);
          }
        }
      }
    }

    Memory<T> y(choices, kind > backwards ? 0 : size);
    for (Index i = 0; i < y.size(); ++i) y.data()[i] = of_windows.small<T>(i + 3);
    const auto begin = [&](Index i) { return kind > backwards ? of_weights.finite<T>(i + 11) : margin<T>; };
    const auto bound = [&](Index i) {
      const T extra = kind > backwards ? begin(i) : added_bias ? added_bias[i % channels] : T(0);
      const double sum = magnitude[static_cast<std::size_t>(i)] + absolute(extra);
      const double own = rounding<T>(depth[static_cast<std::size_t>(i)] + images, sum);
      return function == 0 ? own : after_function<T>(own, sum);
    };
    const auto scratch = [&](Index count) {  // what is in it must not matter
      Memory<T> memory(choices, count);
      std::fill_n(memory.data(), count, std::numeric_limits<T>::quiet_NaN());
      return memory;
    };
    const kernels::Weights<T> places{weights.data(), 1, g.window_channels, g.pixel_channels * g.window_channels};
    with_activation(function, [&]<class F>(const F& f) {
      kernels::Epilogue<T> (*epilogue)(const F&, const T*) = [](const F& of, const T*) { return kernels::apply<T>(of); };
      if constexpr (requires { f.derivative(T(0)); } || std::same_as<F, ec::NoActivation>) {
        if (derivative) epilogue = [](const F& of, const T* from) { return kernels::times_derivative<T>(of, from); };
      }
      compare<T>(
          "a convolution", choices, size, begin,
          [&](T* output) {
            if (kind == forwards) {
              Memory<T> packed = scratch(kernels::correlate_packed(g)), memory = scratch(kernels::correlate_scratch(g));
              kernels::pack_correlate(g, places, packed.data());
              kernels::correlate(g, images, pixels.data(), packed.data(), added_bias, output, memory.data(),
                                 epilogue(f, y.data()));
            } else if (kind == backwards) {
              Memory<T> packed = scratch(kernels::correlate_transpose_packed(g)),
                        memory = scratch(kernels::correlate_transpose_scratch(g));
              kernels::pack_correlate_transpose(g, places, packed.data());
              kernels::correlate_transpose(g, images, windows.data(), packed.data(), added_bias, output, memory.data(),
                                           epilogue(f, y.data()));
            } else if (kind == gradient) {
              Memory<T> memory = scratch(kernels::correlate_gradient_scratch(g));
              kernels::add_correlate_gradient(g, images, pixels.data(), windows.data(), output, memory.data());
            } else {
              Memory<T> memory = scratch(kernels::correlate_transpose_gradient_scratch(g));
              kernels::add_correlate_transpose_gradient(g, images, pixels.data(), windows.data(), output, memory.data());
            }
          },
          bound);
    });
  }
};

}  // namespace

template <class T>
struct Case<kernels::detail::PackCorrelate<T>> : ConvolutionCase<T> {};
template <class T>
struct Case<kernels::detail::PackCorrelateTranspose<T>> : ConvolutionCase<T> {};
template <class T>
struct Case<kernels::detail::Correlate<T>> : ConvolutionCase<T> {};
template <class T>
struct Case<kernels::detail::CorrelateTranspose<T>> : ConvolutionCase<T> {};
template <class T>
struct Case<kernels::detail::AddCorrelateGradient<T>> : ConvolutionCase<T> {};
template <class T>
struct Case<kernels::detail::AddCorrelateTransposeGradient<T>> : ConvolutionCase<T> {};

/// The gradient of the bias of one channel.
template <class T>
struct Case<kernels::detail::AddSum<T>> {
  static void run(Choices& choices) {
    const Index n = choices.from(0, 9000);
    const Values of_x(choices);
    Memory<T> x(choices, n);
    x.fill([&](Index i) { return of_x.at<T>(i); });
    Sum<T> sum;
    for (Index i = 0; i < n; ++i) sum.add(interval(x.data()[i]));
    sum.add(interval(of_x.at<T>(n)));
    verify<T>(
        "a sum", choices, 1, [&](Index) { return of_x.at<T>(n); },
        [&](T* output) {
          kernels::launch(kernels::detail::AddSum<T>{n, x.data(), output});
        },
        [&](Index) { return sum.total(); });
  }
};

void convolutions(Choices& choices) { run_one_of(kernels::Convolutions{}, choices); }

}  // namespace fuzz
