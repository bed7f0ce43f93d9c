// SPDX-License-Identifier: MIT
#include <cstring>

#include "levels.hpp"

namespace fuzz {

namespace {

template <class T>
struct ProductCase {
  static void run(Choices& choices) {
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
    const Index function = accumulates ? 0 : choices.from(0, kind == times_derivative ? with_derivative : last_activation);

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
};

/// A product with weights in half or a quarter of the memory. What is rounded to bfloat16 or whole numbers before it is the
/// same at each level.
template <ec::WeightFormat W>
void compact_product(Choices& choices) {
  constexpr bool whole = W == ec::WeightFormat::int8;
  const Index m = choices.from(1, 150), n = choices.from(1, 1200),
              columns = std::min(choices.from(1, 40), 1 + 100'000 / (m * n));
  const Values of_w(choices), of_x(choices), of_bias(choices);
  Operand<float> w(choices, m, n), x(choices, n, columns), y(choices, m, columns);
  w.memory.fill([&](Index i) { return of_w.finite<float>(i); });
  x.fill(of_x);
  Memory<float> packed(choices, kernels::compact_size(W, m, n)), scales(choices, whole ? kernels::compact_rows(m) : 0),
      bias(choices, kernels::compact_rows(m));
  kernels::compact_weights(W, w, packed.data(), scales.data());
  bias.fill([&](Index i) { return i < m ? of_bias.at<float>(i) : 0.0F; });
  const float* const added_bias = choices.yes() ? bias.data() : nullptr;
  const Index function = choices.from(0, last_activation);

  const auto weight = [&](Index i, Index p) {
    return absolute(whole ? scales.data()[i] * static_cast<float>(kernels::to_int8(w(i, p), scales.data()[i]))
                          : kernels::from_bfloat16(kernels::to_bfloat16(w(i, p))));
  };
  std::vector<double> magnitude(static_cast<std::size_t>(m * columns), 0);
  for (Index j = 0; j < columns; ++j) {
    double largest = 0;
    for (Index p = 0; p < n; ++p) largest = std::max(largest, absolute(x(p, j)));
    for (Index i = 0; i < m; ++i) {
      double& sum = magnitude[static_cast<std::size_t>(i + j * m)];
      sum = added_bias ? absolute(bias.data()[i]) : 0;
      for (Index p = 0; p < n; ++p) sum += weight(i, p) * (whole ? largest / 32767 + absolute(x(p, j)) : absolute(x(p, j)));
    }
  }
  with_activation(function, [&]<class F>(const F& f) {
    compare<float>(
        "a product with compact weights", choices, y.size(), fresh<float>,
        [&](float* output) {
          Memory<float> scratch(choices, kernels::compact_scratch(W, n) * columns);
          kernels::multiply_compact<W>(packed.data(), scales.data(), x, {output, m, columns, y.stride}, added_bias, f,
                                       scratch.data());
        },
        [&](Index i) {
          if (!y.inside(i)) return untouched;
          const double sum = magnitude[static_cast<std::size_t>(i % y.stride + i / y.stride * m)],
                       own = rounding<float>(n, sum);
          return function == 0 ? own : after_function<float>(own, sum);
        });
  });
}

/// Sums of rows, or of their squares.
template <class T>
struct RowCase {
  static void run(Choices& choices) {
    const Values of_a(choices), of_y(choices);
    const Operand<T> a = std::move(Operand<T>(choices, choices.from(1, 150), choices.from(0, 60)).fill(of_a));
    const bool squares = choices.yes();
    const auto begin = [&](Index i) { return of_y.at<T>(i); };
    verify<T>(
        "sums of rows", choices, a.rows, begin,
        [&](T* output) { squares ? kernels::square_rows<T>(a, output) : kernels::add_columns<T>(a, output); },
        [&](Index i) {
          Sum<T> sum;
          if (!squares) sum.add(interval(begin(i)));
          for (Index j = 0; j < a.cols; ++j) sum.add(squares ? interval(a(i, j)) * interval(a(i, j)) : interval(a(i, j)));
          return sum.total();
        });
  }
};

}  // namespace

template <class T, bool LeftTransposed, bool RightTransposed>
struct Case<kernels::detail::Product<T, LeftTransposed, RightTransposed>> : ProductCase<T> {};
template <class T>
struct Case<kernels::detail::ProductWithVector<T>> : ProductCase<T> {};
template <class T>
struct Case<kernels::detail::AddColumns<T>> : RowCase<T> {};
template <class T>
struct Case<kernels::detail::SquareRows<T>> : RowCase<T> {};
template <ec::WeightFormat W>
struct Case<kernels::detail::CompactProduct<W>> {
  static void run(Choices& choices) { compact_product<W>(choices); }
};

/// Whole numbers and scales are the same bits at each level.
template <>
struct Case<kernels::detail::QuantiseColumns> {
  static void run(Choices& choices) {
    const Values of_x(choices);
    const Operand<float> x = std::move(Operand<float>(choices, choices.from(1, 300), choices.from(1, 20)).fill(of_x));
    const Index size = kernels::compact_scratch(ec::WeightFormat::int8, x.rows);
    std::vector<float> expected;
    at_each_level<float>(
        "whole numbers of columns", choices, size * x.cols, fresh<float>,
        [&](float* output) {
          kernels::launch(kernels::detail::QuantiseColumns{x, output});
        },
        [](Index) { return false; },
        [&](const float* output) {
          if (level == ec::Simd::baseline) return expected.assign(output, output + size * x.cols);
          for (Index j = 0; j < x.cols; ++j) {
            const float scale = output[(j + 1) * size - 1], before = expected[static_cast<std::size_t>((j + 1) * size - 1)];
            const bool poisoned = std::isnan(scale) && std::isnan(before);  // the numbers do not matter then
            const auto bytes = static_cast<std::size_t>(size) * sizeof(float);
            if (poisoned || std::memcmp(output + j * size, expected.data() + j * size, bytes) == 0) continue;
            std::fprintf(stderr, "whole numbers of column %td differ at %s\n", j, name(level).data());
            std::abort();
          }
        });
  }
};

void products(Choices& choices) { run_one_of(kernels::Products{}, choices); }

}  // namespace fuzz
