// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "eigencoder/core/tangent_pass.hpp"
#include "eigencoder/kernels/elementwise.hpp"
#include "eigencoder/kernels/pooling.hpp"
#include "eigencoder/layers/resampling.hpp"

namespace eigencoder {

namespace detail {

/// What pools have in common: the shape of the output, the images that they refuse, and their mirror.
template <Extent Window, Extent Stride, auto... Options>
struct Pool {
  static_assert((OptionOf<Options, Padding> && ...), "an option of a pool is a Padding");
  static constexpr Padding padding = option_or<Padding, Options...>(Padding::valid);
  static constexpr Windows windows(Shape in) { return {in, Window, Stride, padding}; }
  static constexpr kernels::Grid grid(Shape in) { return {windows(in), in.channels}; }
  static constexpr bool lost(Shape in) { return windows(in).vertical.lost() > 0 || windows(in).horizontal.lost() > 0; }

  static constexpr bool accepts(Shape in) { return windows(in).fit() && !windows(in).on_one_pixel() && !lost(in); }
  template <Shape In>
  struct Refusal {
    static_assert(!windows(In).on_one_pixel(),
                  "a pool of several pixels on an image of one, as features(n) is: begin with image(...) or sequence(...), or "
                  "put a Reshape before it");
    static_assert(windows(In).fit() || windows(In).on_one_pixel(), "the window of this pool is larger than its image");
    static_assert(padding == Padding::same || !windows(In).fit() || !lost(In),
                  "no window of this pool reaches the last rows or columns of its image, which would be lost: crop them with "
                  "Crop2D, take Padding::same, or change the window");
    static_assert(padding == Padding::valid || !lost(In),
                  "the stride of this pool leaves out the last rows or columns of its image, which would be lost: crop them with "
                  "Crop2D, or take a smaller stride");
  };
  static constexpr Shape output(Shape in) {
    return {.channels = in.channels, .height = windows(in).vertical.windows, .width = windows(in).horizontal.windows};
  }
  /// Windows that lie wholly within the first n steps; with Padding::same ⌈n / stride⌉, of which the last may be cut.
  static constexpr Index steps(Shape, Index n) { return Axis::count(n, Window.width, Stride.width, padding); }
  static constexpr std::array<Block, 0> parameters(Shape) { return {}; }

  static constexpr Mirroring mirroring = Mirroring::shape;
  template <Shape>
  using Mirror = UpSample2D<Stride>;

 protected:
  static constexpr bool cuts = padding == Padding::same;  ///< windows may reach beyond the end of a sequence

  /// Of sequences with padding, the windows that begin within a sample's own steps and end beyond them, which kernels do not
  /// know: f(sample, window, its first step, its taps before that, its taps up to the end).
  template <Shape In, class F>
  static void for_each_cut(const Lengths& lengths, Index samples, F f) {
    constexpr Index stride = Stride.width, taps = Window.width, before = windows(In).horizontal.padding_before;
    for (Index j = 0; lengths && j < samples; ++j) {
      const Index n = lengths[j];
      if (n == In.width) continue;
      for (Index i = (n + stride - 1) / stride; i-- > 0;) {
        const Index first = i * stride - before;
        if (first + taps <= n) break;
        f(j, i, first, std::max<Index>(-first, 0), n - first);
      }
    }
  }
};

}  // namespace detail

template <class Activation, Extent Window, Extent Stride, auto... Options>
struct ActivatedMaxPool2D;

/// The largest value of every window, channel by channel, for windows of p pixels in steps of s.
/// x: (h, w, c)   y: (⌊(h − p) / s⌋ + 1, ⌊(w − p) / s⌋ + 1, c)
/// dx = dy at the pixel that y was taken from, the first along the rows of several equal ones, summed over the windows that took
/// it; 0 elsewhere. A window with a NaN gives NaN.
/// Options: Padding::valid (default), or Padding::same for ⌈h / s⌉ × ⌈w / s⌉ windows, whose padding is never taken. Where valid
/// windows leave out the last rows or columns the layer does not compile; Keras and PyTorch drop them.
template <Extent Window, Extent Stride = Window, auto... Options>
struct MaxPool2D : detail::Pool<Window, Stride, Options...> {
  using Pool = detail::Pool<Window, Stride, Options...>;
  static constexpr Extent places_in = Window, step = Stride;  // MaxUnpool2D checks them

  /// After an activation that never falls, since max f(x) = f(max x).
  template <class Previous>
  requires(Elementwise<Previous>&& requires {
    requires Previous::monotone;
  }) using FusedWith = ActivatedMaxPool2D<Previous, Window, Stride, Options...>;

  /// The cache says where in its window each value of y was, counted along the rows.
  static constexpr Needs needs(Shape in) {
    return {.cache = Pool::output(in).size(),
            .backward_scratch = Pool::output(in).size(),
            .backward_y = true,
            .derivative = true,
            .lengths = Pool::cuts};
  }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    pool(pass, NoActivation{});
  }

  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) differentiate(pass, pass.previous);
  }

  template <class S>
  void push(Push<S> pass) const {
    take<S>(pass, pass.v, {});
  }

 protected:
  /// y = f of the largest values
  template <class S, Mode M, class F, class T = typename S::Scalar>
  static void pool(Forward<S, M>& pass, const F& f) {
    T* place = nullptr;
    if constexpr (Forward<S, M>::keeps_cache) place = pass.cache.data();
    kernels::max_pool(Pool::grid(S::in), pass.x.cols(), pass.x.data(), pass.y.data(), place, kernels::apply<T>(f));
    if constexpr (Pool::cuts) take_from_cut(pass, f);
  }

  /// The largest values of the windows that the end of a sequence cuts: of its own steps alone.
  template <class S, Mode M>
  static void take_from_cut(Forward<S, M>& pass, const auto& f) {
    constexpr Index channels = S::in.channels, row = Pool::windows(S::in).vertical.padding_before * Window.width;
    Pool::template for_each_cut<S::in>(pass.lengths, pass.x.cols(), [&](Index j, Index i, Index first, Index begin, Index end) {
      for (Index c = 0; c < channels; ++c) {
        const auto at = [&](Index k) { return pass.x((first + k) * channels + c, j); };
        Index most = begin;
        for (Index k = begin + 1; k < end; ++k) {
          if (!(at(k) <= at(most)) && at(most) == at(most)) most = k;  // the first NaN stays
        }
        pass.y(i * channels + c, j) = f.apply(at(most));
        if constexpr (Forward<S, M>::keeps_cache) pass.cache(i * channels + c, j) = static_cast<typename S::Scalar>(row + most);
      }
    });
  }

  /// The changes of the values that were taken, times what the epilogue says.
  template <class S>
  static void take(const auto& pass, MatrixView<typename S::Scalar>& taken, const kernels::Epilogue<typename S::Scalar>& epilogue) {
    kernels::take_from_place(Pool::grid(S::in), pass.u.cols(), pass.u.data(), pass.cache.data(), taken.data(), epilogue);
  }

  /// The values that were taken are y, so the previous activation's derivative there is that at y.
  template <class S, class Previous, class T = typename S::Scalar>
  static void differentiate(Backward<S, true>& pass, const Previous& previous) {
    T* const scratch = std::same_as<Previous, NoActivation> ? nullptr : pass.scratch.data();
    kernels::put_in_place(Pool::grid(S::in), pass.dy.cols(), pass.dy.data(), pass.cache.data(), pass.dx.data(), scratch,
                          kernels::times_derivative<T>(previous, pass.y.data()));
  }
};

/// What MaxPool2D becomes after an activation f that never falls: y = f(max x), with f on the pooled values alone.
template <class Activation, Extent Window, Extent Stride, auto... Options>
struct ActivatedMaxPool2D : MaxPool2D<Window, Stride, Options...> {
  using Pool = MaxPool2D<Window, Stride, Options...>;
  Activation activation;

  constexpr ActivatedMaxPool2D(const Activation& previous, const auto&) : activation(previous) {}

  static constexpr Needs needs(Shape in) {
    Needs needs = Pool::needs(in);
    needs.derivative = false;
    return needs;
  }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    Pool::pool(pass, activation);
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) Pool::differentiate(pass, activation);
  }

  template <class S>
  void push(Push<S> pass) const {
    Pool::template take<S>(pass, pass.v, kernels::times_derivative<typename S::Scalar>(activation, pass.y.data()));
  }
  template <class S>
  requires Curved<Activation>
  void bend(Bend<S> pass) const {
    auto* dy = pass.dy.data();
    Pool::template take<S>(pass, pass.scratch, {});
    kernels::transform(
        pass.dy.size(), dy, [this](auto before, auto out, auto u, auto at) { return before + out * u * activation.curvature(at); }, dy,
        pass.dv.data(), pass.scratch.data(), pass.y.data());
  }
};

/// The mean of every window, channel by channel; shapes and options as for MaxPool2D. With Padding::same it is the mean of the
/// pixels that exist, as in Keras; PyTorch counts the padding's zeros unless told count_include_pad=False. dx = Σ dy / n over
/// the windows of a pixel, each of n pixels.
template <Extent Window, Extent Stride = Window, auto... Options>
struct AvgPool2D : detail::Pool<Window, Stride, Options...> {
  using Pool = detail::Pool<Window, Stride, Options...>;
  using Tangent = AvgPool2D;
  static constexpr Needs needs(Shape) { return {.lengths = Pool::cuts}; }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    kernels::average_windows(Pool::grid(S::in), pass.x.cols(), pass.x.data(), pass.y.data());
    if constexpr (Pool::cuts) {
      for_each_cut<S>(pass.lengths, pass.x.cols(), [&](Index j, Index i, Index, Index, double existing, double own) {
        pass.y.col(j).segment(i * S::in.channels, S::in.channels) *= static_cast<typename S::Scalar>(existing / own);
      });
    }
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) {
      kernels::share_windows(Pool::grid(S::in), pass.dy.cols(), pass.dy.data(), pass.dx.data());
      if constexpr (Pool::cuts) {
        for_each_cut<S>(pass.lengths, pass.dy.cols(), [&](Index j, Index i, Index begin, Index end, double existing, double own) {
          const auto dy = pass.dy.col(j).segment(i * S::in.channels, S::in.channels);
          for (Index t = begin; t < end; ++t) {
            pass.dx.col(j).segment(t * S::in.channels, S::in.channels) +=
                static_cast<typename S::Scalar>(1 / own - 1 / existing) * dy;
          }
        });
      }
    }
  }

 private:
  /// The windows that the end of a sequence cuts: f(sample, window, its own steps [begin, end), how many the kernel divides by, how
  /// many there are).
  template <class S, class F>
  static void for_each_cut(const Lengths& lengths, Index samples, F f) {
    const auto give = [f](Index j, Index i, Index first, Index begin, Index end) {
      const Index existing = std::min(Window.width, S::in.width - first) - begin;
      f(j, i, first + begin, first + end, static_cast<double>(existing), static_cast<double>(end - begin));
    };
    Pool::template for_each_cut<S::in>(lengths, samples, give);
  }
};

/// The mean of every channel over all pixels.   x: (h, w, c)   y: (c)   dx = dy / (h w)
/// Of a sequence with a length, over its own steps.
struct GlobalAvgPool2D {
  using Tangent = GlobalAvgPool2D;
  static constexpr Mirroring mirroring = Mirroring::shape;
  template <Shape In>
  using Mirror = UpSample2D<Extent{In.height, In.width}>;

  static constexpr bool accepts(Shape) { return true; }
  static constexpr Shape output(Shape in) { return features(in.channels); }
  static constexpr Needs needs(Shape) { return {.lengths = true}; }
  static constexpr std::array<Block, 0> parameters(Shape) { return {}; }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    kernels::average_windows(whole(S::in), pass.x.cols(), pass.x.data(), pass.y.data());
    among_own_steps<S>(pass.lengths, pass.y);
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) {
      kernels::share_windows(whole(S::in), pass.dy.cols(), pass.dy.data(), pass.dx.data());
      among_own_steps<S>(pass.lengths, pass.dx);
    }
  }

 private:
  /// What was divided by the steps of the shape is to be divided by those of the sample. (The padded ones are 0.)
  template <class S>
  static void among_own_steps(const Lengths& lengths, MatrixView<typename S::Scalar>& values) {
    using T = typename S::Scalar;
    for (Index j = 0; lengths && j < values.cols(); ++j) values.col(j) *= static_cast<T>(S::in.width) / static_cast<T>(lengths[j]);
  }
  static constexpr kernels::Grid whole(Shape in) {
    const Extent image(in.height, in.width);
    return {Windows(in, image, image, Padding::valid), in.channels};
  }
};

/// Puts every value at the pixel that the MaxPool2D<Window> at Position in the network took its value from, and 0 elsewhere: the
/// decoder's counterpart of a pool in the encoder.   x: (h, w, c), the shape that the pool gives   y: the shape that it takes
/// dx = dy at those places. The pool's windows must cover its image without overlap.
/// Badrinarayanan, Kendall and Cipolla, "SegNet", 2017.
template <Index Position, Extent Window>
struct MaxUnpool2D {
  static constexpr bool accepts(Shape) { return true; }
  static constexpr Shape output(Shape in) {
    return {.channels = in.channels, .height = in.height * Window.height, .width = in.width * Window.width};
  }
  static constexpr Index steps(Shape, Index n) { return n * Window.width; }
  static constexpr Needs needs(Shape) { return {.link = Position}; }
  static constexpr std::array<Block, 0> parameters(Shape) { return {}; }

  template <class Source>
  static constexpr bool links(Shape in) {
    if constexpr (requires { Source::Layer::places_in; }) {
      return Source::Layer::places_in == Window && Source::Layer::step == Window && Source::out == in &&
             Source::in == output(in);
    }
    return false;
  }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    kernels::put_in_place(grid(S::in), pass.x.cols(), pass.x.data(), pass.source.cache.data(), pass.y.data());
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) {
      kernels::take_from_place(grid(S::in), pass.dy.cols(), pass.dy.data(), pass.source.cache.data(), pass.dx.data());
    }
  }

 private:
  static constexpr kernels::Grid grid(Shape in) { return {Windows(output(in), Window, Window, Padding::valid), in.channels}; }
};

namespace detail {

/// A pool for sequences, made of one for images.
template <class Pool>
struct OneDimensional : Pool {
  static constexpr bool accepts(Shape in) { return in.height == 1 && Pool::accepts(in); }
  template <Shape In>
  struct Refusal : Pool::template Refusal<In> {
    static_assert(In.height == 1, "this pool takes sequences: for images there is the one whose name ends in 2D");
  };
};

}  // namespace detail

/// MaxPool2D for sequences.   x: (t, c)   y: (⌊(t − p) / s⌋ + 1, c)
template <Index Window, Index Stride = Window, auto... Options>
struct MaxPool1D : detail::OneDimensional<MaxPool2D<Extent{1, Window}, Extent{1, Stride}, Options...>> {};

/// AvgPool2D for sequences.   x: (t, c)   y: (⌊(t − p) / s⌋ + 1, c)
template <Index Window, Index Stride = Window, auto... Options>
struct AvgPool1D : detail::OneDimensional<AvgPool2D<Extent{1, Window}, Extent{1, Stride}, Options...>> {};

}  // namespace eigencoder
