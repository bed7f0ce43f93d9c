// SPDX-License-Identifier: MIT
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "support/catch.hpp"
#include <eigencoder/kernels/packet.hpp>

namespace kernels = eigencoder::kernels;
using eigencoder::Index;

namespace {

template <class T>
constexpr T not_a_number = std::numeric_limits<T>::quiet_NaN();

/// Runs f on every pair of numbers, in every lane, and on the pair as scalars: f(a, b, result of both).
template <class T, class Operation, class Holds>
void for_all_pairs(Operation operation, Holds holds) {
  using P = kernels::Packet<T>;
  constexpr T infinite = std::numeric_limits<T>::infinity();
  const std::vector<T> numbers{T(-2), T(-0.0), T(0), T(1), T(1.5), infinite, -infinite, not_a_number<T>};
  for (const T a : numbers) {
    for (const T b : numbers) {
      CAPTURE(a, b);
      CHECK(holds(a, b, operation(a, b)));
      for (Index lane = 0; lane < P::size; ++lane) {
        auto left = P(1).lanes(), right = P(2).lanes();
        left[std::size_t(lane)] = a, right[std::size_t(lane)] = b;
        CHECK(holds(a, b, operation(P::load(left.data()), P::load(right.data())).lanes()[std::size_t(lane)]));
      }
    }
  }
}

template <class T>
bool same(T a, T b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

}  // namespace

TEMPLATE_TEST_CASE("packet: arithmetic is that of every lane", "", float, double) {
  using T = TestType;
  for_all_pairs<T>([](auto a, auto b) { return a + b; }, [](T a, T b, T found) { return same(found, a + b); });
  for_all_pairs<T>([](auto a, auto b) { return a - b; }, [](T a, T b, T found) { return same(found, a - b); });
  for_all_pairs<T>([](auto a, auto b) { return a * b; }, [](T a, T b, T found) { return same(found, a * b); });
  for_all_pairs<T>([](auto a, auto b) { return a / b; }, [](T a, T b, T found) { return same(found, a / b); });
  for_all_pairs<T>([](auto a, auto) { return -a; }, [](T a, T, T found) { return same(found, -a); });
  for_all_pairs<T>([](auto a, auto) { return kernels::abs(a); }, [](T a, T, T found) { return same(found, std::abs(a)); });
  for_all_pairs<T>([](auto a, auto) { return kernels::floor(a); }, [](T a, T, T found) { return same(found, std::floor(a)); });
  for_all_pairs<T>([](auto a, auto b) { return kernels::multiply_add(a, b, a); },
                   [](T a, T b, T found) { return same(found, a * b + a); });
}

TEMPLATE_TEST_CASE("packet: min and max hand on a NaN in what they limit", "", float, double) {
  using T = TestType;
  const auto limited = [](T a, T b, T found, T otherwise) {
    return std::isnan(b) || same(found, std::isnan(a) ? a : otherwise);
  };
  for_all_pairs<T>([](auto a, auto b) { return kernels::min(a, b); },
                   [&](T a, T b, T found) { return limited(a, b, found, std::fmin(a, b)); });
  for_all_pairs<T>([](auto a, auto b) { return kernels::max(a, b); },
                   [&](T a, T b, T found) { return limited(a, b, found, std::fmax(a, b)); });
}

TEMPLATE_TEST_CASE("packet: comparisons choose in where, and a NaN compares false", "", float, double) {
  using T = TestType;
  const auto choose = [](auto condition, auto like) {
    using V = decltype(like);
    return kernels::where(condition, V(1), V(0));
  };
  for_all_pairs<T>([&](auto a, auto b) { return choose(a < b, a); }, [](T a, T b, T found) { return found == T(a < b); });
  for_all_pairs<T>([&](auto a, auto b) { return choose(a > b, a); }, [](T a, T b, T found) { return found == T(a > b); });
  for_all_pairs<T>([&](auto a, auto b) { return choose(a <= b, a); }, [](T a, T b, T found) { return found == T(a <= b); });
  for_all_pairs<T>([&](auto a, auto b) { return choose(a == b, a); }, [](T a, T b, T found) { return found == T(a == b); });
  for_all_pairs<T>([](auto a, auto b) { return kernels::where(b < b + decltype(b)(1), a, b); },
                   [](T a, T b, T found) { return same(found, b < b + 1 ? a : b); });  // what is chosen may be a NaN
}

TEMPLATE_TEST_CASE("packet: scaling by powers of two, into denormals and past infinity", "", float, double) {
  using T = TestType;
  using P = kernels::Packet<T>;
  using Limits = std::numeric_limits<T>;
  for (const int n :
       {0, 1, -1, 7, Limits::max_exponent - 1, Limits::max_exponent, Limits::max_exponent + 1, Limits::min_exponent - 1,
        Limits::min_exponent - Limits::digits, Limits::min_exponent - Limits::digits - 2}) {
    CAPTURE(n);
    for (const T a : {T(1), T(-1.5), T(0), Limits::infinity()}) {
      CHECK(kernels::scale_by_power_of_two(P(a), P(n)).lanes().back() == std::ldexp(a, n));
      CHECK(kernels::scale_by_power_of_two(a, T(n)) == std::ldexp(a, n));
    }
  }
}

TEMPLATE_TEST_CASE("packet: square roots, within two units in the last place", "", float, double) {
  using T = TestType;
  using P = kernels::Packet<T>;
  using Limits = std::numeric_limits<T>;
  for (const T a : {T(0), Limits::min(), Limits::epsilon(), T(0.5), T(1), T(2), T(3), T(1e10), Limits::max() / 8}) {
    CAPTURE(a);
    const T root = std::sqrt(a);
    CHECK(std::abs(kernels::sqrt(P(a)).lanes().back() - root) <= 2 * Limits::epsilon() * root);
    CHECK(kernels::sqrt(a) == root);
  }
  CHECK(std::isnan(kernels::sqrt(P(-1)).lanes().back()));
  CHECK(std::isnan(kernels::sqrt(P(Limits::quiet_NaN())).lanes().back()));
}

TEMPLATE_TEST_CASE("packet: part of a packet is loaded and stored, and nothing beyond it", "", float, double) {
  using T = TestType;
  using P = kernels::Packet<T>;
  for (Index count = 0; count <= P::size; ++count) {
    CAPTURE(count);
    const auto n = static_cast<std::size_t>(count), size = static_cast<std::size_t>(P::size);
    std::vector<T> numbers(n), padded(size, T(0));  // `numbers` is so short that a sanitizer sees a read beyond
    std::iota(numbers.begin(), numbers.end(), T(1));
    std::copy(numbers.begin(), numbers.end(), padded.begin());
    for (const P part : {P::load_part(numbers.data(), count), P::load_first(numbers.data(), count)}) {
      CHECK(std::equal(padded.begin(), padded.end(), part.lanes().begin()));
      CHECK(part.sum() == std::accumulate(numbers.begin(), numbers.end(), T(0)));
    }

    const P all = P::load(std::vector<T>(size, T(7)).data());
    CHECK(all.first(count).sum() == T(7) * static_cast<T>(count));
    CHECK(P(not_a_number<T>).first(0).sum() == 0);
    std::vector<T> stored(n, T(7)), part(size + 1, T(-1)), first = part;
    stored.resize(size + 1, T(-1));
    all.store_part(part.data(), count);
    all.store_first(first.data(), count);
    CHECK(part == stored);
    CHECK(first == stored);
  }
}

TEMPLATE_TEST_CASE("packet: functions that have no packet form run lane by lane", "", float, double) {
  using T = TestType;
  using P = kernels::Packet<T>;
  auto lanes = P(0).lanes();
  for (std::size_t i = 0; i < lanes.size(); ++i) lanes[i] = T(i) / 8 - T(0.5);
  const auto found = kernels::erf(P::load(lanes.data())).lanes();
  for (std::size_t i = 0; i < lanes.size(); ++i) CHECK(found[i] == std::erf(lanes[i]));
  CHECK(kernels::erf(T(0.5)) == std::erf(T(0.5)));
}

TEMPLATE_TEST_CASE("packet: a square of packets is transposed", "", float, double) {
  const auto check = [](auto packet) {
    using P = decltype(packet);
    using T = typename P::Scalar;
    std::array<P, static_cast<std::size_t>(P::size)> square;
    for (std::size_t k = 0; k < square.size(); ++k) {
      typename P::Lanes lanes;
      for (std::size_t i = 0; i < lanes.size(); ++i) lanes[i] = T(100 * k + i);
      square[k] = P::load(lanes.data());
    }
    kernels::transpose(square);
    for (std::size_t k = 0; k < square.size(); ++k) {
      const auto lanes = square[k].lanes();
      for (std::size_t i = 0; i < lanes.size(); ++i) CHECK(lanes[i] == T(100 * i + k));
    }
  };
  check(kernels::Packet<TestType>(0));
  check(kernels::Packet<TestType, kernels::Register::half>(0));
}

TEST_CASE("packet: the two bfloat16 of a lane, whatever they are") {
  using P = kernels::Packet<float>;
  for (const std::uint32_t low : {0x0000U, 0x8000U, 0x3F80U, 0xC2F7U, 0x7F80U, 0x0001U, 0xFFFFU}) {
    for (const std::uint32_t high : {0x0000U, 0x8000U, 0x3F81U, 0xC2F7U, 0xFF80U, 0x0040U, 0x7FC1U}) {
      const P pairs(std::bit_cast<float>(high << 16 | low));
      CHECK(std::bit_cast<std::uint32_t>(kernels::lower_bfloat16(pairs).lanes().back()) == low << 16);
      CHECK(std::bit_cast<std::uint32_t>(kernels::upper_bfloat16(pairs).lanes().back()) == high << 16);
      CHECK(std::bit_cast<std::uint32_t>(kernels::loaded_once(pairs).lanes().front()) == (high << 16 | low));
    }
  }
}
