// SPDX-License-Identifier: MIT
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"
#include <eigencoder/kernels/math.hpp>

// Every function against long double over all of float and double, as packets and as scalars. Each bound is the worst error
// that was seen over many more arguments than here, with and without FMA, on packets of every width, rounded up to half an ulp.
namespace kernels = eigencoder::kernels;

namespace {

template <class T>
constexpr T infinity = std::numeric_limits<T>::infinity();

/// Units in the last place between what was found and the exact value. An infinity or a NaN must be the same on both sides.
template <class T>
double ulps(T found, long double exact) {
  using Limits = std::numeric_limits<T>;
  const T rounded = static_cast<T>(exact);
  if (std::isnan(rounded) || std::isnan(found)) return std::isnan(rounded) && std::isnan(found) ? 0 : infinity<double>;
  if (std::isinf(rounded) || std::isinf(found)) return rounded == found ? 0 : infinity<double>;
  int exponent = Limits::min_exponent;
  if (rounded != 0) std::frexp(rounded, &exponent);
  const long double unit = std::ldexp(1.0L, std::max(exponent, Limits::min_exponent) - Limits::digits);
  return static_cast<double>(std::abs(static_cast<long double>(found) - exact) / unit);
}

/// The edges, bit patterns spread over all of T (every exponent, both signs, NaNs), and fine grids where the functions bend.
template <class T>
std::vector<T> arguments() {
  using Limits = std::numeric_limits<T>;
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  constexpr T bend = T(0.625);                                 // where tanh changes its form
  constexpr T underflow = sizeof(T) == 4 ? T(104) : T(745.5);  // of e⁻ˣ; eˣ overflows before
  std::vector<T> all{0, Limits::denorm_min(), Limits::min(), Limits::epsilon(),
                     1, Limits::max(),        infinity<T>,   Limits::quiet_NaN()};
  for (const T edge : {T(0.5), bend, underflow, std::log(Limits::max())}) {
    all.insert(all.end(), {std::nextafter(edge, T(0)), edge, std::nextafter(edge, infinity<T>)});
  }
  for (std::size_t i = 0, count = all.size(); i < count; ++i) all.push_back(-all[i]);

  constexpr Bits count = 100'003, step = static_cast<Bits>(-1) / count;
  for (Bits i = 0; i < count; ++i) all.push_back(std::bit_cast<T>(static_cast<Bits>(i * step)));
  for (const T range : {T(1.25), T(20), underflow + 2}) {
    for (int i = -50'000; i <= 50'000; ++i) all.push_back(range * static_cast<T>(i) / T(50'000));
  }
  return all;
}

template <class T, class F, class Exact, class Domain>
void check(double bound, F f, Exact exact, Domain domain) {
  using P = kernels::Packet<T>;
  std::vector<T> all = arguments<T>();
  std::erase_if(all, [=](T x) { return !domain(x); });
  all.resize(all.size() / P::size * P::size);

  struct {
    double error = 0;
    T at = 0;
  } packet, scalar;
  const auto keep = [](auto& worst, double error, T at) {
    if (error > worst.error) worst = {error, at};
  };
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

const auto everywhere = [](auto) { return true; };
const auto not_negative = [](auto x) { return !(x < 0); };
const auto denormal = [](auto x) { return std::fpclassify(x) == FP_SUBNORMAL; };

}  // namespace

TEMPLATE_TEST_CASE("math: exp", "", float, double) {
  const auto exact = [](long double x) { return std::exp(x); };
  check<TestType>(
      2, [](auto x) { return kernels::exp(x); }, exact, everywhere);
}

TEMPLATE_TEST_CASE("math: log", "", float, double) {
  const auto exact = [](long double x) { return std::log(x); };
  check<TestType>(
      2, [](auto x) { return kernels::log(x); }, exact, [](auto x) { return !denormal(x); });
}

TEMPLATE_TEST_CASE("math: log of denormals", "", float, double) {
  const auto exact = [](long double x) { return std::log(x); };
  check<TestType>(
      2, [](auto x) { return kernels::log(x); }, exact, denormal);
}

TEMPLATE_TEST_CASE("math: sigmoid", "", float, double) {
  const auto exact = [](long double x) { return 1 / (1 + std::exp(-x)); };
  check<TestType>(
      3, [](auto x) { return kernels::sigmoid(x); }, exact, everywhere);
}

TEMPLATE_TEST_CASE("math: tanh", "", float, double) {
  const auto exact = [](long double x) { return std::tanh(x); };
  check<TestType>(
      1.5, [](auto x) { return kernels::tanh(x); }, exact, everywhere);
}

TEMPLATE_TEST_CASE("math: exp_minus_one", "", float, double) {
  const auto exact = [](long double x) { return std::expm1(x); };
  check<TestType>(
      3.5, [](auto x) { return kernels::exp_minus_one(x); }, exact, everywhere);
}

TEMPLATE_TEST_CASE("math: log_one_plus", "", float, double) {
  const auto exact = [](long double x) { return std::log1p(x); };
  check<TestType>(
      2, [](auto x) { return kernels::log_one_plus(x); }, exact, [](auto x) { return std::isnan(x) || (x >= 0 && x <= 1); });
}

TEMPLATE_TEST_CASE("math: log_one_plus_exp_of_minus", "", float, double) {
  const auto exact = [](long double x) { return std::log1p(std::exp(-x)); };
  check<TestType>(
      2.5, [](auto x) { return kernels::log_one_plus_exp_of_minus(x); }, exact, not_negative);
}

TEMPLATE_TEST_CASE("math: softplus", "", float, double) {
  // fmax would drop a NaN; the second term keeps it.
  const auto exact = [](long double x) { return std::fmax(x, 0.0L) + std::log1p(std::exp(-std::abs(x))); };
  check<TestType>(
      2.5, [](auto x) { return kernels::softplus(x); }, exact, everywhere);
}

TEMPLATE_TEST_CASE("math: sine_and_cosine of fractions of a turn, to their zeros", "", float, double) {
  using T = TestType;
  using P = kernels::Packet<T>;
  constexpr long double two_pi = 6.283185307179586476925286766559L;
  struct {
    double sine = 0, cosine = 0, radius = 0;
  } worst;
  const auto judge = [&](T t, T sine, T cosine) {
    const long double angle = two_pi * static_cast<long double>(t);
    worst.sine = std::max(worst.sine, static_cast<double>(std::abs(sine - std::sin(angle))));
    worst.cosine = std::max(worst.cosine, static_cast<double>(std::abs(cosine - std::cos(angle))));
    worst.radius =
        std::max(worst.radius, std::abs(static_cast<double>(sine) * sine + static_cast<double>(cosine) * cosine - 1));
  };
  for (int i = -100'000; i <= 100'000; ++i) {
    const T t = static_cast<T>(i) / T(200'000);
    const auto scalar = kernels::sine_and_cosine(t);
    judge(t, scalar.sine, scalar.cosine);
    const auto packet = kernels::sine_and_cosine(P(t));
    judge(t, packet.sine.lanes().back(), packet.cosine.lanes().back());
  }
  constexpr double unit = std::numeric_limits<T>::epsilon();
  CAPTURE(worst.sine / unit, worst.cosine / unit, worst.radius / unit);
  CHECK(worst.sine < 2 * unit);
  CHECK(worst.cosine < 3 * unit);
  CHECK(worst.radius < 6 * unit);
  for (const T end : {T(-0.5), T(0), T(0.5)}) CHECK(kernels::sine_and_cosine(end).sine == 0);
  for (const T end : {T(-0.25), T(0.25)}) CHECK(kernels::sine_and_cosine(end).cosine == 0);
  CHECK(std::isnan(kernels::sine_and_cosine(std::numeric_limits<T>::quiet_NaN()).sine));
}
