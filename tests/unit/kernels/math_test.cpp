// SPDX-License-Identifier: MIT
#include <bit>
#include <cstdint>
#include <eigencoder/kernels/math.hpp>
#include <limits>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"

// Every function against long double over all of float and double, as packets and as scalars. Each bound is the worst error that
// was seen, with and without FMA, on packets of every width, rounded up to the next half ulp.
namespace kernels = eigencoder::kernels;
using eigencoder::Index;

namespace {

template <class T>
constexpr T infinity = std::numeric_limits<T>::infinity();

/// Units in the last place between what was found and the exact value. An infinity or a NaN must be the same on both sides.
template <class T>
double ulps(T found, long double exact) {
  const T rounded = static_cast<T>(exact);
  if (std::isnan(rounded) || std::isnan(found)) return std::isnan(rounded) && std::isnan(found) ? 0 : infinity<double>;
  if (std::isinf(rounded) || std::isinf(found)) return rounded == found ? 0 : infinity<double>;
  int exponent;
  std::frexp(rounded, &exponent);
  using Limits = std::numeric_limits<T>;
  if (rounded == 0) exponent = Limits::min_exponent;
  const long double unit = std::ldexp(1.0L, std::max(exponent, Limits::min_exponent) - Limits::digits);
  return static_cast<double>(std::abs(static_cast<long double>(found) - exact) / unit);
}

/// Bit patterns spread over all of T (every exponent, both signs, denormals, NaNs), a fine grid where the functions bend, and the
/// edges. Filled up to whole packets.
template <class T>
std::vector<T> arguments(T least) {
  using Limits = std::numeric_limits<T>;
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  constexpr T bend = T(0.625), edge = sizeof(T) == 4 ? T(104) : T(746);  // where tanh changes its form; where exp underflows
  std::vector<T> all{0,  Limits::denorm_min(), Limits::min(), Limits::epsilon(), T(0.5), std::nextafter(T(0.5), T(0)),
                     1,  bend, std::nextafter(bend, T(0)), edge,  Limits::max(), infinity<T>, Limits::quiet_NaN()};
  for (std::size_t i = 0, count = all.size(); i < count; ++i) all.push_back(-all[i]);
  constexpr Bits count = 100'003, step = static_cast<Bits>(-1) / count;
  for (Bits i = 0; i < count; ++i) all.push_back(std::bit_cast<T>(static_cast<Bits>(i * step)));
  for (const T range : {T(1.25), T(20), T(1.02) * edge}) {
    for (int i = -50'000; i <= 50'000; ++i) all.push_back(range * static_cast<T>(i) / T(50'000));
  }
  for (T& x : all) x = x < least ? -x : x;
  all.resize((all.size() + 15) / 16 * 16, T(1));
  return all;
}

template <class T, class F, class Exact>
void check(double bound, F f, Exact exact, T least = -infinity<T>) {
  using P = kernels::Packet<T>;
  struct {
    double error = 0;
    T at = 0;
  } packet, scalar;
  const auto keep = [](auto& worst, double error, T at) {
    if (error > worst.error) worst = {error, at};
  };
  const std::vector<T> all = arguments(least);
  for (std::size_t i = 0; i < all.size(); i += P::size) {
    const auto found = f(P::load(all.data() + i)).lanes();
    for (std::size_t lane = 0; lane < P::size; ++lane) {
      const T x = all[i + lane];
      const long double expected = exact(static_cast<long double>(x));
      keep(packet, ulps(found[lane], expected), x);
      keep(scalar, ulps(f(x), expected), x);
    }
  }
  CAPTURE(packet.error, packet.at, scalar.error, scalar.at);
  CHECK(packet.error <= bound);
  CHECK(scalar.error <= bound);
}

}  // namespace

TEMPLATE_TEST_CASE("math: exp", "", float, double) {
  check<TestType>(0, [](auto x) { return kernels::exp(x); }, [](long double x) { return std::exp(x); });
}

TEMPLATE_TEST_CASE("math: log", "", float, double) {
  check<TestType>(0, [](auto x) { return kernels::log(x); }, [](long double x) { return std::log(x); });
}

TEMPLATE_TEST_CASE("math: sigmoid", "", float, double) {
  check<TestType>(
      0, [](auto x) { return kernels::sigmoid(x); }, [](long double x) { return 1 / (1 + std::exp(-x)); });
}

TEMPLATE_TEST_CASE("math: tanh", "", float, double) {
  check<TestType>(0, [](auto x) { return kernels::tanh(x); }, [](long double x) { return std::tanh(x); });
}

TEMPLATE_TEST_CASE("math: exp_minus_one", "", float, double) {
  check<TestType>(0, [](auto x) { return kernels::exp_minus_one(x); }, [](long double x) { return std::expm1(x); });
}

TEMPLATE_TEST_CASE("math: log_one_plus_exp_of_minus", "", float, double) {
  check<TestType>(
      0, [](auto x) { return kernels::log_one_plus_exp_of_minus(x); }, [](long double x) { return std::log1p(std::exp(-x)); },
      TestType(0));
}

TEMPLATE_TEST_CASE("math: softplus", "", float, double) {
  check<TestType>(
      0, [](auto x) { return kernels::softplus(x); },
      [](long double x) { return std::fmax(x, 0.0L) + std::log1p(std::exp(-std::abs(x))); });
}
