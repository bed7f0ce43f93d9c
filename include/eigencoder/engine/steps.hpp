// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "eigencoder/core/lengths.hpp"
#include "eigencoder/engine/chain.hpp"

// How the lengths of sequences go through a network.
namespace eigencoder {

/// A layer that says how many of its output's steps n steps of its input make.
template <class L>
concept SaysSteps = requires(Shape in, Index n) {
  { L::steps(in, n) } -> std::same_as<Index>;
};

/// How many steps of each activation of a chain C belong to a sample of n steps. An activation has lengths if it has as many steps
/// as the network's input, which are then n or more; if its layer says so; or if its layer leaves the number of steps as it was.
/// A join has as many as the longer of its two sides, if both have lengths, and a Branch those of what it goes on from. Of others
/// all steps count. The network's output has n.
template <class C>
struct Steps {
  static constexpr bool sequence(std::size_t i) { return C::shapes[i].height == 1 && C::shapes[i].width > 1; }
  static constexpr bool as_input(std::size_t i) { return sequence(i) && C::shapes[i].width == C::input.width; }

 private:
  template <std::size_t I>
  using Maker = typename C::template layer<I - 1>;  ///< the layer that makes activation I

  template <class L>
  static constexpr bool leaves_input = [] {
    if constexpr (requires { L::goes_on_from_joined; }) return L::goes_on_from_joined;
    return false;
  }();

  /// Activation I has lengths by those of earlier ones.
  template <std::size_t I>
  static constexpr bool follow() {
    constexpr bool kept = C::shapes[I].width == C::shapes[I - 1].width;
    if constexpr (leaves_input<Maker<I>>) {
      return are_known<C::joined_by(I - 1)>();
    } else if constexpr (C::joins[I - 1]) {
      return are_known<I - 1>() && are_known<C::joined_by(I - 1)>() && kept;
    } else {
      return are_known<I - 1>() && (SaysSteps<Maker<I>> || kept);
    }
  }
  template <std::size_t I>
  static constexpr bool are_known() {
    if constexpr (!sequence(0) || !sequence(I)) {
      return false;
    } else if constexpr (as_input(I)) {
      return true;
    } else {
      return follow<I>();
    }
  }
  template <std::size_t I>
  static constexpr Index following(Index n) {
    if constexpr (leaves_input<Maker<I>>) {
      return of<C::joined_by(I - 1)>(n);
    } else if constexpr (C::joins[I - 1]) {
      return std::max(of<I - 1>(n), of<C::joined_by(I - 1)>(n));
    } else if constexpr (SaysSteps<Maker<I>>) {
      return std::clamp<Index>(Maker<I>::steps(C::shapes[I - 1], of<I - 1>(n)), 0, C::shapes[I].width);
    } else {
      return of<I - 1>(n);
    }
  }

 public:
  /// Activation I has lengths.
  template <std::size_t I>
  static constexpr bool known = are_known<I>();

  /// Of a sample that has n; only where they are known.
  template <std::size_t I>
  static constexpr Index of(Index n) {
    if constexpr (I == 0 || (I == C::size && as_input(I))) {
      return n;
    } else if constexpr (!follow<I>()) {
      return n;
    } else if constexpr (as_input(I)) {
      return std::max(n, following<I>(n));
    } else {
      return following<I>(n);
    }
  }

  /// Those of activation I, if `of_input` is not null and activation I has some. `Channels`: values of a step.
  template <std::size_t I, Index Channels = C::shapes[I].channels>
  static constexpr Lengths lengths(const Index* of_input) {
    if constexpr (known<I>) {
      return {of_input, of<I>, Channels};
    } else {
      return {};
    }
  }

  /// The first layer that leaves no step of a sample of n; C::size if none does.
  static constexpr std::size_t exhausted_by(Index n) {
    std::size_t layer = C::size;
    C::for_each_layer([&]<std::size_t I>() {
      if constexpr (known<I + 1>) {
        if (of<I + 1>(n) < 1) layer = std::min(layer, I);
      }
    });
    return layer;
  }
};

namespace detail {

/// Sets to zero what is no sample's own, in an activation or a gradient of `rows` values a column.
template <class T>
void clear_padding(T* values, Index rows, Index columns, const Lengths& lengths) {
  for (Index j = 0; j < columns; ++j) std::fill(values + j * rows + lengths.values(j), values + (j + 1) * rows, T(0));
}

/// The same of activation I of a chain, where it has lengths and there are some.
template <class C, std::size_t I, class T>
void clear_padding(T* values, Index columns, const Index* of_input) {
  if constexpr (Steps<C>::template known<I>) {
    if (of_input) clear_padding(values, C::shapes[I].size(), columns, Steps<C>::template lengths<I>(of_input));
  }
}

}  // namespace detail

}  // namespace eigencoder
