// SPDX-License-Identifier: MIT
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "eigencoder/kernels/convolution_gradient.hpp"
#include "eigencoder/kernels/depthwise.hpp"
#include "eigencoder/kernels/pooling.hpp"
#include "eigencoder/kernels/resampling.hpp"
#include "eigencoder/layers/activation.hpp"
#include "eigencoder/optimizers/adam.hpp"

// Kernels of the component, level against level: whatever the sizes, strides, alignments and values, among them NaN and ±∞,
// each level that this processor has gives what the baseline gives, within the rounding of sums as deep as these, and writes
// nothing beside its outputs. Memory ends where an operand ends, so that the sanitizer sees what is read or written behind it.
namespace ec = eigencoder;
namespace kernels = eigencoder::kernels;
using ec::Index;

namespace {

ec::Simd level = ec::Simd::baseline;

bool has(ec::Simd wanted) {
#if EIGEN_ARCH_x86_64
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512vl");
  return wanted == ec::Simd::v4 ? v4 : v3;
#else
  return wanted == ec::Simd::baseline;
#endif
}

}  // namespace

// In place of the component's own, which the linker then leaves out.
ec::Simd ec::detail::component_simd(HeadersOf<EIGENCODER_VERSION_MAJOR, EIGENCODER_VERSION_MINOR, EIGENCODER_VERSION_PATCH>) {
  return level;
}

namespace {

/// The fuzzer's bytes as choices. Behind their end all choices are 0.
class Choices {
 public:
  explicit Choices(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  /// From least to most.
  Index from(Index least, Index most) {
    Index number = byte();
    if (most - least > 255) number = 256 * number + byte();
    return least + number % (most - least + 1);
  }
  bool yes() { return from(0, 1) == 1; }
  std::uint32_t seed() { return static_cast<std::uint32_t>(from(0, 65535)); }

 private:
  Index byte() {
    if (bytes_.empty()) return 0;
    const Index first = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return first;
  }
  std::span<const std::uint8_t> bytes_;
};

template <class T>
constexpr T margin = T(-9876.5);

/// Scalars at some alignment, between what must not change and the end of memory.
template <class T>
class Memory {
 public:
  Memory(Choices& choices, Index size)
      : before_(choices.from(0, 15)), size_(size), all_(new T[static_cast<std::size_t>(before_ + size)]) {
    std::fill_n(all_.get(), before_ + size, margin<T>);
  }
  T* data() { return all_.get() + before_; }
  Index size() const { return size_; }
  bool margin_holds() const {
    return std::all_of(all_.get(), all_.get() + before_, [](T value) { return value == margin<T>; });
  }

 private:
  Index before_, size_;
  std::unique_ptr<T[]> all_;
};

/// Values within ±1, ±2⁻²⁰ … ±2⁴⁰, or among them NaN, infinities, zeros and denormal numbers. No sum of products overflows,
/// since then its order would decide.
class Values {
 public:
  explicit Values(Choices& choices) : seed_(choices.seed()), range_(choices.from(0, 2)), special_(choices.from(0, 3)) {}

  template <class T>
  T at(Index i) const {
    const std::uint32_t h = mixed(static_cast<std::uint32_t>(i) + seed_ * 65537U), k = mixed(h);
    const auto value = static_cast<T>(static_cast<double>(h) / 0x1p31 - 1);
    if (range_ == 2 && k % 3 == 0) return std::ldexp(value, static_cast<int>(k / 3 % 61) - 20);
    constexpr std::array<std::uint32_t, 4> one_of{0, 1000, 60, 6};
    if (const auto n = one_of[static_cast<std::size_t>(special_)]; n == 0 || k % n != 0) return value;
    using Limits = std::numeric_limits<T>;
    const T specials[] = {
        Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity(), T(0), -T(0), Limits::denorm_min(), Limits::min(), T(1)};
    return specials[h % 8];
  }
  /// Between −1 and 1, or NaN: what an activation may have given. (Where an exact sum is 0, ∞ times its rounding would be
  /// anything.)
  template <class T>
  T small(Index i) const {
    const T value = at<T>(i);
    return std::abs(value) > T(1) ? T(1) / value : value;
  }
  template <class T>
  T finite(Index i) const {
    const T value = at<T>(i);
    return std::isfinite(value) ? value : T(2);
  }

 private:
  static std::uint32_t mixed(std::uint32_t x) {
    x = (x ^ x >> 16) * 0x7feb352dU;
    x = (x ^ x >> 15) * 0x846ca68bU;
    return x ^ x >> 16;
  }
  std::uint32_t seed_;
  Index range_, special_;
};

template <class T>
struct Operand {
  Index rows, cols, stride;
  Memory<T> memory;

  Operand(Choices& choices, Index m, Index n) : Operand(choices, m, n, m + (choices.yes() ? choices.from(0, 20) : 0)) {}
  Operand(Choices& choices, Index m, Index n, Index column_stride)
      : rows(m), cols(n), stride(column_stride), memory(choices, n > 0 ? (n - 1) * stride + m : 0) {}
  Index size() const { return memory.size(); }
  bool inside(Index place) const { return place % stride < rows; }
  /// What lies between columns is NaN.
  Operand& fill(const Values& values, bool small = false) {
    for (Index i = 0; i < size(); ++i) {
      memory.data()[i] = !inside(i) ? std::numeric_limits<T>::quiet_NaN() : small ? values.small<T>(i) : values.at<T>(i);
    }
    return *this;
  }
  T operator()(Index i, Index j) { return memory.data()[i + j * stride]; }
  operator kernels::View<const T>() { return {memory.data(), rows, cols, stride}; }
  operator kernels::View<T>() { return {memory.data(), rows, cols, stride}; }
};

/// |result − exact| for a sum of so many products, whose absolute values add up to `magnitude`: the same for each level.
template <class T>
double rounding(Index depth, double magnitude) {
  using Limits = std::numeric_limits<T>;
  const auto terms = static_cast<double>(depth + 8);
  return terms * (static_cast<double>(Limits::epsilon()) * magnitude + static_cast<double>(Limits::denorm_min()));
}

template <class T>
void require_same(const char* kernel, Index place, T baseline, T found, double bound) {
  if ((std::isnan(baseline) && std::isnan(found)) || baseline == found) return;
  const double apart = std::abs(static_cast<double>(baseline) - static_cast<double>(found));
  if (std::isfinite(bound) && apart <= 2 * bound) return;  // of each of the two
  std::fprintf(stderr, "%s of %zu bytes at %td: %s has %.9g, the baseline %.9g, %g apart; 2 × %g allowed\n", kernel, sizeof(T),
               place, name(level).data(), static_cast<double>(found), static_cast<double>(baseline), apart, bound);
  std::abort();
}

constexpr double untouched = -1;

/// run(output) at the baseline and at each other level of this processor. The output begins as begin(i) says; bound(i) is how
/// far a value may lie from the exact one, or `untouched`.
template <class T, class Run, class Bound>
void compare(const char* kernel, Choices choices, Index size, const auto& begin, Run run, Bound bound) {
  std::vector<T> expected;
  for (const ec::Simd now : {ec::Simd::baseline, ec::Simd::v3, ec::Simd::v4}) {
    if (now != ec::Simd::baseline && !has(now)) continue;
    level = now;
    Memory<T> output(choices, size);
    for (Index i = 0; i < size; ++i) output.data()[i] = begin(i);
    run(output.data());
    bool beside = !output.margin_holds();
    for (Index i = 0; i < size; ++i) beside = beside || (bound(i) == untouched && output.data()[i] != begin(i));
    if (beside) {
      std::fprintf(stderr, "%s writes beside its output at %s\n", kernel, name(level).data());
      std::abort();
    }
    if (now == ec::Simd::baseline) {
      expected.assign(output.data(), output.data() + size);
    } else {
      for (Index i = 0; i < size; ++i)
        require_same(kernel, i, expected[static_cast<std::size_t>(i)], output.data()[i], bound(i));
    }
  }
}

// Activations, by number.

template <class Use>
void with_activation(Index number, Use use) {
  switch (number) {
    case 0:
      return use(ec::NoActivation{});
    case 1:
      return use(ec::ReLU{});
    case 2:
      return use(ec::LeakyReLU{0.125});
    case 3:
      return use(ec::ELU{});
    case 4:
      return use(ec::Sigmoid{});
    case 5:
      return use(ec::Tanh{});
    case 6:
      return use(ec::Softplus{});
    case 7:
      return use(ec::Softsign{});
    case 8:
      return use(ec::SiLU{});
    default:
      return use(ec::GELU{});
  }
}
constexpr Index activations = 9, with_derivative = 7;  // the last of each; those after have slopes at the input

/// What an activation, or the product with a derivative of one at a y within ±1, makes of a value that is `magnitude` at most
/// and lies within `bound` of the exact one. None of them is steeper than 1.2, no such derivative greater than 2.
template <class T>
double after_function(double bound, double magnitude) {
  return 2.2 * bound + 64 * static_cast<double>(std::numeric_limits<T>::epsilon()) * (1 + magnitude);
}

template <class T>
void products(Choices& choices) {
  enum : Index { product, added, right_transposed, left_transposed, times_derivative };
  const Index kind = choices.from(product, times_derivative);
  const bool left = kind >= left_transposed, right = kind == right_transposed, accumulates = kind == added || right;
  const Index m = choices.from(1, 200), n = choices.from(1, 130), depth = std::min(choices.from(0, 700), 250'000 / (m * n));
  Operand<T> a(choices, left ? depth : m, left ? m : depth), b(choices, right ? n : depth, right ? depth : n);
  const Values of_a(choices), of_b(choices), of_c(choices);
  a.fill(of_a), b.fill(of_b);
  Operand<T> c(choices, m, n);
  c.fill(of_c);
  Operand<T> y(choices, m, n, c.stride);
  y.fill(of_c, true);
  Memory<T> bias(choices, m);
  for (Index i = 0; i < m; ++i) bias.data()[i] = of_b.at<T>(i + 1);
  const T* const added_bias = choices.yes() && !accumulates ? bias.data() : nullptr;
  const Index function = accumulates ? 0 : choices.from(0, kind == times_derivative ? with_derivative : activations);

  std::vector<double> magnitude(static_cast<std::size_t>(c.size()), 0);
  const auto size = [](T value) { return std::abs(static_cast<double>(value)); };
  for (Index j = 0; j < n; ++j) {
    for (Index i = 0; i < m; ++i) {
      double& sum = magnitude[static_cast<std::size_t>(i + j * c.stride)];
      sum = (added_bias && kind != times_derivative ? size(added_bias[i]) : 0) + (accumulates ? size(c(i, j)) : 0);
      for (Index p = 0; p < depth; ++p) sum += size(left ? a(p, i) : a(i, p)) * size(right ? b(j, p) : b(p, j));
    }
  }
  const auto bound = [&](Index i) {
    if (!c.inside(i)) return untouched;
    const double sum = magnitude[static_cast<std::size_t>(i)], own = rounding<T>(depth, sum);
    return function == 0 ? own : after_function<T>(own, sum);
  };
  const auto begin = [&](Index i) { return !c.inside(i) || !accumulates ? margin<T> : c.memory.data()[i]; };
  with_activation(function, [&]<class F>(const F& f) {
    compare<T>(
        "a product", choices, c.size(), begin,
        [&](T* output) {
          const kernels::View<T> result(output, m, n, c.stride);
          if (kind == product) return kernels::multiply<T>(a, b, result, added_bias, f);
          if (kind == added) return kernels::add_multiply<T>(a, b, result);
          if (kind == right_transposed) return kernels::add_multiply_transposed<T>(a, b, result);
          if (kind == left_transposed) return kernels::multiply_transposed<T>(a, b, result, added_bias, f);
          if constexpr (requires { f.derivative(T(0)); } || std::same_as<F, ec::NoActivation>) {
            kernels::multiply_transposed<T>(a, b, result, f, y);
          }
        },
        bound);
  });
  if (!right) return;
  compare<T>(
      "sums of a product", choices, m, [&](Index i) { return bias.data()[i]; },
      [&](T* sums) {
        Operand<T> result(choices, m, n, c.stride);
        result.fill(of_c);
        kernels::add_multiply_transposed<T>(a, b, result, sums);
      },
      [&](Index i) {
        double sum = size(bias.data()[i]);
        for (Index p = 0; p < depth; ++p) sum += size(a(i, p));
        return rounding<T>(depth, sum);
      });
}

ec::Axis axis(Choices& choices) {
  const Index pixels = choices.from(1, 14), taps = choices.from(1, 5), stride = choices.from(1, 3),
              dilation = choices.from(1, 3);
  return {pixels, taps, stride, dilation, choices.yes() ? ec::Padding::same : ec::Padding::valid};
}

template <class T>
void convolutions(Choices& choices) {
  enum : Index { forwards, backwards, gradient, transposed_gradient };
  const kernels::Correlation g{axis(choices), axis(choices), choices.from(1, 40), choices.from(1, 40)};
  if (g.vertical.windows <= 0 || g.horizontal.windows <= 0) return;
  const Index kind = choices.from(forwards, transposed_gradient), images = choices.from(1, 5);
  if (images * g.windows() * g.taps() * g.pixel_channels > 250'000) return;
  Memory<T> pixels(choices, images * g.pixels()), windows(choices, images * g.windows()), weights(choices, g.weights());
  const Index channels = kind == forwards ? g.window_channels : g.pixel_channels;
  Memory<T> bias(choices, channels);
  const Values of_pixels(choices), of_windows(choices), of_weights(choices);
  for (Index i = 0; i < pixels.size(); ++i) pixels.data()[i] = of_pixels.at<T>(i);
  for (Index i = 0; i < windows.size(); ++i) windows.data()[i] = of_windows.at<T>(i);
  for (Index i = 0; i < weights.size(); ++i)
    weights.data()[i] = of_weights.finite<T>(i);  // 0 of the padding times ∞ would be NaN
  for (Index i = 0; i < bias.size(); ++i) bias.data()[i] = of_weights.at<T>(i + 7);
  const T* const added_bias = choices.yes() ? bias.data() : nullptr;
  const bool derivative = choices.yes();
  const Index function = kind > backwards ? 0 : choices.from(0, derivative ? with_derivative : activations);

  const Index size = kind == forwards ? windows.size() : kind == backwards ? pixels.size() : g.weights();
  std::vector<double> magnitude(static_cast<std::size_t>(size), 0);
  std::vector<Index> depth(static_cast<std::size_t>(size), 0);
  const auto absolute = [](T value) { return std::abs(static_cast<double>(value)); };
  const auto meet = [&](Index window, Index pixel, Index tap) {
    for (Index p = 0; p < g.pixel_channels; ++p) {
      for (Index w = 0; w < g.window_channels; ++w) {
        const Index weight = (tap * g.pixel_channels + p) * g.window_channels + w;
        const Index of_transposed = (tap * g.window_channels + w) * g.pixel_channels + p;
        const Index to = kind == forwards    ? window + w
                         : kind == backwards ? pixel + p
                         : kind == gradient  ? weight
                                             : of_transposed;
        const T one = kind == forwards ? weights.data()[weight] : windows.data()[window + w];
        const T other = kind == backwards ? weights.data()[weight] : pixels.data()[pixel + p];
        magnitude[static_cast<std::size_t>(to)] += absolute(one) * absolute(other);
        ++depth[static_cast<std::size_t>(to)];
      }
    }
  };
  for (Index n = 0; n < images; ++n) {
    for (Index i = 0; i < g.vertical.windows; ++i) {
      for (Index j = 0; j < g.horizontal.windows; ++j) {
        for (Index tap = 0; tap < g.taps(); ++tap) {
          const Index row = i * g.vertical.stride + tap / g.horizontal.taps * g.vertical.dilation - g.vertical.padding_before;
          const Index column =
              j * g.horizontal.stride + tap % g.horizontal.taps * g.horizontal.dilation - g.horizontal.padding_before;
          if (row < 0 || row >= g.vertical.pixels || column < 0 || column >= g.horizontal.pixels) continue;
          meet(((n * g.vertical.windows + i) * g.horizontal.windows + j) * g.window_channels,
               ((n * g.vertical.pixels + row) * g.horizontal.pixels + column) * g.pixel_channels, tap);
        }
      }
    }
  }

  Memory<T> y(choices, kind > backwards ? 0 : size);
  for (Index i = 0; i < y.size(); ++i) y.data()[i] = of_windows.small<T>(i + 3);
  const auto begin = [&](Index i) { return kind > backwards ? of_weights.finite<T>(i + 11) : margin<T>; };
  const auto bound = [&](Index i) {
    const T extra = kind > backwards ? begin(i) : added_bias ? added_bias[i % channels] : T(0);
    const double sum = magnitude[static_cast<std::size_t>(i)] + absolute(extra);
    const double own = rounding<T>(depth[static_cast<std::size_t>(i)] + images, sum);
    return function == 0 ? own : after_function<T>(own, sum);
  };
  const auto scratch = [&](Index count) {  // what is in it must not matter
    Memory<T> memory(choices, count);
    std::fill_n(memory.data(), count, std::numeric_limits<T>::quiet_NaN());
    return memory;
  };
  const kernels::Weights<T> places{weights.data(), 1, g.window_channels, g.pixel_channels * g.window_channels};
  with_activation(function, [&]<class F>(const F& f) {
    kernels::Epilogue<T> (*epilogue)(const F&, const T*) = [](const F& of, const T*) { return kernels::apply<T>(of); };
    if constexpr (requires { f.derivative(T(0)); } || std::same_as<F, ec::NoActivation>) {
      if (derivative) epilogue = [](const F& of, const T* from) { return kernels::times_derivative<T>(of, from); };
    }
    compare<T>(
        "a convolution", choices, size, begin,
        [&](T* output) {
          if (kind == forwards) {
            Memory<T> packed = scratch(kernels::correlate_packed(g)), memory = scratch(kernels::correlate_scratch(g));
            kernels::pack_correlate(g, places, packed.data());
            kernels::correlate(g, images, pixels.data(), packed.data(), added_bias, output, memory.data(),
                               epilogue(f, y.data()));
          } else if (kind == backwards) {
            Memory<T> packed = scratch(kernels::correlate_transpose_packed(g)),
                      memory = scratch(kernels::correlate_transpose_scratch(g));
            kernels::pack_correlate_transpose(g, places, packed.data());
            kernels::correlate_transpose(g, images, windows.data(), packed.data(), added_bias, output, memory.data(),
                                         epilogue(f, y.data()));
          } else if (kind == gradient) {
            Memory<T> memory = scratch(kernels::correlate_gradient_scratch(g));
            kernels::add_correlate_gradient(g, images, pixels.data(), windows.data(), output, memory.data());
          } else {
            Memory<T> memory = scratch(kernels::correlate_transpose_gradient_scratch(g));
            kernels::add_correlate_transpose_gradient(g, images, pixels.data(), windows.data(), output, memory.data());
          }
        },
        bound);
  });
}

template <class T>
void pooling(Choices& choices) {
  enum : Index { largest, place_of_largest, sum, mean, spread, shared };
  const kernels::Grid g{axis(choices), axis(choices), choices.from(1, 40)};                 // in this order
  const auto dilated = [](const ec::Axis& a) { return a.dilation > 1 || a.windows <= 0; };  // as no pool is
  if (dilated(g.vertical) || dilated(g.horizontal)) return;
  const Index kind = choices.from(largest, shared), images = choices.from(1, 5);
  const Index pixels = images * g.pixels(), windows = images * g.windows();
  const Values of_x(choices);
  Memory<T> x(choices, kind < spread ? pixels : windows);
  double magnitude = 0;
  for (Index i = 0; i < x.size(); ++i) {
    x.data()[i] = of_x.at<T>(i);
    if (std::isfinite(x.data()[i])) magnitude = std::max(magnitude, std::abs(static_cast<double>(x.data()[i])));
  }
  const double terms = static_cast<double>(g.taps());
  compare<T>(
      "a pool", choices, kind < spread ? windows : pixels, [](Index) { return margin<T>; },
      [&](T* output) {
        Memory<T> other(choices, windows);
        switch (kind) {
          case largest:
            return kernels::max_pool(g, images, x.data(), output, nullptr);
          case place_of_largest:
            return kernels::max_pool(g, images, x.data(), other.data(), output);
          case sum:
            return kernels::sum_windows(g, images, x.data(), output);
          case mean:
            return kernels::average_windows(g, images, x.data(), output);
          case spread:
            return kernels::spread_windows(g, images, x.data(), output);
          default:
            return kernels::share_windows(g, images, x.data(), output);
        }
      },
      [&](Index) { return kind <= place_of_largest ? 0.0 : rounding<T>(g.taps(), terms * magnitude); });
}

/// Values that went to places in windows, and back.
template <class T>
void places(Choices& choices) {
  const kernels::Grid g{axis(choices), axis(choices), choices.from(1, 40)};
  const auto dilated = [](const ec::Axis& a) { return a.dilation > 1 || a.windows <= 0; };
  if (dilated(g.vertical) || dilated(g.horizontal)) return;
  const bool takes = choices.yes();
  const Index images = choices.from(1, 5), pixels = images * g.pixels(), windows = images * g.windows();
  const Values of_x(choices), of_places(choices), of_y(choices);
  Memory<T> x(choices, takes ? pixels : windows), place(choices, windows), y(choices, windows);
  double magnitude = 0;
  for (Index i = 0; i < x.size(); ++i) {
    x.data()[i] = of_x.at<T>(i);
    if (std::isfinite(x.data()[i])) magnitude = std::max(magnitude, std::abs(static_cast<double>(x.data()[i])));
  }
  for (Index i = 0; i < windows; ++i) {
    const T part = std::abs(of_places.finite<T>(i));
    place.data()[i] = std::floor((part - std::floor(part)) * static_cast<T>(g.taps()));
    y.data()[i] = of_y.small<T>(i);
  }
  const Index function = choices.from(0, with_derivative);
  with_activation(function, [&]<class F>(const F& f) {
    if constexpr (requires { f.derivative(T(0)); } || std::same_as<F, ec::NoActivation>) {
      compare<T>(
          "places of a pool", choices, takes ? windows : pixels, [](Index) { return margin<T>; },
          [&](T* output) {
            Memory<T> scratch(choices, kernels::put_in_place_scratch(g));
            const auto epilogue = kernels::times_derivative<T>(f, y.data());
            takes ? kernels::take_from_place(g, images, x.data(), place.data(), output, epilogue)
                  : kernels::put_in_place(g, images, x.data(), place.data(), output, scratch.data(), epilogue);
          },
          [&](Index) {
            const Index terms = takes ? 1 : g.taps();
            return after_function<T>(rounding<T>(terms, static_cast<double>(terms) * magnitude),
                                     static_cast<double>(terms) * magnitude);
          });
    }
  });
}

template <class T>
void depthwise(Choices& choices) {
  enum : Index { forwards, backwards, gradient };
  const kernels::Grid g{axis(choices), axis(choices), choices.from(1, 40)};
  if (g.vertical.windows <= 0 || g.horizontal.windows <= 0) return;
  const Index kind = choices.from(forwards, gradient), images = choices.from(1, 5);
  const Index pixels = images * g.pixels(), windows = images * g.windows(), weights = g.taps() * g.channels;
  const Values of_x(choices), of_weights(choices), of_y(choices);
  Memory<T> x(choices, kind == backwards ? windows : pixels), weight(choices, kind == gradient ? windows : weights),
      bias(choices, g.channels);
  double of_one = 0, of_other = 0, added = 0;
  const auto fill = [](Memory<T>& memory, double& most, auto value) {
    for (Index i = 0; i < memory.size(); ++i) {
      memory.data()[i] = value(i);
      if (std::isfinite(memory.data()[i])) most = std::max(most, std::abs(static_cast<double>(memory.data()[i])));
    }
  };
  fill(x, of_one, [&](Index i) { return of_x.at<T>(i); });
  fill(weight, of_other, [&](Index i) { return of_weights.finite<T>(i); });  // 0 of the padding times ∞ would be NaN
  fill(bias, added, [&](Index i) { return of_weights.at<T>(i + 7); });
  const Index size = kind == forwards ? windows : kind == backwards ? pixels : weights;
  const Index terms = kind == gradient ? windows / g.channels : g.taps();
  const bool derivative = kind == backwards;
  const T* const added_bias = choices.yes() ? bias.data() : nullptr;
  const Index function = kind == gradient ? 0 : choices.from(0, derivative ? with_derivative : activations);
  Memory<T> y(choices, derivative ? size : 0);
  for (Index i = 0; i < y.size(); ++i) y.data()[i] = of_y.small<T>(i);
  const auto begin = [&](Index i) { return kind == gradient ? of_y.finite<T>(i) : margin<T>; };
  with_activation(function, [&]<class F>(const F& f) {
    kernels::Epilogue<T> epilogue;
    if constexpr (requires { f.derivative(T(0)); } || std::same_as<F, ec::NoActivation>) {
      if (derivative) epilogue = kernels::times_derivative<T>(f, y.data());
    }
    compare<T>(
        "a depthwise convolution", choices, size, begin,
        [&](T* output) {
          Memory<T> scratch(choices, kernels::depthwise_scratch(g));
          std::fill_n(scratch.data(), scratch.size(), std::numeric_limits<T>::quiet_NaN());  // what is in it must not matter
          if (kind == forwards) {
            kernels::depthwise(g, images, x.data(), weight.data(), added_bias, output, scratch.data(), kernels::apply<T>(f));
          } else if (kind == backwards) {
            kernels::depthwise_transpose(g, images, x.data(), weight.data(), output, scratch.data(), epilogue);
          } else {
            kernels::add_depthwise_gradient(g, images, x.data(), weight.data(), output, scratch.data());
          }
        },
        [&](Index i) {
          const double extra = kind == gradient ? std::abs(static_cast<double>(begin(i))) : added;
          const double sum = static_cast<double>(terms) * of_one * of_other + extra, own = rounding<T>(terms, sum);
          return function == 0 ? own : after_function<T>(own, sum);
        });
  });
}

template <class T>
void bilinear(Choices& choices) {
  const ec::Shape in = ec::image(choices.from(1, 9), choices.from(1, 14), choices.from(1, 40));
  const ec::Extent factor(choices.from(1, 5), choices.from(1, 5));
  const bool enlarges = choices.yes();
  const Index images = choices.from(1, 4), small = images * in.size(), large = small * factor.size();
  const Values of_x(choices);
  Memory<T> x(choices, enlarges ? small : large);
  double magnitude = 0;
  for (Index i = 0; i < x.size(); ++i) {
    x.data()[i] = of_x.finite<T>(i);
    magnitude = std::max(magnitude, std::abs(static_cast<double>(x.data()[i])));
  }
  const Index terms = enlarges ? 4 : 4 * factor.size();
  compare<T>(
      "bilinear resampling", choices, enlarges ? large : small, [](Index) { return margin<T>; },
      [&](T* output) {
        enlarges ? kernels::enlarge_bilinear(in, factor, images, x.data(), output)
                 : kernels::reduce_bilinear(in, factor, images, x.data(), output);
      },
      [&](Index) { return rounding<T>(terms, static_cast<double>(terms) * magnitude); });
}

template <class T>
void elementwise(Choices& choices) {
  const Index n = choices.from(0, 1000), kind = choices.from(0, 5);
  const Values of_x(choices), of_y(choices);
  Memory<T> x(choices, n), y(choices, n);
  for (Index i = 0; i < n; ++i) x.data()[i] = of_x.at<T>(i), y.data()[i] = of_y.small<T>(i);
  const auto absolute = [](T value) { return std::abs(static_cast<double>(value)); };
  const auto fresh = [](Index) { return margin<T>; };
  const auto single = [&](Index i) { return after_function<T>(0, absolute(x.data()[i])); };
  if (kind == 0) {
    with_activation(choices.from(1, activations), [&]<class F>(const F& f) {
      if constexpr (!std::same_as<F, ec::NoActivation>) {
        compare<T>(
            "an activation", choices, n, fresh,
            [&](T* output) { kernels::transform(n, output, ec::detail::Activated<F>{f}, x.data()); }, single);
      }
    });
  } else if (kind == 1) {
    with_activation(choices.from(1, activations), [&]<class F>(const F& f) {
      constexpr bool there = !std::same_as<F, ec::NoActivation>;  // which is in no kernel of its own
      if constexpr (there && requires { f.derivative(T(0)); }) {
        compare<T>(
            "times a derivative", choices, n, fresh,
            [&](T* output) { kernels::transform(n, output, ec::detail::TimesDerivative<F>{f}, x.data(), y.data()); }, single);
      } else if constexpr (there) {
        compare<T>(
            "times a slope", choices, n, fresh,
            [&](T* output) { kernels::transform(n, output, ec::detail::TimesSlope<F>{}, y.data(), x.data()); },
            [&](Index i) { return after_function<T>(0, absolute(x.data()[i])); });
      }
    });
  } else if (kind == 2) {
    double sum = 0;
    for (Index i = 0; i < n; ++i) sum += absolute(x.data()[i]) * absolute(x.data()[i]);
    compare<T>(
        "squares", choices, 1, fresh, [&](T* output) { *output = kernels::sum_squares(n, x.data()); },
        [&](Index) { return rounding<T>(n, sum); });
  } else if (kind == 3) {
    Operand<T> a(choices, choices.from(1, 150), choices.from(0, 60));
    a.fill(of_x);
    const bool squares = choices.yes();
    compare<T>(
        "sums of rows", choices, a.rows, [&](Index i) { return of_y.at<T>(i); },
        [&](T* output) { squares ? kernels::square_rows<T>(a, output) : kernels::add_columns<T>(a, output); },
        [&](Index i) {
          double sum = squares ? 0 : absolute(of_y.at<T>(i));
          for (Index j = 0; j < a.cols; ++j) sum += squares ? absolute(a(i, j)) * absolute(a(i, j)) : absolute(a(i, j));
          return rounding<T>(a.cols, sum);
        });
  } else {  // gradients are finite, or nothing is updated
    const bool decays = choices.yes();
    const ec::AdamW adam{.learning_rate = 1e-2, .epsilon = 1e-6};
    const ec::AdamW::Step step = adam.at(static_cast<std::uint64_t>(choices.from(1, 100)));
    const auto theta = [&](Index i) { return of_x.finite<T>(i); };
    const auto begin_m = [&](Index i) { return of_y.finite<T>(i + 1); };
    const auto begin_v = [&](Index i) { return std::abs(of_y.finite<T>(i + 2)); };
    const auto slope = [&](Index i) { return of_x.finite<T>(i + 3); };
    compare<T>(
        "a step of Adam", choices, n, theta,
        [&](T* output) {
          Memory<T> m(choices, n), v(choices, n), of_loss(choices, n);
          for (Index i = 0; i < n; ++i) m.data()[i] = begin_m(i), v.data()[i] = begin_v(i), of_loss.data()[i] = slope(i);
          if (kind == 4) {
            kernels::launch(ec::detail::UpdateStretch<T, 2, ec::Adam::Step>{
                step.adam, output, of_loss.data(), n, {m.data(), v.data()}, 1, decays});
          } else {
            kernels::launch(ec::detail::UpdateStretch<T, 2, ec::AdamW::Step>{
                step, output, of_loss.data(), n, {m.data(), v.data()}, 1, decays});
          }
        },
        [&](Index i) {
          const double g = absolute(slope(i)), m = 0.9 * absolute(begin_m(i)) + 0.1 * g,
                       v = 0.999 * absolute(begin_v(i)) + 0.001 * g * g;
          return after_function<T>(0, absolute(theta(i)) + step.adam.rate * m / (std::sqrt(v) + step.adam.added) - 1);
        });
  }
}

template <class T>
void run(Choices& choices) {
  switch (choices.from(0, 6)) {
    case 0:
      return products<T>(choices);
    case 1:
      return convolutions<T>(choices);
    case 2:
      return elementwise<T>(choices);
    case 3:
      return pooling<T>(choices);
    case 4:
      return places<T>(choices);
    case 5:
      return depthwise<T>(choices);
    default:
      return bilinear<T>(choices);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Choices choices(std::span(data, size));
  choices.yes() ? run<double>(choices) : run<float>(choices);
  return 0;
}
