// SPDX-License-Identifier: MIT
#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include <eigencoder/kernels/gates.hpp>

namespace kernels = eigencoder::kernels;

namespace {

/// The largest error of f, relative where `relative`, over packets and scalars; everything must lie in [low, high].
template <class T, class F, class Exact>
double error(F f, Exact exact, double low, double high, bool relative) {
  using P = kernels::Packet<T>;
  double worst = 0;
  bool inside = true;
  for (int i = 0; i < 400'000; i += static_cast<int>(P::size)) {
    typename P::Lanes x;
    for (std::size_t k = 0; k < x.size(); ++k) x[k] = static_cast<T>(-14 + 28 * (i + static_cast<double>(k)) / 400'000);
    const auto packet = f(P::load(x.data())).lanes();
    for (std::size_t k = 0; k < x.size(); ++k) {
      const double expected = exact(static_cast<double>(x[k]));
      for (const T found : {packet[k], f(x[k])}) {
        const double difference = std::abs(static_cast<double>(found) - expected);
        worst = std::max(worst, relative && difference > 0 ? difference / std::abs(expected) : difference);
        inside = inside && static_cast<double>(found) >= low && static_cast<double>(found) <= high;
      }
    }
  }
  CHECK(inside);
  return worst;
}

}  // namespace

TEST_CASE("gates: within what they promise, and never beyond their range") {
  const auto tanh = [](auto x) { return kernels::gate_tanh(x); };
  const auto sigmoid = [](auto x) { return kernels::gate_sigmoid(x); };
  const auto exact_tanh = [](double x) { return std::tanh(x); };
  const auto exact_sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
  constexpr double unit = std::numeric_limits<float>::epsilon();
  CHECK(error<float>(tanh, exact_tanh, -1, 1, false) < 4e-7);
  CHECK(error<float>(tanh, exact_tanh, -1, 1, true) < 4 * unit);
  CHECK(error<float>(sigmoid, exact_sigmoid, 0, 1, false) < 3e-7);
  CHECK(error<double>(tanh, exact_tanh, -1, 1, true) < 1e-15);
  CHECK(error<double>(sigmoid, exact_sigmoid, 0, 1, true) < 1e-15);
}

TEMPLATE_TEST_CASE("gates: at zero, at infinity and of no number", "", float, double) {
  using T = TestType;
  constexpr T infinity = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  CHECK(kernels::gate_tanh(T(0)) == 0);
  CHECK(kernels::gate_sigmoid(T(0)) == T(0.5));
  for (const T x : {T(100), infinity}) {
    CHECK(std::abs(kernels::gate_tanh(x) - 1) < T(4e-7));
    CHECK(std::abs(kernels::gate_tanh(-x) + 1) < T(4e-7));
    CHECK(std::abs(kernels::gate_sigmoid(-x)) < T(3e-7));
  }
  CHECK(std::isnan(kernels::gate_tanh(nan)));
  CHECK(std::isnan(kernels::gate_sigmoid(kernels::Packet<T>(nan)).lanes()[0]));
}
