// SPDX-License-Identifier: MIT
#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include <eigencoder/core/random.hpp>
#include <eigencoder/kernels/pooling.hpp>
#include <eigencoder/layers/activation.hpp>

namespace kernels = eigencoder::kernels;
using eigencoder::Axis, eigencoder::Extent, eigencoder::Index, eigencoder::Padding, eigencoder::Shape, eigencoder::Windows,
    eigencoder::image;

namespace {

template <class T>
using Values = std::vector<T>;

template <class T>
Values<T> normal(Index count, std::size_t stream) {
  const eigencoder::Random draw(eigencoder::Seed{7}, 0, stream);
  Values<T> all(std::size_t(count), T(0));
  for (Index i = 0; i < count; ++i) all[std::size_t(i)] = static_cast<T>(draw.normal(0, i));
  return all;
}
template <class T>
Values<T> unwritten(Index count) {
  return Values<T>(std::size_t(count), std::numeric_limits<T>::quiet_NaN());
}

/// f(window's value, pixel, place) for every pixel of every window of a batch, all by their numbers.
template <class F>
void for_all(const kernels::Grid& grid, Index images, F f) {
  const Axis down = grid.vertical, across = grid.horizontal;
  const Index channels = grid.channels;
  for (Index n = 0; n < images; ++n) {
    for (Index i = 0; i < down.windows; ++i) {
      for (Index j = 0; j < across.windows; ++j) {
        for (Index k = 0; k < down.taps * across.taps; ++k) {
          const Index r = i * down.stride - down.padding_before + k / across.taps,
                      s = j * across.stride - across.padding_before + k % across.taps;
          if (r < 0 || r >= down.pixels || s < 0 || s >= across.pixels) continue;
          for (Index c = 0; c < channels; ++c) {
            f(((n * down.windows + i) * across.windows + j) * channels + c,
              ((n * down.pixels + r) * across.pixels + s) * channels + c, k);
          }
        }
      }
    }
  }
}

template <class T>
void check_close(const Values<T>& found, const Values<T>& expected) {
  REQUIRE(found.size() == expected.size());
  double worst = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double difference = std::abs(static_cast<double>(found[i] - expected[i]));
    worst = difference <= worst ? worst : difference;  // a NaN stays
  }
  CHECK(worst <= 32 * std::numeric_limits<T>::epsilon());
}

template <class T>
void check_windows(Shape in, Extent window, Extent stride, Padding padding) {
  const kernels::Grid grid(Windows(in, window, stride, padding), in.channels);
  const Index images = 2, pixels = images * grid.pixels(), values = images * grid.windows();
  CAPTURE(in.height, in.width, in.channels, window.height, window.width, stride.height, stride.width, padding == Padding::same);
  const Values<T> x = normal<T>(pixels, 1), dy = normal<T>(values, 2), gate = normal<T>(values, 3);
  const auto at = [](auto& all, Index i) -> auto& { return all[std::size_t(i)]; };

  Values<T> most(std::size_t(values), -std::numeric_limits<T>::infinity()), places = unwritten<T>(values);
  Values<T> sums(std::size_t(values), T(0)), counts = sums, means = sums, dx(std::size_t(pixels), T(0)), spread = dx,
                                             shared = dx, opened = dx, bent = dx;
  for_all(grid, images, [&](Index to, Index pixel, Index k) {
    if (at(x, pixel) > at(most, to)) at(most, to) = at(x, pixel), at(places, to) = static_cast<T>(k);
    at(sums, to) += at(x, pixel);
    at(counts, to) += 1;
  });
  for_all(grid, images, [&](Index from, Index pixel, Index k) {
    if (at(places, from) == static_cast<T>(k)) {
      at(dx, pixel) += at(dy, from);
      at(opened, pixel) += at(gate, from) > 0 ? at(dy, from) : 0;
      at(bent, pixel) += at(dy, from) * (1 - at(gate, from) * at(gate, from));
    }
    at(spread, pixel) += at(dy, from);
    at(shared, pixel) += at(dy, from) / at(counts, from);
    at(means, from) = at(sums, from) / at(counts, from);
  });

  // With a packet of poison around what is written.
  Values<T> memory = unwritten<T>(std::max(values, pixels) + 64), found = unwritten<T>(values),
            scratch = unwritten<T>(grid.windows());
  T* const to = memory.data() + 32;
  const auto written = [&](Index count) {
    const auto poisoned = [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) {
        if (!std::isnan(at(memory, i))) return false;
      }
      return true;
    };
    CHECK((poisoned(0, 32) && poisoned(32 + count, std::ssize(memory))));
    Values<T> all(to, to + count);
    std::fill(memory.begin(), memory.end(), std::numeric_limits<T>::quiet_NaN());
    return all;
  };
  kernels::max_pool(grid, images, x.data(), to, found.data());
  CHECK(written(values) == most);
  CHECK(found == places);
  kernels::max_pool(grid, images, x.data(), to, nullptr);
  CHECK(written(values) == most);
  kernels::max_pool(grid, images, x.data(), to, nullptr, kernels::apply<T>(eigencoder::ReLU{}));
  Values<T> expected = most;
  for (T& value : expected) value = std::max(value, T(0));
  CHECK(written(values) == expected);
  kernels::max_pool(grid, images, x.data(), to, nullptr, kernels::apply<T>(eigencoder::Tanh{}));
  for (std::size_t i = 0; i < most.size(); ++i) expected[i] = std::tanh(most[i]);
  check_close(written(values), expected);

  kernels::take_from_place(grid, images, x.data(), places.data(), to);
  CHECK(written(values) == most);
  kernels::take_from_place(grid, images, x.data(), places.data(), to,
                           kernels::times_derivative<T>(eigencoder::ReLU{}, gate.data()));
  for (std::size_t i = 0; i < most.size(); ++i) expected[i] = gate[i] > 0 ? most[i] : 0;
  CHECK(written(values) == expected);
  kernels::put_in_place(grid, images, dy.data(), places.data(), to);
  check_close(written(pixels), dx);
  kernels::put_in_place(grid, images, dy.data(), places.data(), to, scratch.data(),
                        kernels::times_derivative<T>(eigencoder::ReLU{}, gate.data()));
  check_close(written(pixels), opened);
  const eigencoder::Tanh tanh;
  kernels::put_in_place(grid, images, dy.data(), places.data(), to, scratch.data(),
                        kernels::times_derivative<T>(tanh, gate.data()));
  check_close(written(pixels), bent);

  kernels::sum_windows(grid, images, x.data(), to);
  check_close(written(values), sums);
  kernels::average_windows(grid, images, x.data(), to);
  check_close(written(values), means);
  kernels::spread_windows(grid, images, dy.data(), to);
  check_close(written(pixels), spread);
  kernels::share_windows(grid, images, dy.data(), to);
  check_close(written(pixels), shared);
}

}  // namespace

TEMPLATE_TEST_CASE("windows: what one loop after the other gives, for channels on every side of a packet's length", "", float,
                   double) {
  const auto check = check_windows<TestType>;
  for (const Index channels : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 18, 23, 32, 33}) {
    const auto of = [&](Index height, Index width) { return image(height, width, channels); };
    check(of(4, 6), 2, 2, Padding::valid);
    check(of(2, 2), 2, 2, Padding::valid);
    check(of(2, 20), 2, 2, Padding::valid);
    check(of(4, 34), 2, 2, Padding::valid);
    check(of(5, 7), 2, 2, Padding::same);
    check(of(3, 4), 2, 1, Padding::valid);
    check(of(6, 9), 3, 3, Padding::valid);
    check(of(5, 7), 3, 2, Padding::valid);
    check(of(5, 4), 3, 2, Padding::same);
    check(of(8, 6), 3, 2, Padding::same);
    check(of(4, 4), 3, 1, Padding::same);
    check(of(7, 4), 2, 3, Padding::same);
    check(of(5, 8), Extent(2, 3), Extent(3, 5), Padding::valid);
    check(of(3, 5), Extent(2, 3), Extent(2, 1), Padding::same);
    check(of(2, 1), 5, 1, Padding::same);
    check(of(12, 13), 5, 5, Padding::same);
    check(of(1, 8), Extent(1, 2), Extent(1, 2), Padding::valid);
    check(of(3, 2), 1, 1, Padding::valid);
    check(of(7, 5), Extent(7, 5), Extent(7, 5), Padding::valid);
  }
}
