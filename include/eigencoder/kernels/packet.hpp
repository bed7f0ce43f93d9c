// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "eigencoder/core/shape.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored \
    "-Wignored-attributes"  // g++: the alignment of registers does not matter where they are template arguments

// The one header that names Eigen::internal: what Eigen has for SIMD, as a value type with operators.
namespace eigencoder::kernels {

/// The longest registers that the machine has, or half of them (the same where there is nothing shorter).
enum class Register { whole, half };

namespace detail {
template <class T, Register R>
struct RawPacket {
  using type = typename Eigen::internal::packet_traits<T>::type;
};
template <class T>
struct RawPacket<T, Register::half> {
  using type = typename Eigen::internal::packet_traits<T>::half;
};

/// Integers of a float's width, as many as a register holds.
template <class P>
struct WholePacket {
  using type = typename Eigen::internal::unpacket_traits<typename P::Raw>::integer_packet;
};

template <class Raw>
Raw less(Raw a, Raw b) {
  return Eigen::internal::pcmp_lt(a, b);
}
template <class Raw>
Raw less_or_equal(Raw a, Raw b) {
  return Eigen::internal::pcmp_le(a, b);
}
template <class Raw>
Raw equal(Raw a, Raw b) {
  return Eigen::internal::pcmp_eq(a, b);
}
template <class Raw>
Raw select(Raw mask, Raw yes, Raw no) {
  return Eigen::internal::pselect(mask, yes, no);
}
#ifdef EIGEN_VECTORIZE_AVX512  // whose comparisons give a bit a lane: Eigen widens each to a register and narrows that again
inline __mmask16 less(__m512 a, __m512 b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
inline __mmask8 less(__m512d a, __m512d b) { return _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ); }
inline __mmask16 less_or_equal(__m512 a, __m512 b) { return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ); }
inline __mmask8 less_or_equal(__m512d a, __m512d b) { return _mm512_cmp_pd_mask(a, b, _CMP_LE_OQ); }
inline __mmask16 equal(__m512 a, __m512 b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
inline __mmask8 equal(__m512d a, __m512d b) { return _mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ); }
inline __m512 select(__mmask16 mask, __m512 yes, __m512 no) { return _mm512_mask_blend_ps(mask, no, yes); }
inline __m512d select(__mmask8 mask, __m512d yes, __m512d no) { return _mm512_mask_blend_pd(mask, no, yes); }
#endif
}  // namespace detail

/// As many scalars as one register holds. Arithmetic is lane by lane; comparisons give a Mask for where().
template <std::floating_point T, Register R = Register::whole>
struct Packet {
  using Scalar = T;
  using Raw = typename detail::RawPacket<T, R>::type;
  static constexpr Index size = Eigen::internal::unpacket_traits<Raw>::size;
  static constexpr bool masks = Eigen::internal::unpacket_traits<Raw>::masked_load_available &&
                                Eigen::internal::unpacket_traits<Raw>::masked_store_available;

  struct Mask {
    decltype(detail::less(Raw{}, Raw{})) raw;
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
    if constexpr (masks) {
      return Packet(Eigen::internal::ploadu<Raw>(from, first_lanes(count)));
    } else {
      Lanes lanes{};
      std::copy_n(from, std::min(count, size), lanes.begin());  // g++ 12 would see copies of more than there are lanes
      return load(lanes.data());
    }
  }
  void store_part(T* to, Index count) const {
    if constexpr (masks) {
      Eigen::internal::pstoreu(to, raw, first_lanes(count));
    } else {
      std::copy_n(lanes().begin(), std::min(count, size), to);
    }
  }

  /// The same where `count` is mostly `size`.
  static Packet load_first(const T* from, Index count) { return count == size ? load(from) : load_part(from, count); }
  void store_first(T* to, Index count) const { count == size ? store(to) : store_part(to, count); }

  /// The first `count` lanes as they are, zeros in the others.
  Packet first(Index count) const {
    static constexpr auto numbers = [] {
      std::array<T, static_cast<std::size_t>(size)> all{};
      for (Index lane = 0; lane < size; ++lane) all[static_cast<std::size_t>(lane)] = static_cast<T>(lane);
      return all;
    }();
    return where(load(numbers.data()) < Packet(count), *this, Packet(0));
  }

  using Lanes = std::array<T, static_cast<std::size_t>(size)>;
  Lanes lanes() const {
    Lanes all;
    store(all.data());
    return all;
  }
  T sum() const { return Eigen::internal::predux(raw); }

  static auto first_lanes(Index count) {
    return static_cast<std::conditional_t<(size > 8), std::uint16_t, std::uint8_t>>((1U << count) - 1);
  }

  friend Packet operator+(Packet a, Packet b) { return Packet(Eigen::internal::padd(a.raw, b.raw)); }
  friend Packet operator-(Packet a, Packet b) { return Packet(Eigen::internal::psub(a.raw, b.raw)); }
  friend Packet operator*(Packet a, Packet b) { return Packet(Eigen::internal::pmul(a.raw, b.raw)); }
  friend Packet operator/(Packet a, Packet b) { return Packet(Eigen::internal::pdiv(a.raw, b.raw)); }
  friend Packet operator-(Packet a) { return Packet(Eigen::internal::pnegate(a.raw)); }
  friend Mask operator<(Packet a, Packet b) { return {detail::less(a.raw, b.raw)}; }
  friend Mask operator>(Packet a, Packet b) { return b < a; }
  friend Mask operator<=(Packet a, Packet b) { return {detail::less_or_equal(a.raw, b.raw)}; }
  friend Mask operator==(Packet a, Packet b) { return {detail::equal(a.raw, b.raw)}; }
};

// The functions that activations are written with, for packets and for scalars alike. min and max pass on a NaN in their
// first argument; the second, a bound, must not be one.

template <class T, Register R>
Packet<T, R> where(typename Packet<T, R>::Mask mask, Packet<T, R> yes, Packet<T, R> no) {
  return Packet<T, R>(detail::select(mask.raw, yes.raw, no.raw));
}
template <class T, Register R>
Packet<T, R> min(Packet<T, R> a, Packet<T, R> b) {
  return Packet<T, R>(Eigen::internal::pmin(a.raw, b.raw));
}
template <class T, Register R>
Packet<T, R> max(Packet<T, R> a, Packet<T, R> b) {
  return Packet<T, R>(Eigen::internal::pmax(a.raw, b.raw));
}
template <class T, Register R>
Packet<T, R> abs(Packet<T, R> a) {
  return Packet<T, R>(Eigen::internal::pabs(a.raw));
}
/// a·b + c, in one rounding where the machine has it.
template <class T, Register R>
Packet<T, R> multiply_add(Packet<T, R> a, Packet<T, R> b, Packet<T, R> c) {
  return Packet<T, R>(Eigen::internal::pmadd(a.raw, b.raw, c.raw));
}
template <class T, Register R>
Packet<T, R> floor(Packet<T, R> a) {
  return Packet<T, R>(Eigen::internal::pfloor(a.raw));
}
/// √a, within two units in the last place; what is below the normal numbers may count as 0.
template <class T, Register R>
Packet<T, R> sqrt(Packet<T, R> a) {
  return Packet<T, R>(Eigen::internal::psqrt(a.raw));
}
/// a · 2ⁿ for whole n, |n| ≤ 250.
template <class T, Register R>
Packet<T, R> scale_by_power_of_two(Packet<T, R> a, Packet<T, R> n) {
  if constexpr (std::same_as<T, float> && Packet<T, R>::size > 1) {
    // Two factors of about 2^(n/2), made of their exponent bits: what Eigen does in four, for any n.
    namespace simd = Eigen::internal;
    using Raw = typename Packet<T, R>::Raw;
    using Whole = typename detail::WholePacket<Packet<T, R>>::type;
    const auto power = [](Whole exponent) {
      return simd::preinterpret<Raw>(simd::plogical_shift_left<23>(simd::padd(exponent, simd::pset1<Whole>(127))));
    };
    const Whole whole = simd::pcast<Raw, Whole>(n.raw), half = simd::parithmetic_shift_right<1>(whole);
    return Packet<T, R>(simd::pmul(simd::pmul(a.raw, power(half)), power(simd::psub(whole, half))));
  } else {
    return Packet<T, R>(Eigen::internal::pldexp(a.raw, n.raw));
  }
}
/// The values of two bfloat16 a lane: of the lower half of its bits, and of the upper half.
template <Register R>
Packet<float, R> lower_bfloat16(Packet<float, R> pairs) {
  if constexpr (Packet<float, R>::size > 1) {
    namespace simd = Eigen::internal;
    using Whole = typename detail::WholePacket<Packet<float, R>>::type;
    using Raw = typename Packet<float, R>::Raw;
    return Packet<float, R>(simd::preinterpret<Raw>(simd::plogical_shift_left<16>(simd::preinterpret<Whole>(pairs.raw))));
  } else {
    return Packet<float, R>(std::bit_cast<float>(std::bit_cast<std::uint32_t>(pairs.raw) << 16));
  }
}
template <Register R>
Packet<float, R> upper_bfloat16(Packet<float, R> pairs) {
  constexpr std::uint32_t upper = 0xFFFF0000;
  if constexpr (Packet<float, R>::size > 1) {
    namespace simd = Eigen::internal;
    using Whole = typename detail::WholePacket<Packet<float, R>>::type;
    using Raw = typename Packet<float, R>::Raw;
    const Whole mask = simd::pset1<Whole>(static_cast<std::int32_t>(upper));
    return Packet<float, R>(simd::preinterpret<Raw>(simd::pand(simd::preinterpret<Whole>(pairs.raw), mask)));
  } else {
    return Packet<float, R>(std::bit_cast<float>(std::bit_cast<std::uint32_t>(pairs.raw) & upper));
  }
}
/// The same value, which the compiler must keep in a register: it would rather load it once more for each of several uses, where
/// loads are what a loop waits for.
template <class T, Register R>
Packet<T, R> loaded_once(Packet<T, R> a) {
#if defined(EIGEN_VECTORIZE_AVX512)
  asm("" : "+v"(a.raw));
#elif defined(EIGEN_VECTORIZE_SSE2)
  asm("" : "+x"(a.raw));
#endif
  return a;
}
/// A function of scalars, lane by lane: for what has no packet form.
template <class T, Register R, class F>
Packet<T, R> lanewise(Packet<T, R> a, F f) {
  auto lanes = a.lanes();
  for (T& lane : lanes) lane = f(lane);
  return Packet<T, R>::load(lanes.data());
}
/// a = mantissa · 2ⁿ with ½ ≤ |mantissa| < 1 and n whole, for finite a other than 0.
template <class V>
struct Split {
  V mantissa, n;
};
template <class T, Register R>
Split<Packet<T, R>> split(Packet<T, R> a) {
  using P = Packet<T, R>;
  if constexpr (Eigen::internal::packet_traits<T>::HasLog && P::size > 1) {
    typename P::Raw n;
    const typename P::Raw mantissa = Eigen::internal::pfrexp(a.raw, n);
    return {P(mantissa), P(n)};
  } else {
    int n = 0;
    return {lanewise(a, [&](T v) { return std::frexp(v, &n); }), lanewise(a, [&](T v) { return std::frexp(v, &n), static_cast<T>(n); })};
  }
}
template <class T, Register R>
Packet<T, R> erf(Packet<T, R> a) {
  return lanewise(a, [](T v) { return std::erf(v); });
}

/// Lane i of packet k ↔ lane k of packet i.
template <class T, Register R>
void transpose(std::array<Packet<T, R>, static_cast<std::size_t>(Packet<T, R>::size)>& square) {
  if constexpr (Packet<T, R>::size > 1) {
    Eigen::internal::PacketBlock<typename Packet<T, R>::Raw, Packet<T, R>::size> block;
    for (std::size_t k = 0; k < square.size(); ++k) block.packet[k] = square[k].raw;
    Eigen::internal::ptranspose(block);
    for (std::size_t k = 0; k < square.size(); ++k) square[k].raw = block.packet[k];
  }
}

/// Prefetches what will be read soon.
template <class T>
void prefetch(const T* at) {
  Eigen::internal::prefetch(at);
}

template <std::floating_point T>
T where(bool condition, T yes, T no) {
  return condition ? yes : no;
}
template <std::floating_point T>
T min(T a, T b) {
  return b < a ? b : a;
}
template <std::floating_point T>
T max(T a, T b) {
  return a < b ? b : a;
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
Split<T> split(T a) {
  int n = 0;
  const T mantissa = std::frexp(a, &n);
  return {mantissa, static_cast<T>(n)};
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
T sqrt(T a) {
  return std::sqrt(a);
}
template <std::floating_point T>
T scale_by_power_of_two(T a, T n) {
  return n == n ? std::ldexp(a, static_cast<int>(n)) : n;  // a NaN is no int
}

/// Float or double, whichever a packet or scalar is made of.
template <class V>
struct ScalarOf {
  using type = V;
};
template <class T, Register R>
struct ScalarOf<Packet<T, R>> {
  using type = T;
};

}  // namespace eigencoder::kernels

#pragma GCC diagnostic pop
