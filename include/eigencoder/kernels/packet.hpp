// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <limits>

#include "eigencoder/core/shape.hpp"

// The one header that names Eigen::internal: whatever Eigen knows of SIMD, as a value type with operators.
namespace eigencoder::kernels {

/// As many scalars as one register holds. Arithmetic is lane by lane; comparisons give a Mask for where().
template <std::floating_point T>
struct Packet {
  using Raw = typename Eigen::internal::packet_traits<T>::type;
  static constexpr Index size = Eigen::internal::unpacket_traits<Raw>::size;

  struct Mask {
    Raw raw;
  };

  Raw raw;

  Packet() = default;
  explicit Packet(Raw value) requires(!std::same_as<Raw, T>) : raw(value) {}
  template <class Number>
    requires std::is_arithmetic_v<Number>
  explicit Packet(Number value) : raw(Eigen::internal::pset1<Raw>(static_cast<T>(value))) {}

  static Packet load(const T* from) { return Packet(Eigen::internal::ploadu<Raw>(from)); }
  void store(T* to) const { Eigen::internal::pstoreu(to, raw); }

  /// The first `count` lanes from memory, zeros in the others.
  static Packet load_part(const T* from, Index count) {
    Lanes lanes{};
    std::copy_n(from, count, lanes.begin());
    return load(lanes.data());
  }
  void store_part(T* to, Index count) const { std::copy_n(lanes().begin(), count, to); }

  /// The same where `count` is mostly `size`.
  static Packet load_first(const T* from, Index count) { return count == size ? load(from) : load_part(from, count); }
  void store_first(T* to, Index count) const { count == size ? store(to) : store_part(to, count); }

  using Lanes = std::array<T, static_cast<std::size_t>(size)>;
  Lanes lanes() const {
    Lanes all;
    store(all.data());
    return all;
  }
  T sum() const { return Eigen::internal::predux(raw); }

  friend Packet operator+(Packet a, Packet b) { return Packet(Eigen::internal::padd(a.raw, b.raw)); }
  friend Packet operator-(Packet a, Packet b) { return Packet(Eigen::internal::psub(a.raw, b.raw)); }
  friend Packet operator*(Packet a, Packet b) { return Packet(Eigen::internal::pmul(a.raw, b.raw)); }
  friend Packet operator/(Packet a, Packet b) { return Packet(Eigen::internal::pdiv(a.raw, b.raw)); }
  friend Packet operator-(Packet a) { return Packet(Eigen::internal::pnegate(a.raw)); }
  friend Mask operator<(Packet a, Packet b) { return {Eigen::internal::pcmp_lt(a.raw, b.raw)}; }
  friend Mask operator>(Packet a, Packet b) { return b < a; }
  friend Mask operator<=(Packet a, Packet b) { return {Eigen::internal::pcmp_le(a.raw, b.raw)}; }
};

// The functions that recipes are written with, for packets and for scalars alike. min and max hand a NaN on.

template <class T>
Packet<T> where(typename Packet<T>::Mask mask, Packet<T> yes, Packet<T> no) {
  return Packet<T>(Eigen::internal::pselect(mask.raw, yes.raw, no.raw));
}
template <class T>
Packet<T> min(Packet<T> a, Packet<T> b) {
  return Packet<T>(Eigen::internal::pmin<Eigen::PropagateNaN>(a.raw, b.raw));
}
template <class T>
Packet<T> max(Packet<T> a, Packet<T> b) {
  return Packet<T>(Eigen::internal::pmax<Eigen::PropagateNaN>(a.raw, b.raw));
}
template <class T>
Packet<T> abs(Packet<T> a) {
  return Packet<T>(Eigen::internal::pabs(a.raw));
}
/// a·b + c, in one rounding where the machine has it.
template <class T>
Packet<T> multiply_add(Packet<T> a, Packet<T> b, Packet<T> c) {
  return Packet<T>(Eigen::internal::pmadd(a.raw, b.raw, c.raw));
}
template <class T>
Packet<T> floor(Packet<T> a) {
  return Packet<T>(Eigen::internal::pfloor(a.raw));
}
/// a · 2ⁿ for whole n.
template <class T>
Packet<T> scale_by_power_of_two(Packet<T> a, Packet<T> n) {
  return Packet<T>(Eigen::internal::pldexp(a.raw, n.raw));
}
/// A function of scalars, lane by lane: for what has no packet form.
template <class T, class F>
Packet<T> lanewise(Packet<T> a, F f) {
  auto lanes = a.lanes();
  for (T& lane : lanes) lane = f(lane);
  return Packet<T>::load(lanes.data());
}
template <class T>
Packet<T> log(Packet<T> a) {
  if constexpr (Eigen::internal::packet_traits<T>::HasLog && Packet<T>::size > 1) {
    // Eigen takes what is below the normal numbers for 0: such values are scaled by 2⁶⁴ on the way.
    const typename Packet<T>::Mask tiny = a < Packet<T>(std::numeric_limits<T>::min());
    const Packet<T> scaled = where(tiny, a * Packet<T>(0x1p64), a);
    const Packet<T> shift = where(tiny, Packet<T>(-44.3614195558364998), Packet<T>(0));
    return Packet<T>(Eigen::internal::plog(scaled.raw)) + shift;
  } else {
    return lanewise(a, [](T v) { return std::log(v); });
  }
}
template <class T>
Packet<T> erf(Packet<T> a) {
  return lanewise(a, [](T v) { return std::erf(v); });
}

template <std::floating_point T>
T where(bool condition, T yes, T no) {
  return condition ? yes : no;
}
template <std::floating_point T>
T min(T a, T b) {
  return b < a || std::isnan(b) ? b : a;
}
template <std::floating_point T>
T max(T a, T b) {
  return a < b || std::isnan(b) ? b : a;
}
template <std::floating_point T>
T multiply_add(T a, T b, T c) {
  return a * b + c;
}
template <std::floating_point T>
T abs(T a) {
  return std::abs(a);
}
template <std::floating_point T>
T log(T a) {
  return std::log(a);
}
template <std::floating_point T>
T erf(T a) {
  return std::erf(a);
}
template <std::floating_point T>
T floor(T a) {
  return std::floor(a);
}
template <std::floating_point T>
T scale_by_power_of_two(T a, T n) {
  return std::ldexp(a, static_cast<int>(n));
}

/// Float or double, whichever a packet or scalar is made of.
template <class V>
struct ScalarOf {
  using type = V;
};
template <class T>
struct ScalarOf<Packet<T>> {
  using type = T;
};

}  // namespace eigencoder::kernels
