// SPDX-License-Identifier: MIT
#include <cmath>
#include <limits>
#include <vector>

#include "golden/golden.hpp"
#include "support/catch.hpp"
#include <eigencoder/kernels/depthwise.hpp>
#include <eigencoder/layers/activation.hpp>

// Small whole numbers make every sum exact, in any order: results are compared with the definition for equality.
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
template <class F>
void for_each_product(const kernels::Grid& grid, F f) {
  const auto &v = grid.vertical, &h = grid.horizontal;
  const Index channels = grid.channels;
  for (Index n = 0; n < images * v.windows * h.windows; ++n) {
    const Index row = n / h.windows % v.windows, column = n % h.windows;
    for (Index tap = 0; tap < v.taps * h.taps; ++tap) {
      const Index y = row * v.stride - v.padding_before + tap / h.taps * v.dilation,
                  x = column * h.stride - h.padding_before + tap % h.taps * h.dilation;
      if (y < 0 || y >= v.pixels || x < 0 || x >= h.pixels) continue;
      const Index pixel = (n / (v.windows * h.windows) * v.pixels + y) * h.pixels + x;
      for (Index c = 0; c < channels; ++c) {
        f(static_cast<std::size_t>(pixel * channels + c), static_cast<std::size_t>(n * channels + c),
          static_cast<std::size_t>(tap * channels + c));
      }
    }
  }
}

template <class T>
void check(const ec::Windows& w, Index channels) {
  const kernels::Grid grid(w, channels);
  CAPTURE(w.vertical.pixels, w.horizontal.pixels, w.vertical.taps, w.horizontal.taps, w.vertical.stride, w.horizontal.dilation,
          channels);
  const auto x = numbers<T>(images * grid.pixels(), 1), dy = numbers<T>(images * grid.windows(), 2),
             weight = numbers<T>(grid.taps() * channels, 3), bias = numbers<T>(channels, 4);
  std::vector<T> y(dy.size()), dx(x.size(), T(0)), dweight(weight.size(), T(5));
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = bias[i % bias.size()];
  for_each_product(grid, [&](std::size_t in, std::size_t out, std::size_t tap) {
    y[out] += weight[tap] * x[in];
    dx[in] += weight[tap] * dy[out];
    dweight[tap] += dy[out] * x[in];
  });

  std::vector<T> scratch(static_cast<std::size_t>(kernels::depthwise_scratch(grid)) + beyond,
                         std::numeric_limits<T>::quiet_NaN());
  auto found = poisoned(std::vector<T>(y.size(), T(3)));
  kernels::depthwise(grid, images, x.data(), weight.data(), bias.data(), found.data(), scratch.data());
  CHECK(found == poisoned(y));
  for (const T slope : {T(0), T(0.5)}) {  // in registers, and after them
    const ec::LeakyReLU leaky(static_cast<double>(slope));
    found = poisoned(std::vector<T>(y.size(), T(3)));
    kernels::depthwise(grid, images, x.data(), weight.data(), bias.data(), found.data(), scratch.data(),
                       slope == 0 ? kernels::apply<T>(ec::ReLU{}) : kernels::apply<T>(leaky));
    auto bent = y;
    for (T& value : bent) value = value > 0 ? value : slope * value;
    CHECK(found == poisoned(bent));
    found = poisoned(std::vector<T>(x.size(), T(3)));
    kernels::depthwise_transpose(
        grid, images, dy.data(), weight.data(), found.data(), scratch.data(),
        slope == 0 ? kernels::times_derivative<T>(ec::ReLU{}, x.data()) : kernels::times_derivative<T>(leaky, x.data()));
    bent = dx;
    for (std::size_t i = 0; i < dx.size(); ++i) bent[i] *= x[i] > 0 ? T(1) : slope;
    CHECK(found == poisoned(bent));
  }
  found = poisoned(std::vector<T>(x.size(), T(3)));
  kernels::depthwise_transpose(grid, images, dy.data(), weight.data(), found.data(), scratch.data());
  CHECK(found == poisoned(dx));
  found = poisoned(std::vector<T>(weight.size(), T(5)));
  kernels::add_depthwise_gradient(grid, images, x.data(), dy.data(), found.data(), scratch.data());
  CHECK(found == poisoned(dweight));
  for (std::size_t i = scratch.size() - beyond; i < scratch.size(); ++i) REQUIRE(std::isnan(scratch[i]));
}

}  // namespace

TEMPLATE_TEST_CASE("depthwise: sums, both gradients, along channels and along rows, and nothing beyond them", "", float,
                   double) {
  using ec::Dilation, ec::Padding, ec::Windows;
  for (const Index channels : {1, 2, 3, 4, 5, 8, 11, 16, 17, 31, 32, 33, 35}) {
    check<TestType>(Windows(ec::image(5, 28), 3, 1, Padding::same), channels);
    check<TestType>(Windows(ec::image(2, 1), 3, 1, Padding::same), channels);
    check<TestType>(Windows(ec::image(3, 70), {1, 3}, 1, Padding::same), channels);
    check<TestType>(Windows(ec::image(4, 7), {2, 3}, 1, Padding::valid), channels);
    check<TestType>(Windows(ec::image(6, 5), 5, 1, Padding::same), channels);
    check<TestType>(Windows(ec::image(3, 6), {4, 2}, 1, Padding::same, Dilation{2, 3}), channels);
    check<TestType>(Windows(ec::image(9, 8), {3, 4}, {2, 3}, Padding::same), channels);
    check<TestType>(Windows(ec::image(14, 13), 3, 2, Padding::same), channels);
    check<TestType>(Windows(ec::image(9, 11), 3, 2, Padding::same, Dilation{2, 3}), channels);
    check<TestType>(Windows(ec::image(7, 9), 2, 3, Padding::valid), channels);
  }
}
