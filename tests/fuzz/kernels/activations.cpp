// SPDX-License-Identifier: MIT
#include "pointwise.hpp"

namespace fuzz {

namespace {

/// Values that a product has just written, columns of them.
template <class T, class Kernel, class F>
void written(Choices& choices, const auto& function) {
  const Index rows = choices.from(1, 60), columns = choices.from(1, 12), stride = rows + choices.from(0, 9);
  const Inputs<T, 2> x(choices, (columns - 1) * stride + rows);
  const F f = made<F>(choices);
  std::vector<Index> at;
  for (Index j = 0; j < columns; ++j) at.push_back(j * stride);
  verify<T>(
      "an epilogue", choices, (columns - 1) * stride + rows, [&](Index i) { return x[0][i]; },
      [&](T* output) {
        const kernels::Written<T> operands{&f, output, x[1], at.data(), columns, rows};
        kernels::function<Kernel>()(&operands);
      },
      [&](Index i) {
        return x.apply([&](auto value, auto y) { return i % stride < rows ? function(f, value, y) : value; }, i);
      });
}

}  // namespace

template <class T, class F>
struct Case<kernels::ApplyWritten<T, F>> {
  static void run(Choices& choices) {
    written<T, kernels::ApplyWritten<T, F>, F>(choices, [](const F& f, auto value, auto) { return f.apply(value); });
  }
};

template <class T, class F>
struct Case<kernels::DifferentiateWritten<T, F>> {
  static void run(Choices& choices) {
    written<T, kernels::DifferentiateWritten<T, F>, F>(choices,
                                                       [](const F& f, auto value, auto y) { return value * f.derivative(y); });
  }
};

void activations(Choices& choices) { run_one_of(kernels::Activations{}, choices); }

}  // namespace fuzz
