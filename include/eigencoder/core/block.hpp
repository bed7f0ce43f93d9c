// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

#include "eigencoder/core/shape.hpp"

namespace eigencoder {

/// A real number that can be part of a template argument. It is kept by its bits, since clang 14 has no floating-point ones.
struct RealArgument {
  std::uint64_t bits = 0;

  constexpr RealArgument(double value) : bits(std::bit_cast<std::uint64_t>(value)) {}
  constexpr operator double() const { return std::bit_cast<double>(bits); }
  friend constexpr bool operator==(RealArgument, RealArgument) = default;
};

/// How a block of parameters starts: a description that can be a template argument, Dense<32, Init::he_normal>. The names below
/// are those in use; others are made by the functions, or field by field.
///   constant          `value`; if `end` is positive, in the rows [begin, end) alone, and 0 in the others
///   uniform           U(−l, l)        variance l² / 3 = v
///   normal            N(0, v)         not truncated
///   truncated_normal  N(0, σ²) without what is beyond 2 σ, drawn again; σ = √v / 0.8796 makes v the variance of what is left
///   orthogonal        W, rows × cols, with Wᵀ W = value² I, or W Wᵀ = value² I if it has more columns than rows; uniformly
///                     distributed among those. Saxe, McClelland and Ganguli, 2014
/// v is `value` divided by fan_in, fan_out, their mean, or nothing, as `fan` says.
/// Glorot and Bengio, 2010; He, Zhang, Ren and Sun, 2015. Keras's he_normal and glorot_normal are truncated:
/// variance_scaling(2, Fan::in, Law::truncated_normal) and variance_scaling(1, Fan::mean, Law::truncated_normal).
struct Init {
  enum class Law : std::uint8_t { constant, uniform, normal, truncated_normal, orthogonal };
  enum class Fan : std::uint8_t { none, in, out, mean };

  Law law = Law::constant;
  RealArgument value = 0;
  Fan fan = Fan::none;
  Index begin = 0, end = 0;

  static const Init zeros, ones;
  static const Init glorot_uniform, glorot_normal;  ///< v = 2 / (fan_in + fan_out)
  static const Init he_uniform, he_normal;          ///< v = 2 / fan_in
  static const Init orthogonal;

  // The functions throw OptionError, or do not compile, where a value is not finite or a spread not positive.
  static constexpr Init constant(double value) { return {.value = finite("Init::constant", value)}; }
  /// Ones in the rows [begin, end), zeros elsewhere, such as the part of a bias that belongs to one gate; 0 ≤ begin < end.
  static constexpr Init ones_in_rows(Index begin, Index end) {
    if (!(0 <= begin && begin < end)) {
      raise<OptionError>("Init::ones_in_rows: expected 0 <= begin < end, found ", begin, " and ", end);
    }
    return {.value = 1, .begin = begin, .end = end};
  }
  /// Of variance scale / fan.
  static constexpr Init variance_scaling(double scale, Fan fan, Law law) {
    return {.law = law, .value = positive("Init::variance_scaling", scale), .fan = fan};
  }
  /// Keras's TruncatedNormal: N(0, deviation²) without what is beyond 2 deviations; so its variance is less, 0.7737 deviation².
  static constexpr Init truncated_normal(double deviation) {
    return {.law = Law::truncated_normal,
            .value = truncated_variance * positive("Init::truncated_normal", deviation) * deviation};
  }

  /// The variance of N(0, 1) without what is beyond 2: 1 − 4 φ(2) / (2 Φ(2) − 1).
  static constexpr double truncated_variance = 0.7737413035499232;

  friend constexpr bool operator==(Init, Init) = default;

  static constexpr double finite(const char* what, double value) {
    if (value - value != 0) raise<OptionError>(what, ": expected a finite value, found ", value);
    return value;
  }
  static constexpr double positive(const char* what, double value) {
    if (!(value > 0)) raise<OptionError>(what, ": expected a positive value, found ", value);
    return finite(what, value);
  }
};

inline constexpr Init Init::zeros{};
inline constexpr Init Init::ones{.value = 1};
inline constexpr Init Init::glorot_uniform{.law = Law::uniform, .value = 1, .fan = Fan::mean};
inline constexpr Init Init::glorot_normal{.law = Law::normal, .value = 1, .fan = Fan::mean};
inline constexpr Init Init::he_uniform{.law = Law::uniform, .value = 2, .fan = Fan::in};
inline constexpr Init Init::he_normal{.law = Law::normal, .value = 2, .fan = Fan::in};
inline constexpr Init Init::orthogonal{.law = Law::orthogonal, .value = 1};

/// One axis of a block: what it runs over, and how many there are. `out` is what the block makes, `in` what it reads: channels,
/// or, in a layer that takes all values of a sample, these in the sample's order, channels fastest, then width, then height.
struct BlockAxis {
  enum Kind : std::uint8_t { none, out, in, kernel_height, kernel_width };

  Kind kind = none;
  Index size = 1;
};

/// One named matrix (or vector) of a layer's parameters or running state. It drives size, place, initialisation, weight
/// decay and the names in files and messages.
struct Block {
  std::string_view name;
  Index rows = 0;
  Index cols = 0;  ///< 0: a vector
  Init init = Init::zeros;
  Index fan_in = 0, fan_out = 0;  ///< 0: cols and rows
  bool decay = true;              ///< weight decay applies
  bool trainable = true;          ///< false: running state, which no optimizer sees
  /// Its axes, from the one whose neighbours lie side by side in the column-major memory to the slowest. Left out: `out` for a
  /// vector, `out` and `in` for the rows and columns of a matrix.
  std::array<BlockAxis, 4> axes{};

  constexpr Index size() const { return cols == 0 ? rows : rows * cols; }

  /// How many entries the block has along an axis: 1 along one that it lacks.
  constexpr Index extent(BlockAxis::Kind kind) const { return find(kind).entries; }
  /// How many values lie between neighbours along an axis. The value of (out o, in i, kernel row h, kernel column w) is at
  /// o stride(out) + i stride(in) + h stride(kernel_height) + w stride(kernel_width): by this files of any order are written.
  constexpr Index stride(BlockAxis::Kind kind) const { return find(kind).stride; }

 private:
  struct Found {
    Index entries, stride;
  };
  constexpr Found find(BlockAxis::Kind kind) const {
    Index stride = 1;
    for (std::size_t i = 0; i < axes.size(); ++i) {
      BlockAxis axis = axes[i];
      if (axes[0].kind == BlockAxis::none && i == 0) axis = {BlockAxis::out, rows};
      if (axes[0].kind == BlockAxis::none && i == 1 && cols > 0) axis = {BlockAxis::in, cols};
      if (axis.kind == kind) return {axis.size, stride};
      stride *= axis.size;
    }
    return {1, 0};
  }
};

/// A block of a layer, and where it begins in the layer's part of memory.
struct LayerBlock {
  Block block{};
  Index offset = 0;
};

/// A block of a network: of which layer, and where it begins in the network's parameters, or in its running state.
struct PlacedBlock {
  std::size_t layer = 0;
  Block block{};
  Index offset = 0;
};

}  // namespace eigencoder
