// SPDX-License-Identifier: MIT
#include "levels.hpp"

namespace fuzz {

namespace {

template <class T>
struct PoolCase {
  static void run(Choices& choices) {
    enum : Index { largest, place_of_largest, sum, mean, spread, shared };
    const kernels::Grid g{axis(choices), axis(choices), choices.from(1, 40)};                 // in this order
    const auto dilated = [](const ec::Axis& a) { return a.dilation > 1 || a.windows <= 0; };  // as no pool is
    if (dilated(g.vertical) || dilated(g.horizontal)) return;
    const Index kind = choices.from(largest, shared), images = choices.from(1, 5);
    const Index pixels = images * g.pixels(), windows = images * g.windows();
    const Values of_x(choices);
    Memory<T> x(choices, kind < spread ? pixels : windows);
    double magnitude = 0;
    for (Index i = 0; i < x.size(); ++i) {
      x.data()[i] = of_x.at<T>(i);
      if (std::isfinite(x.data()[i])) magnitude = std::max(magnitude, std::abs(static_cast<double>(x.data()[i])));
    }
    const double terms = static_cast<double>(g.taps());
    compare<T>(
        "a pool", choices, kind < spread ? windows : pixels, [](Index) { return margin<T>; },
        [&](T* output) {
          Memory<T> other(choices, windows);
          switch (kind) {
            case largest:
              return kernels::max_pool(g, images, x.data(), output, nullptr);
            case place_of_largest:
              return kernels::max_pool(g, images, x.data(), other.data(), output);
            case sum:
              return kernels::sum_windows(g, images, x.data(), output);
            case mean:
              return kernels::average_windows(g, images, x.data(), output);
            case spread:
              return kernels::spread_windows(g, images, x.data(), output);
            default:
              return kernels::share_windows(g, images, x.data(), output);
          }
        },
        [&](Index) { return kind <= place_of_largest ? 0.0 : rounding<T>(g.taps(), terms * magnitude); });
  }
};

/// Values that went to places in windows, and back.
template <class T>
struct PlaceCase {
  static void run(Choices& choices) {
    const kernels::Grid g{axis(choices), axis(choices), choices.from(1, 40)};
    const auto dilated = [](const ec::Axis& a) { return a.dilation > 1 || a.windows <= 0; };
    if (dilated(g.vertical) || dilated(g.horizontal)) return;
    const bool takes = choices.yes();
    const Index images = choices.from(1, 5), pixels = images * g.pixels(), windows = images * g.windows();
    const Values of_x(choices), of_places(choices), of_y(choices);
    Memory<T> x(choices, takes ? pixels : windows), place(choices, windows), y(choices, windows);
    double magnitude = 0;
    for (Index i = 0; i < x.size(); ++i) {
      x.data()[i] = of_x.at<T>(i);
      if (std::isfinite(x.data()[i])) magnitude = std::max(magnitude, std::abs(static_cast<double>(x.data()[i])));
    }
    for (Index i = 0; i < windows; ++i) {
      const T part = std::abs(of_places.finite<T>(i));
      place.data()[i] = std::floor((part - std::floor(part)) * static_cast<T>(g.taps()));
      y.data()[i] = of_y.small<T>(i);
    }
    const Index function = choices.from(0, with_derivative);
    with_activation(function, [&]<class F>(const F& f) {
      if constexpr (requires { f.derivative(T(0)); } || std::same_as<F, ec::NoActivation>) {
        compare<T>(
            "places of a pool", choices, takes ? windows : pixels, [](Index) { return margin<T>; },
            [&](T* output) {
              Memory<T> scratch(choices, kernels::put_in_place_scratch(g));
              const auto epilogue = kernels::times_derivative<T>(f, y.data());
              takes ? kernels::take_from_place(g, images, x.data(), place.data(), output, epilogue)
                    : kernels::put_in_place(g, images, x.data(), place.data(), output, scratch.data(), epilogue);
            },
            [&](Index) {
              const Index terms = takes ? 1 : g.taps();
              return after_function<T>(rounding<T>(terms, static_cast<double>(terms) * magnitude),
                                       static_cast<double>(terms) * magnitude);
            });
      }
    });
  }
};

template <class T>
struct DepthwiseCase {
  static void run(Choices& choices) {
    enum : Index { forwards, backwards, gradient };
    const kernels::Grid g{axis(choices), axis(choices), choices.from(1, 40)};
    if (g.vertical.windows <= 0 || g.horizontal.windows <= 0) return;
    const Index kind = choices.from(forwards, gradient), images = choices.from(1, 5);
    const Index pixels = images * g.pixels(), windows = images * g.windows(), weights = g.taps() * g.channels;
    const Values of_x(choices), of_weights(choices), of_y(choices);
    Memory<T> x(choices, kind == backwards ? windows : pixels), weight(choices, kind == gradient ? windows : weights),
        bias(choices, g.channels);
    double of_one = 0, of_other = 0, added = 0;
    const auto fill = [](Memory<T>& memory, double& most, auto value) {
      for (Index i = 0; i < memory.size(); ++i) {
        memory.data()[i] = value(i);
        if (std::isfinite(memory.data()[i])) most = std::max(most, std::abs(static_cast<double>(memory.data()[i])));
      }
    };
    fill(x, of_one, [&](Index i) { return of_x.at<T>(i); });
    fill(weight, of_other, [&](Index i) { return of_weights.finite<T>(i); });  // 0 of the padding times ∞ would be NaN
    fill(bias, added, [&](Index i) { return of_weights.at<T>(i + 7); });
    const Index size = kind == forwards ? windows : kind == backwards ? pixels : weights;
    const Index terms = kind == gradient ? windows / g.channels : g.taps();
    const bool derivative = kind == backwards;
    const T* const added_bias = choices.yes() ? bias.data() : nullptr;
    const Index function = kind == gradient ? 0 : choices.from(0, derivative ? with_derivative : last_activation);
    Memory<T> y(choices, derivative ? size : 0);
    for (Index i = 0; i < y.size(); ++i) y.data()[i] = of_y.small<T>(i);
    const auto begin = [&](Index i) { return kind == gradient ? of_y.finite<T>(i) : margin<T>; };
    with_activation(function, [&]<class F>(const F& f) {
      kernels::Epilogue<T> epilogue;
      if constexpr (requires { f.derivative(T(0)); } || std::same_as<F, ec::NoActivation>) {
        if (derivative) epilogue = kernels::times_derivative<T>(f, y.data());
      }
      compare<T>(
          "a depthwise convolution", choices, size, begin,
          [&](T* output) {
            Memory<T> scratch(choices, kernels::depthwise_scratch(g));
            std::fill_n(scratch.data(), scratch.size(), std::numeric_limits<T>::quiet_NaN());  // what is in it must not matter
            if (kind == forwards) {
              kernels::depthwise(g, images, x.data(), weight.data(), added_bias, output, scratch.data(), kernels::apply<T>(f));
            } else if (kind == backwards) {
              kernels::depthwise_transpose(g, images, x.data(), weight.data(), output, scratch.data(), epilogue);
            } else {
              kernels::add_depthwise_gradient(g, images, x.data(), weight.data(), output, scratch.data());
            }
          },
          [&](Index i) {
            const double extra = kind == gradient ? std::abs(static_cast<double>(begin(i))) : added;
            const double sum = static_cast<double>(terms) * of_one * of_other + extra, own = rounding<T>(terms, sum);
            return function == 0 ? own : after_function<T>(own, sum);
          });
    });
  }
};

template <class T>
struct BilinearCase {
  static void run(Choices& choices) {
    const ec::Shape in = ec::image(choices.from(1, 9), choices.from(1, 14), choices.from(1, 40));
    const ec::Extent factor(choices.from(1, 5), choices.from(1, 5));
    const bool enlarges = choices.yes();
    const Index images = choices.from(1, 4), small = images * in.size(), large = small * factor.size();
    const Values of_x(choices);
    Memory<T> x(choices, enlarges ? small : large);
    double magnitude = 0;
    for (Index i = 0; i < x.size(); ++i) {
      x.data()[i] = of_x.finite<T>(i);
      magnitude = std::max(magnitude, std::abs(static_cast<double>(x.data()[i])));
    }
    const Index terms = enlarges ? 4 : 4 * factor.size();
    compare<T>(
        "bilinear resampling", choices, enlarges ? large : small, [](Index) { return margin<T>; },
        [&](T* output) {
          enlarges ? kernels::enlarge_bilinear(in, factor, images, x.data(), output)
                   : kernels::reduce_bilinear(in, factor, images, x.data(), output);
        },
        [&](Index) { return rounding<T>(terms, static_cast<double>(terms) * magnitude); });
  }
};

}  // namespace

template <class T, bool Places>
struct Case<kernels::detail::MaxPool<T, Places>> : PoolCase<T> {};
template <class T>
struct Case<kernels::detail::SumWindows<T>> : PoolCase<T> {};
template <class T>
struct Case<kernels::detail::SpreadWindows<T>> : PoolCase<T> {};
template <class T>
struct Case<kernels::detail::PutInPlace<T>> : PlaceCase<T> {};
template <class T>
struct Case<kernels::detail::TakeFromPlace<T>> : PlaceCase<T> {};
template <class T>
struct Case<kernels::detail::Depthwise<T>> : DepthwiseCase<T> {};
template <class T>
struct Case<kernels::detail::AddDepthwiseGradient<T>> : DepthwiseCase<T> {};
template <class T>
struct Case<kernels::detail::EnlargeBilinear<T>> : BilinearCase<T> {};
template <class T>
struct Case<kernels::detail::ReduceBilinear<T>> : BilinearCase<T> {};

void pixels(Choices& choices) { run_one_of(kernels::Pixels{}, choices); }

}  // namespace fuzz
