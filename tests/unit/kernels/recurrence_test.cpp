// SPDX-License-Identifier: MIT
#include <vector>

#include "golden/golden.hpp"
#include "support/catch.hpp"
#include <eigencoder/core/eigen.hpp>
#include <eigencoder/layers/gru.hpp>
#include <eigencoder/layers/lstm.hpp>
#include <eigencoder/layers/simple_rnn.hpp>

// Layers test the kernel without a state to begin with. Here a decoder's case: it begins with a given state, which has a
// gradient.
namespace ec = eigencoder;
namespace kernels = ec::kernels;
using ec::Index;
using Matrix = Eigen::MatrixXd;

namespace {

/// The author's own cell, which the component does not know: h′ = (h + s) / 2 with s = a / √(1 + a²).
struct OwnCell {
  static constexpr Index gates = 1, state_begin = 0, input_end = 1;
  static constexpr kernels::CellState state = kernels::CellState::output;
  static constexpr Index weight_gates = 1;
  static constexpr Index weight_gate(Index gate) { return gate; }

  template <class V>
  static V forward(std::array<V, 1>& a, V& h) {
    a[0] = a[0] / sqrt(multiply_add(a[0], a[0], V(1)));
    return h = V(0.5) * (h + a[0]);
  }
  template <class V>
  static void backward(std::array<V, 1>& gate, V, V, V dh, V& dh_direct) {
    const V rest = V(1) - gate[0] * gate[0];
    dh_direct = V(0.5) * (dh + dh_direct);
    gate = {dh_direct * rest * sqrt(rest)};
  }
};

/// A recurrence with all its memory, from a state to the state after the last step and all h.
template <class Cell>
struct Recurrent {
  kernels::Recurrence<Cell> r;
  Index columns, at_once;  ///< how many steps a call makes
  const Index* lengths;
  Matrix x, begin, mask, theta, y, end;
  std::vector<double> packed, cache, scratch, rows;

  Recurrent(kernels::Recurrence<Cell> sizes, Index count, const Index* steps = nullptr, bool masked = false)
      : r(sizes), columns(count), at_once(sizes.steps), lengths(steps) {
    const Index weight_rows = Cell::weight_gates * r.units;
    x.resize(r.repeated ? r.inputs : r.inputs * r.steps, count), begin.resize(r.state_size(), count);
    theta.resize(weight_rows, r.inputs + r.units + 2), y.resize(r.units * r.steps, count);
    golden::fill(1, 2, -1, x), golden::fill(2, 2, -1, begin), golden::fill(3, 1.6, -0.8, theta);
    if (masked) mask.resize(r.units, count), golden::fill(4, 2, 0, mask);
    const auto memory = [](std::vector<double>& values, Index size) { values.assign(static_cast<std::size_t>(size), NAN); };
    memory(packed, r.forward_packed() + r.weights()), memory(cache, r.cache() * count);
    memory(scratch, r.scratch_per_sample() * count), memory(rows, r.scratch());
  }

  template <class T>
  kernels::RecurrentWeights<T> weights(Eigen::Matrix<std::remove_const_t<T>, -1, -1>& from) {
    const Index n = from.rows();
    T* const first = from.data();
    return {first, first + n * r.inputs, first + n * (r.inputs + r.units), first + n * (r.inputs + r.units + 1)};
  }
  ec::Lengths steps() const {
    return {lengths, [](Index n) { return n; }, r.inputs};
  }

  void forward(bool kept = true) {
    kernels::pack_recurrence_forward(r, weights<const double>(theta), packed.data());
    end.setConstant(r.state_size(), columns, NAN);
    y.setZero();
    const kernels::RecurrentForward<double> operands{
        .columns = columns,
        .packed = packed.data(),
        .x = x.data(),
        .x_stride = x.rows(),
        .y = {kernels::RecurrentOutput<double>::sequence, y.data(), y.rows(), r.units},
        .memory = kept ? cache.data() : nullptr,
        .scratch_per_sample = scratch.data(),
        .mask = mask.size() > 0 ? mask.data() : nullptr,
        .mask_stride = r.units,
        .lengths = steps(),
        .begin = begin.data(),
        .end = end.data()};
    for (Index first = 0; first < r.steps; first += at_once) {
      kernels::recurrence_forward(r, operands, first, std::min(first + at_once, r.steps));
    }
  }
  /// The gradients of the sum of y ∘ dy.
  void backward(const Matrix& dy, Matrix& dx, Matrix& dbegin, Matrix& dtheta) {
    double* const panels = packed.data() + r.forward_packed();
    kernels::pack_recurrence_backward(r, weights<const double>(theta), panels);
    const kernels::RecurrentBackward<double> operands{
        .columns = columns,
        .packed = panels,
        .x_stride = x.rows(),
        .dy = {kernels::RecurrentOutput<const double>::sequence, dy.data(), dy.rows(), r.units},
        .memory = cache.data(),
        .scratch_per_sample = scratch.data(),
        .scratch = rows.data(),
        .dx = dx.data(),
        .dweights = weights<double>(dtheta),
        .x = x.data(),
        .mask = mask.size() > 0 ? mask.data() : nullptr,
        .mask_stride = r.units,
        .lengths = steps(),
        .dbegin = dbegin.data()};
    for (Index last = r.steps; last > 0; last -= at_once) {
      kernels::recurrence_backward(r, operands, std::max<Index>(0, last - at_once), last);
    }
  }
};

template <class Cell>
void check_gradients(kernels::Recurrence<Cell> r, const std::vector<Index>& lengths = {}, bool masked = false) {
  const Index columns = lengths.empty() ? 3 : static_cast<Index>(lengths.size());
  Recurrent<Cell> run(r, columns, lengths.empty() ? nullptr : lengths.data(), masked);
  Matrix dy(run.y.rows(), columns), dx = run.x, dbegin = run.begin, dtheta = Matrix::Zero(run.theta.rows(), run.theta.cols());
  golden::fill(5, 2, -1, dy);
  for (std::size_t j = 0; j < lengths.size(); ++j) {  // padding
    dy.col(static_cast<Index>(j)).tail((r.steps - lengths[j]) * r.units).setZero();
    run.x.col(static_cast<Index>(j)).tail((r.steps - lengths[j]) * r.inputs).setZero();
  }
  run.forward();
  run.backward(dy, dx, dbegin, dtheta);
  const auto compare = [&](Matrix& values, const Matrix& gradient) {
    constexpr double h = 1e-5;
    double worst = 0;
    for (Index i = 0; i < values.size(); ++i) {
      const double kept = values.data()[i];
      values.data()[i] = kept + h, run.forward();
      const double above = run.y.cwiseProduct(dy).sum();
      values.data()[i] = kept - h, run.forward();
      const double below = run.y.cwiseProduct(dy).sum();
      values.data()[i] = kept;
      worst = std::max(worst, std::abs((above - below) / (2 * h) - gradient.data()[i]));
    }
    CHECK(worst < 1e-8 * std::max(1.0, gradient.cwiseAbs().maxCoeff()));
  };
  CHECK(dbegin.cwiseAbs().minCoeff() > 0);
  compare(run.begin, dbegin);
  compare(run.theta, dtheta);
  if (lengths.empty()) compare(run.x, dx);
}

/// Steps in two parts, of which the second begins with the state at the end of the first.
template <class Cell>
void check_parts(Index columns) {
  Recurrent<Cell> whole({.inputs = 3, .units = 37, .steps = 11}, columns),
      first({.inputs = 3, .units = 37, .steps = 9}, columns), second({.inputs = 3, .units = 37, .steps = 2}, columns);
  first.x = whole.x.topRows(27), second.x = whole.x.bottomRows(6), first.begin = whole.begin;
  for (const bool kept : {true, false}) {
    whole.forward(kept), first.forward(kept);
    second.begin = first.end;
    second.forward(kept);
    Matrix y(whole.y.rows(), columns);
    y << first.y, second.y;
    CHECK((y - whole.y).cwiseAbs().maxCoeff() < 1e-14);
    CHECK((second.end - whole.end).cwiseAbs().maxCoeff() < 1e-14);
  }
}

/// A call for some steps each, against one call for all.
template <class Cell>
void check_calls(kernels::Recurrence<Cell> r, Index columns) {
  Recurrent<Cell> run(r, columns, nullptr, true);
  Matrix dy(run.y.rows(), columns);
  golden::fill(5, 2, -1, dy);
  const auto results = [&](bool kept) {
    Matrix dx = run.x, dbegin = run.begin, dtheta = Matrix::Zero(run.theta.rows(), run.theta.cols());
    run.forward(kept);
    if (kept) run.backward(dy, dx, dbegin, dtheta);
    return std::array{run.y, run.end, dx, dbegin, dtheta};
  };
  for (const bool kept : {true, false}) {
    run.at_once = r.steps;
    const auto expected = results(kept);
    for (const Index steps : {1, 3}) {
      run.at_once = steps;
      const auto found = results(kept);
      for (std::size_t k = 0; k < found.size(); ++k) {
        INFO("result " << k << " of calls for " << steps << " steps, " << columns << " columns");
        CHECK((found[k] - expected[k]).cwiseAbs().maxCoeff() <= 1e-13 * std::max(1.0, expected[k].cwiseAbs().maxCoeff()));
      }
    }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("recurrence: gradients of the state that it begins with, and of all else", "", ec::detail::LSTMCell,
                   ec::detail::GRUCell, ec::detail::SimpleRNNCell, OwnCell) {
  using Cell = TestType;
  check_gradients<Cell>({.inputs = 2, .units = 3, .steps = 4});
  check_gradients<Cell>({.inputs = 2, .units = 3, .steps = 11, .reversed = true});
  check_gradients<Cell>({.inputs = 5, .units = 3, .steps = 4, .repeated = true}, {}, true);
  check_gradients<Cell>({.inputs = 2, .units = 3, .steps = 4}, {2, 4, 1}, true);
  check_gradients<Cell>({.inputs = 2, .units = 3, .steps = 4, .reversed = true}, {2, 4, 1});
}

TEMPLATE_TEST_CASE("recurrence: a sequence in two parts, of one column and of several", "", ec::detail::LSTMCell,
                   ec::detail::GRUCell, ec::detail::SimpleRNNCell) {
  check_parts<TestType>(1);
  check_parts<TestType>(13);
}

TEMPLATE_TEST_CASE("recurrence: some steps a call equal all steps in one", "", ec::detail::LSTMCell, ec::detail::GRUCell,
                   ec::detail::SimpleRNNCell) {
  for (const Index columns : {1, 5}) {
    check_calls<TestType>({.inputs = 3, .units = 37, .steps = 11}, columns);
    check_calls<TestType>({.inputs = 3, .units = 5, .steps = 11, .reversed = true, .truncation = 4}, columns);
    check_calls<TestType>({.inputs = 3, .units = 5, .steps = 11, .repeated = true}, columns);
  }
}
