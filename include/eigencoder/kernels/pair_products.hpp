// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <cstring>

#include "eigencoder/kernels/packet.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wignored-attributes"  // as in packet.hpp

// Sums of products of whole numbers, two columns at a time: each lane of 32 bits has a row's pair of weights, of 8 bits each in
// memory and of 16 in the register, and adds w₀ x₀ + w₁ x₁. Processors have one instruction for that, which gives twice the
// products of a float one. Sums are exact, so that they are the same on all of them.
namespace eigencoder::kernels::detail {

#if defined(EIGEN_VECTORIZE_AVX512) && defined(__AVX512BW__)
#define EIGENCODER_PAIRS_AVX512
#elif defined(EIGEN_VECTORIZE_AVX2) && !defined(EIGEN_VECTORIZE_AVX512)
#define EIGENCODER_PAIRS_AVX2
#elif defined(EIGEN_VECTORIZE_SSE2) && !defined(EIGEN_VECTORIZE_AVX)
#define EIGENCODER_PAIRS_SSE2
#endif

/// As many sums, pairs of weights, or copies of a pair of values as a Packet<float> has lanes.
struct Pairs {
  using P = Packet<float>;
  static constexpr Index size = P::size;

#if defined(EIGENCODER_PAIRS_AVX512)
  __m512i raw;
  static Pairs zero() { return {_mm512_setzero_si512()}; }
  static Pairs load(const std::byte* weights) {
    return {_mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights)))};
  }
  static Pairs broadcast(std::int32_t pair) { return {_mm512_set1_epi32(pair)}; }
  friend Pairs add_products(Pairs w, Pairs x, Pairs sums) {
    return {_mm512_add_epi32(sums.raw, _mm512_madd_epi16(w.raw, x.raw))};
  }
  P values() const { return P(_mm512_cvtepi32_ps(raw)); }
  /// Rounded to the nearest, |v| ≤ 32767.
  static void store_rounded(P v, std::int16_t* to) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtsepi32_epi16(_mm512_cvtps_epi32(v.raw)));
  }
#elif defined(EIGENCODER_PAIRS_AVX2)
  __m256i raw;
  static Pairs zero() { return {_mm256_setzero_si256()}; }
  static Pairs load(const std::byte* weights) {
    return {_mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(weights)))};
  }
  static Pairs broadcast(std::int32_t pair) { return {_mm256_set1_epi32(pair)}; }
  friend Pairs add_products(Pairs w, Pairs x, Pairs sums) {
    return {_mm256_add_epi32(sums.raw, _mm256_madd_epi16(w.raw, x.raw))};
  }
  P values() const { return P(_mm256_cvtepi32_ps(raw)); }
  static void store_rounded(P v, std::int16_t* to) {
    const __m256i whole = _mm256_cvtps_epi32(v.raw);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                     _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1)));
  }
#elif defined(EIGENCODER_PAIRS_SSE2)
  __m128i raw;
  static Pairs zero() { return {_mm_setzero_si128()}; }
  static Pairs load(const std::byte* weights) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(weights));
    return {_mm_srai_epi16(_mm_unpacklo_epi8(bytes, bytes), 8)};
  }
  static Pairs broadcast(std::int32_t pair) { return {_mm_set1_epi32(pair)}; }
  friend Pairs add_products(Pairs w, Pairs x, Pairs sums) { return {_mm_add_epi32(sums.raw, _mm_madd_epi16(w.raw, x.raw))}; }
  P values() const { return P(_mm_cvtepi32_ps(raw)); }
  static void store_rounded(P v, std::int16_t* to) {
    const __m128i whole = _mm_cvtps_epi32(v.raw);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packs_epi32(whole, whole));
  }
#else  // plain loops, which compilers turn into what the processor has
  std::int32_t lanes[static_cast<std::size_t>(size)];
  static Pairs zero() { return {}; }
  static Pairs load(const std::byte* weights) {
    std::int8_t pairs[static_cast<std::size_t>(2 * size)];
    std::memcpy(pairs, weights, sizeof pairs);
    Pairs widened{};
    for (Index i = 0; i < size; ++i) {
      const std::int32_t first = pairs[2 * i], second = pairs[2 * i + 1];
      widened.lanes[i] =
          static_cast<std::int32_t>(static_cast<std::uint32_t>(first & 0xFFFF) | static_cast<std::uint32_t>(second) << 16);
    }
    return widened;
  }
  static Pairs broadcast(std::int32_t pair) {
    Pairs all{};
    for (std::int32_t& lane : all.lanes) lane = pair;
    return all;
  }
  friend Pairs add_products(Pairs w, Pairs x, Pairs sums) {
    const auto low = [](std::int32_t pair) { return std::int32_t{static_cast<std::int16_t>(pair & 0xFFFF)}; };
    const auto high = [](std::int32_t pair) { return pair >> 16; };
    for (Index i = 0; i < size; ++i) sums.lanes[i] += low(w.lanes[i]) * low(x.lanes[i]) + high(w.lanes[i]) * high(x.lanes[i]);
    return sums;
  }
  P values() const {
    P::Lanes all;
    for (Index i = 0; i < size; ++i) all[static_cast<std::size_t>(i)] = static_cast<float>(lanes[i]);
    return P::load(all.data());
  }
  static void store_rounded(P v, std::int16_t* to) {
    // 1.5 · 2²³ has a unit in its last place of 1: the low bits of the sum are the whole number.
    const P::Lanes all = (v + P(12582912)).lanes();
    for (Index i = 0; i < size; ++i)
      to[i] = static_cast<std::int16_t>(std::bit_cast<std::uint32_t>(all[static_cast<std::size_t>(i)]) & 0xFFFF);
  }
#endif
};

#undef EIGENCODER_PAIRS_AVX512
#undef EIGENCODER_PAIRS_AVX2
#undef EIGENCODER_PAIRS_SSE2

}  // namespace eigencoder::kernels::detail

#pragma GCC diagnostic pop
