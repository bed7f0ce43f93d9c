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

/// All states of one sequence, steps × (h, c), in the order of the steps, and the last one that was read. `mask`: of recurrent dropout.
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

/// Values in training and in prediction, of batches that fill tiles and that do not.
template <class T, class Step, ec::Shape In, class Layer>
void check_values() {
  CAPTURE(ec::type_name<Layer>(), ec::to_string(In));
  StageRunner<Layer, In, T> run;
  golden::fill(3, 1.4, -0.7, run.theta);
  const RecurrentWeights w(run.theta, Step::rows * Layer::Recurrent::units, In.channels, Layer::Recurrent::units);
  for (const Index batch : {1, 13, 29}) {
    const Matrix<T> x = uniform<T>(In.size(), batch, 1, 4, -2);
    Matrix<double> y(Layer::output(In).size(), batch);
    for (Index j = 0; j < batch; ++j) {
      const Matrix<double> sample = x.col(j).reshaped(In.channels, In.width).template cast<double>();
      y.col(j) = expected<Layer, Step>(w, sample, In.width, Vector::Ones(Layer::Recurrent::units));
    }
    CHECK(relative_error<T>(run.forward(x), y) < tolerance<T>);
    CHECK(relative_error<T>(run.template forward<ec::Mode::predict>(x), y) < tolerance<T>);
  }
}

}  // namespace layers
