// SPDX-License-Identifier: MIT
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "support/catch.hpp"
#include <eigencoder/kernels/elementwise.hpp>

// Small whole numbers make every sum exact, in any order: results are compared for equality.
namespace kernels = eigencoder::kernels;
using eigencoder::Index;

namespace {

constexpr int beyond = 20;  // poisoned scalars after the end: more than a packet

/// 1, 2, …, 9, 1, 2, … in n places, so short that a sanitizer sees a read beyond.
template <class T>
std::vector<T> count_up(Index n, int first = 0) {
  std::vector<T> values(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<T>((static_cast<int>(i) + first) % 9 + 1);
  return values;
}

template <class T>
std::vector<T> poisoned(std::vector<T> values) {
  values.insert(values.end(), beyond, T(-77));
  return values;
}

const auto affine = [](auto a, auto b) { return a * b + decltype(a)(2); };
/// y² t, with derivative 3y − t: no loss, but each operand has a part of its own in both.
const auto some_loss = []<class V>(V y, V t) { return kernels::Pointwise<V>{y * y * t, V(3) * y - t}; };

}  // namespace

TEMPLATE_TEST_CASE("transform: every length, one and two inputs, in place or not", "", float, double) {
  using T = TestType;
  for (Index n = 0; n <= 70; ++n) {
    CAPTURE(n);
    const std::vector<T> a = count_up<T>(n), b = count_up<T>(n, 5);
    std::vector<T> sums(a.size()), squares(a.size());
    for (std::size_t i = 0; i < a.size(); ++i) sums[i] = affine(a[i], b[i]), squares[i] = a[i] * a[i];

    std::vector<T> out = poisoned(std::vector<T>(a.size(), T(0)));
    kernels::transform(n, out.data(), affine, a.data(), b.data());
    CHECK(out == poisoned(sums));

    for (const bool second : {false, true}) {
      out = poisoned(second ? b : a);
      kernels::transform(n, out.data(), affine, second ? a.data() : out.data(), second ? out.data() : b.data());
      CHECK(out == poisoned(sums));
    }

    out = poisoned(a);
    kernels::transform(
        n, out.data(), [](auto v) { return v * v; }, out.data());
    CHECK(out == poisoned(squares));
  }
}

TEMPLATE_TEST_CASE("sum_pointwise: value, gradient, gradient added, at every length", "", float, double) {
  using T = TestType;
  constexpr double scale = 0.25;
  // Beyond 70: around one and two blocks of packets, each of which has a partial sum of its own.
  constexpr Index block = 64 * kernels::Packet<T>::size;
  std::vector<Index> lengths(71);
  std::iota(lengths.begin(), lengths.end(), Index{0});
  lengths.insert(lengths.end(), {block - 1, block, block + 1, 2 * block - 1, 2 * block, 2 * block + 5});

  for (const Index n : lengths) {
    CAPTURE(n);
    const std::vector<T> y = count_up<T>(n), t = count_up<T>(n, 4);
    double value = 0;
    std::vector<T> gradient(y.size());
    for (std::size_t i = 0; i < y.size(); ++i) {
      value += static_cast<double>(y[i] * y[i] * t[i]);
      gradient[i] = static_cast<T>(scale) * (3 * y[i] - t[i]);
    }
    std::vector<T> sum = gradient;
    for (T& v : sum) v += 10;

    std::vector<T> dy = poisoned(std::vector<T>(y.size(), std::numeric_limits<T>::quiet_NaN()));  // must not be read
    CHECK(kernels::sum_pointwise<true, false>(n, y.data(), t.data(), dy.data(), scale, some_loss) == value);
    CHECK(dy == poisoned(gradient));

    dy = poisoned(std::vector<T>(y.size(), T(10)));
    CHECK(kernels::sum_pointwise<true, true>(n, y.data(), t.data(), dy.data(), scale, some_loss) == value);
    CHECK(dy == poisoned(sum));

    T* const nowhere = nullptr;  // without a gradient there need be no memory for one
    CHECK(kernels::sum_pointwise<false, false>(n, y.data(), t.data(), nowhere, scale, some_loss) == value);
    CHECK(kernels::sum_pointwise<false, true>(n, y.data(), t.data(), nowhere, scale, some_loss) == value);
  }
}

TEMPLATE_TEST_CASE("sum_pointwise: lanes beyond the end stay out of the sum, even where the loss is infinite in them", "",
                   float, double) {
  using T = TestType;
  const auto inverse = []<class V>(V y, V) {
    return kernels::Pointwise<V>{V(1) / y, V(1)};
  };  // of the zeros that fill a packet
  for (Index n = 1; n <= 40; ++n) {
    CAPTURE(n);
    const std::vector<T> ones(static_cast<std::size_t>(n), T(1));
    CHECK(kernels::sum_pointwise<false, false>(n, ones.data(), ones.data(), static_cast<T*>(nullptr), 1, inverse) == double(n));
  }
}

TEST_CASE("sum_pointwise: millions of floats add up as in double") {
  constexpr Index n = Index{1} << 22;
  const std::vector<float> tenths(static_cast<std::size_t>(n), 0.1f);
  const auto itself = []<class V>(V y, V) { return kernels::Pointwise<V>{y, y}; };
  const double sum =
      kernels::sum_pointwise<false, false>(n, tenths.data(), tenths.data(), static_cast<float*>(nullptr), 1, itself);
  CHECK(std::abs(sum / (n * double{0.1f}) - 1) < 1e-6);  // one running sum a lane would be wrong by 1e-3
}

TEMPLATE_TEST_CASE("sum_squares: every length, and not finite where a value or its square is not, wherever it stands", "",
                   float, double) {
  using T = TestType;
  constexpr T infinity = std::numeric_limits<T>::infinity(), large = std::numeric_limits<T>::max();
  for (Index n = 0; n < 150; ++n) {
    const auto values = poisoned(count_up<T>(n));
    T expected = 0;
    for (Index i = 0; i < n; ++i) expected += values[static_cast<std::size_t>(i)] * values[static_cast<std::size_t>(i)];
    CHECK(kernels::sum_squares(n, values.data()) == expected);
  }
  for (std::size_t place = 0; place < 147; ++place) {
    for (const T bad : {infinity, -infinity, std::numeric_limits<T>::quiet_NaN(), large}) {
      auto values = count_up<T>(147);
      values[place] = bad;
      CHECK(!std::isfinite(kernels::sum_squares(Index{147}, values.data())));
    }
  }
}
