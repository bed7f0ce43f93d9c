// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include "check_layer.hpp"
#include "support/throws.hpp"
#include <eigencoder/layers/recurrent.hpp>

// The equations of recurrent layers a sample and a step at a time, and what is asked of each of them.
namespace layers {

using Vector = Eigen::VectorXd;

inline Vector sigmoid(const Vector& x) { return (1 + (-x.array()).exp()).inverse(); }
inline Vector tanh(const Vector& x) { return x.array().tanh(); }

/// PyTorch's parameters, in the layer's order.
struct RecurrentWeights {
  Matrix<double> W, U;
  Vector b, b_state;

  template <class T>
  RecurrentWeights(const Eigen::Matrix<T, -1, 1>& theta, Index rows, Index inputs, Index units) {
    const Vector all = theta.template cast<double>();
    W = Eigen::Map<const Matrix<double>>(all.data(), rows, inputs);
    U = Eigen::Map<const Matrix<double>>(all.data() + rows * inputs, rows, units);
    b = all.segment(rows * (inputs + units), rows), b_state = all.tail(rows);
  }
};

struct RecurrentState {
  Vector h, c;
};

/// One step of each cell. `seen` is what U is multiplied with: h, or h under the mask of recurrent dropout.
struct LSTMStep {
  static constexpr Index rows = 4;
  static RecurrentState next(const RecurrentWeights& w, const Vector& x, const RecurrentState& s, const Vector& seen) {
    const Vector a = w.W * x + w.b + w.U * seen + w.b_state;
    const Index H = s.h.size();
    const Vector i = sigmoid(a.head(H)), f = sigmoid(a.segment(H, H)), g = tanh(a.segment(2 * H, H)), o = sigmoid(a.tail(H));
    const Vector c = f.cwiseProduct(s.c) + i.cwiseProduct(g);
    return {o.cwiseProduct(tanh(c)), c};
  }
};
struct GRUStep {
  static constexpr Index rows = 3;
  static RecurrentState next(const RecurrentWeights& w, const Vector& x, const RecurrentState& s, const Vector& seen) {
    const Vector of_x = w.W * x + w.b, of_h = w.U * seen + w.b_state;
    const Index H = s.h.size();
    const Vector r = sigmoid(of_x.head(H) + of_h.head(H)), z = sigmoid(of_x.segment(H, H) + of_h.segment(H, H));
    const Vector n = tanh(of_x.tail(H) + r.cwiseProduct(of_h.tail(H)));
    return {(1 - z.array()).matrix().cwiseProduct(n) + z.cwiseProduct(s.h), Vector()};
  }
};
struct SimpleRNNStep {
  static constexpr Index rows = 1;
  static RecurrentState next(const RecurrentWeights& w, const Vector& x, const RecurrentState&, const Vector& seen) {
    return {tanh(w.W * x + w.b + w.U * seen + w.b_state), Vector()};
  }
};

/// All states of one sequence, steps × (h, c), in the order of the steps, and the last one that was read. `mask`: of recurrent
/// dropout.
struct RecurrentRun {
  std::vector<RecurrentState> states;
  RecurrentState last;
};
template <class Step>
RecurrentRun reference(const RecurrentWeights& w, const Matrix<double>& x, Index steps, bool reversed, const Vector& mask) {
  const Index H = w.U.cols();
  RecurrentRun run{std::vector<RecurrentState>(static_cast<std::size_t>(steps)), {Vector::Zero(H), Vector::Zero(H)}};
  for (Index s = 0; s < steps; ++s) {
    const Index t = reversed ? steps - 1 - s : s;
    run.last = run.states[static_cast<std::size_t>(t)] = Step::next(w, x.col(t), run.last, mask.cwiseProduct(run.last.h));
  }
  return run;
}

/// What a layer must give for a sample of `steps` steps.
template <class Layer, class Step>
Vector expected(const RecurrentWeights& w, const Matrix<double>& x, Index steps, const Vector& mask) {
  const RecurrentRun run = reference<Step>(w, x, steps, Layer::Recurrent::direction == ec::Direction::backward, mask);
  const Index H = Layer::Recurrent::units;
  if (Layer::Recurrent::returns == ec::Returns::sequence) {
    Vector all = Vector::Zero(H * x.cols());
    for (Index t = 0; t < steps; ++t) all.segment(t * H, H) = run.states[static_cast<std::size_t>(t)].h;
    return all;
  }
  if (Layer::Recurrent::returns == ec::Returns::last || run.last.c.size() == 0) return run.last.h;
  Vector both(2 * H);
  both << run.last.h, run.last.c;
  return both;
}

template <class Layer, class Step, class T>
Matrix<double> expected(const RecurrentWeights& w, const Matrix<T>& x, ec::Shape in, const std::vector<Index>& lengths,
                        const Matrix<double>& masks) {
  Matrix<double> y(Layer::output(in).size(), x.cols());
  for (Index j = 0; j < x.cols(); ++j) {
    const Matrix<double> sample = x.col(j).reshaped(in.channels, in.width).template cast<double>();
    y.col(j) =
        expected<Layer, Step>(w, sample, lengths.empty() ? in.width : lengths[static_cast<std::size_t>(j)], masks.col(j));
  }
  return y;
}

/// Values in training and in prediction, of batches that fill tiles and that do not, with lengths and without.
template <class T, class Step, ec::Shape In, class Layer>
void check_values() {
  CAPTURE(ec::type_name<Layer>(), ec::to_string(In));
  constexpr Index H = Layer::Recurrent::units;
  StageRunner<Layer, In, T> run;
  golden::fill(3, 1.4, -0.7, run.theta);
  const RecurrentWeights w(run.theta, Step::rows * H, In.channels, H);
  for (const Index batch : {1, 13, 29}) {
    const Matrix<T> x = uniform<T>(In.size(), batch, 1, 4, -2);
    const Matrix<double> ones = Matrix<double>::Ones(H, batch);
    run.lengths.clear();
    const Matrix<double> y = expected<Layer, Step>(w, x, In, {}, ones);
    CHECK(relative_error<T>(run.forward(x), y) < tolerance<T>);
    CHECK(relative_error<T>(run.template forward<ec::Mode::predict>(x), y) < tolerance<T>);
    if (In.width == 1) continue;
    for (Index j = 0; j < batch; ++j) run.lengths.push_back(1 + (3 * j + 1) % In.width);
    const Matrix<double> shorter = expected<Layer, Step>(w, x, In, run.lengths, ones);
    CHECK(relative_error<T>(run.forward(x), shorter) < tolerance<T>);
    CHECK(relative_error<T>(run.template forward<ec::Mode::predict>(x), shorter) < tolerance<T>);
  }
}

/// Of samples with fewer steps than the shape, finite differences of what is their own.
template <ec::Shape In, class Layer>
void check_gradient_with_lengths(const Layer& layer) {
  const ec::GradientReport report =
      ec::check_layer_gradient<In>(layer, {.batch = 4, .lengths = {2, In.width, 1, In.width - 1}});
  CAPTURE(ec::type_name<Layer>(), report.text());
  CHECK(report.error < 1e-6);
}

/// Recurrent dropout: the masks are drawn as Dropout draws, one a sequence, and predictions have none.
template <class Step, class Layer>
void check_recurrent_dropout() {
  constexpr Index H = Layer::Recurrent::units, batch = 5;
  constexpr ec::Shape in = ec::sequence(4, 3);
  StageRunner<Layer, in, double> run(Layer{ec::RecurrentDropout{0.25}});
  run.random = ec::Random(ec::Seed{5}, 1, 0);
  golden::fill(3, 1.4, -0.7, run.theta);
  const RecurrentWeights w(run.theta, Step::rows * H, in.channels, H);
  Matrix<double> masks(H, batch);
  for (Index j = 0; j < batch; ++j) {
    ec::kernels::transform_draws<ec::kernels::Uniform>(run.random, j, H, masks.col(j).data(), [](auto u) { return u; });
    for (double& value : masks.col(j)) value = value < 0.25 ? 0 : 1 / 0.75;
  }
  CHECK((masks.array() == 0).any());
  const Matrix<double> x = uniform<double>(in.size(), batch, 1, 4, -2), ones = Matrix<double>::Ones(H, batch);
  CHECK(relative_error<double>(run.forward(x), expected<Layer, Step>(w, x, in, {}, masks)) < 1e-12);
  CHECK(relative_error<double>(run.template forward<ec::Mode::predict>(x), expected<Layer, Step>(w, x, in, {}, ones)) < 1e-12);
  expect_error<ec::OptionError>([] { static_cast<void>(Layer{ec::RecurrentDropout{1}}); },
                                {"RecurrentDropout: the probability must be in [0, 1)", "found 1"});
}

/// Two halves of a sequence, of which the second begins with the state that the first ended with, are the whole.
/// Whole: with Returns::sequence. Half: the same type; a truncated layer's gradient is that of the halves.
template <class Whole, class Truncated>
void check_halves() {
  constexpr Index H = Whole::Recurrent::units, batch = 3, inputs = 2;
  constexpr ec::Shape all = ec::sequence(6, inputs), half = ec::sequence(3, inputs);
  StageRunner<Whole, half, double> run;
  StageRunner<Whole, all, double> whole;
  StageRunner<Truncated, all, double> truncated;
  golden::fill(3, 1.4, -0.7, run.theta);
  whole.theta = truncated.theta = run.theta;
  const Matrix<double> x = uniform<double>(all.size(), batch, 1, 4, -2), dy = uniform<double>(6 * H, batch, 2, 2, -1);
  const Matrix<double> y = whole.forward(x);
  CHECK(truncated.forward(x) == y);
  const Matrix<double> dx = truncated.backward(x, y, dy);

  run.carry = Matrix<double>::Zero(Whole::needs(half).carry, batch);
  for (const Index begin : {0, 1}) {
    const Matrix<double> part = x.middleRows(begin * half.size(), half.size()), dpart = dy.middleRows(begin * 3 * H, 3 * H);
    const Matrix<double> state = run.carry;
    CHECK(relative_error<double>(run.template forward<ec::Mode::predict>(part), y.middleRows(begin * 3 * H, 3 * H)) < 1e-14);
    run.carry = state;
    const Matrix<double> y_part = run.forward(part);
    CHECK(relative_error<double>(run.backward(part, y_part, dpart), dx.middleRows(begin * half.size(), half.size())) < 1e-12);
  }
  CHECK(relative_error<double>(run.dtheta, truncated.dtheta) < 1e-12);
}

}  // namespace layers
