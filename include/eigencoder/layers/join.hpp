// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "eigencoder/core/pass.hpp"
#include "eigencoder/kernels/elementwise.hpp"

// Layers that read an earlier activation beside their input, so that a network can branch: `Residual` and `Skip` in
// models/branches.hpp are made of them. Position P is that of the layer whose output is read, counted in the network from the
// encoder's first layer on; negative ones count back from the join, −2 being the layer before the previous one. One before the
// first layer of a network is its input.
namespace eigencoder {

namespace detail {

/// f(x + e)
template <class F>
struct SumThen {
  using InComponent = kernels::InComponentWith<F, SumThen>;
  [[no_unique_address]] F f;
  template <class V>
  V operator()(V x, V e) const {
    return f.apply(x + e);
  }
};

}  // namespace detail

/// y = x + e, where e is the output of layer P.   x, e, y: of one shape
/// dx = dy   de += dy
template <Index P>
struct Add {
  static constexpr bool accepts(Shape in, Shape joined) { return in == joined; }
  template <Shape In, Shape Joined>
  struct Refusal {
    static_assert(In == Joined,
                  "Add needs two activations of one shape: see Input and Joined above; where a residual block changes the shape, "
                  "write Residual<Projection<...>, ...>");
  };
  static constexpr Shape output(Shape in, Shape) { return in; }
  static constexpr Needs needs(Shape) { return {.in_place = true, .epilogue = true, .joins = true, .link = P}; }
  static constexpr std::array<Block, 0> parameters(Shape) { return {}; }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    kernels::transform(pass.y.size(), pass.y.data(), detail::SumThen<typename S::Epilogue>{pass.epilogue}, pass.x.data(),
                       pass.source.y.data());
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (S::Source::trained) kernels::add_values(pass.dy.size(), pass.source.dy.data(), pass.dy.data());
    if constexpr (InputGradient) {
      if (pass.dx.data() != pass.dy.data()) pass.dx = pass.dy;
    }
  }
};

/// y = x with e, the output of layer P, as further channels.   x: (h, w, c)   e: (h, w, d)   y: (h, w, c + d)
/// dx: the first c channels of dy   de += the other d
template <Index P>
struct Concatenate {
  static constexpr bool accepts(Shape in, Shape joined) { return in.height == joined.height && in.width == joined.width; }
  template <Shape In, Shape Joined>
  struct Refusal {
    static_assert(accepts(In, Joined),
                  "Concatenate needs two activations of the same height and width: see Input and Joined above; inside a Skip, what "
                  "pools take away must come back");
  };
  static constexpr Shape output(Shape in, Shape joined) {
    return {.channels = in.channels + joined.channels, .height = in.height, .width = in.width};
  }
  static constexpr Needs needs(Shape) { return {.joins = true, .link = P}; }
  static constexpr std::array<Block, 0> parameters(Shape) { return {}; }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    auto y = pixels<S::out.channels>(pass.y);
    y.topRows(S::in.channels) = pixels<S::in.channels>(pass.x);
    y.bottomRows(S::Source::out.channels) = pixels<S::Source::out.channels>(pass.source.y);
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    const auto dy = pixels<S::out.channels>(pass.dy);
    if constexpr (S::Source::trained) pixels<S::Source::out.channels>(pass.source.dy) += dy.bottomRows(S::Source::out.channels);
    if constexpr (InputGradient) pixels<S::in.channels>(pass.dx) = dy.topRows(S::in.channels);
  }

 private:
  /// Samples as channels × all their pixels.
  template <Index Channels, class View>
  static View pixels(View samples) {
    return {samples.data(), Channels, samples.size() / Channels};
  }
};

/// Leaves its input for a later join, and goes on from an earlier activation e, the output of layer P: a branch.
/// x: any shape   y = e   dx = 0   de += dy
template <Index P>
struct Branch {
  static constexpr bool goes_on_from_joined = true;
  static constexpr bool accepts(Shape, Shape) { return true; }
  static constexpr Shape output(Shape, Shape joined) { return joined; }
  static constexpr Needs needs(Shape) { return {.joins = true, .link = P}; }
  static constexpr std::array<Block, 0> parameters(Shape) { return {}; }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    pass.y = pass.source.y;
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (S::Source::trained) kernels::add_values(pass.dy.size(), pass.source.dy.data(), pass.dy.data());
    if constexpr (InputGradient) pass.dx.setZero();
  }
};

}  // namespace eigencoder
