// SPDX-License-Identifier: MIT
#include <vector>

#include "golden/golden.hpp"
#include "support/catch.hpp"
#include <eigencoder/kernels/depthwise.hpp>
#include <eigencoder/kernels/depthwise_rows.hpp>

// Small whole numbers make every sum exact, in any order: both ways are compared with the definition for equality.
namespace ec = eigencoder;
namespace kernels = eigencoder::kernels;
using eigencoder::Index;

namespace {

constexpr Index images = 3;
constexpr std::size_t beyond = 20;  // poisoned scalars after the end: more than a packet

template <class T>
std::vector<T> numbers(Index n, std::uint64_t stream) {
  Eigen::Matrix<T, Eigen::Dynamic, 1> values(n);
  golden::fill(stream, 8, -4, values);
  values = values.array().floor();
  return {values.data(), values.data() + n};
}

template <class T>
std::vector<T> poisoned(std::vector<T> values) {
  values.insert(values.end(), beyond, T(-77));
  return values;
}

/// f(place in x, place in y, weight) for every tap of every window that is on a pixel.
template <ec::Windows W, Index Channels, class F>
void for_each_product(F f) {
  const auto &v = W.vertical, &h = W.horizontal;
  for (Index n = 0; n < images * v.windows * h.windows; ++n) {
    const Index row = n / h.windows % v.windows, column = n % h.windows;
    for (Index tap = 0; tap < v.taps * h.taps; ++tap) {
      const Index y = row * v.stride - v.padding_before + tap / h.taps * v.dilation,
                  x = column * h.stride - h.padding_before + tap % h.taps * h.dilation;
      if (y < 0 || y >= v.pixels || x < 0 || x >= h.pixels) continue;
      const Index pixel = (n / (v.windows * h.windows) * v.pixels + y) * h.pixels + x;
      for (Index c = 0; c < Channels; ++c) {
        f(static_cast<std::size_t>(pixel * Channels + c), static_cast<std::size_t>(n * Channels + c),
          static_cast<std::size_t>(tap * Channels + c));
      }
    }
  }
}

const auto twice = [](auto value, Index, Index) { return value + value; };

template <class T, ec::Windows W, Index Channels>
void check() {
  CAPTURE(W.vertical.pixels, W.horizontal.pixels, W.vertical.taps, W.horizontal.taps, W.vertical.stride, Channels);
  const Index pixels = images * W.vertical.pixels * W.horizontal.pixels * Channels, windows = images * W.count() * Channels;
  const Index weights = W.vertical.taps * W.horizontal.taps * Channels;
  const auto x = numbers<T>(pixels, 1), dy = numbers<T>(windows, 2), weight = numbers<T>(weights, 3),
             bias = numbers<T>(Channels, 4);
  std::vector<T> y(dy.size()), dx(x.size(), T(0)), dweight(weight.size(), T(5));
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = 2 * bias[i % bias.size()];
  for_each_product<W, Channels>([&](std::size_t in, std::size_t out, std::size_t w) {
    y[out] += 2 * weight[w] * x[in];
    dx[in] += 2 * weight[w] * dy[out];
    dweight[w] += dy[out] * x[in];
  });

  auto found = poisoned(std::vector<T>(y.size(), T(3)));
  kernels::depthwise<false, W, Channels>(images, x.data(), weight.data(), bias.data(), found.data(), twice);
  CHECK(found == poisoned(y));
  found = poisoned(std::vector<T>(x.size(), T(3)));
  kernels::depthwise<true, W, Channels>(images, dy.data(), weight.data(), static_cast<const T*>(nullptr), found.data(), twice);
  CHECK(found == poisoned(dx));
  found = poisoned(std::vector<T>(weight.size(), T(5)));
  kernels::add_depthwise_gradient<W, Channels>(images, x.data(), dy.data(), found.data());
  CHECK(found == poisoned(dweight));

  constexpr Index needed = kernels::depthwise_rows_scratch(W, Channels);
  if constexpr (needed > 0) {
    std::vector<T> scratch(static_cast<std::size_t>(needed), std::numeric_limits<T>::quiet_NaN());
    found = poisoned(std::vector<T>(y.size(), T(3)));
    kernels::depthwise_rows<false, W, Channels>(images, x.data(), weight.data(), bias.data(), found.data(), scratch.data(),
                                                twice);
    CHECK(found == poisoned(y));
    found = poisoned(std::vector<T>(x.size(), T(3)));
    kernels::depthwise_rows<true, W, Channels>(images, dy.data(), weight.data(), static_cast<const T*>(nullptr), found.data(),
                                               scratch.data(), twice);
    CHECK(found == poisoned(dx));
    found = poisoned(std::vector<T>(weight.size(), T(5)));
    kernels::add_depthwise_rows_gradient<W, Channels>(images, x.data(), dy.data(), found.data(), scratch.data());
    CHECK(found == poisoned(dweight));
  }
}

template <class T, Index Channels>
void check_windows() {
  using ec::Dilation, ec::Padding, ec::Windows;
  check<T, Windows(ec::image(5, 28), 3, 1, Padding::same), Channels>();
  check<T, Windows(ec::image(4, 7), {2, 3}, 1, Padding::valid), Channels>();
  check<T, Windows(ec::image(3, 6), {4, 2}, 1, Padding::same, Dilation{2, 3}), Channels>();
  check<T, Windows(ec::image(9, 8), {3, 4}, {2, 3}, Padding::same), Channels>();
  check<T, Windows(ec::image(7, 9), 2, 3, Padding::valid), Channels>();
}

}  // namespace

TEMPLATE_TEST_CASE("depthwise: sums, both gradients, along channels and along rows, and nothing beyond them", "", float,
                   double) {
  check_windows<TestType, 1>();
  check_windows<TestType, 3>();
  check_windows<TestType, 16>();
  check_windows<TestType, 17>();
}
