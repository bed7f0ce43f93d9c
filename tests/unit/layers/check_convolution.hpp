// SPDX-License-Identifier: MIT
#pragma once

#include "check_layer.hpp"
#include <eigencoder/layers/activation.hpp>

// What convolutions and transposed ones are asked alike.
namespace layers {

template <class Runner>
void fill_parameters(Runner& run) {
  golden::fill(1000, 2, -1, run.theta);
}

template <class T, ec::Shape In, class Convolution>
void check_epilogues() {
  const Matrix<T> x = uniform<T>(In.size(), 5, 1, 2, -1);
  StageRunner<Convolution, In, T> plain;
  fill_parameters(plain);
  const auto check = [&]<class Activation>(const Activation& activation) {
    CAPTURE(ec::type_name<Convolution>(), ec::type_name<Activation>());
    StageRunner<Convolution, In, T, Activation> fused({}, activation);
    fused.theta = plain.theta;
    CHECK(fused.forward(x) == StageRunner<Activation, Convolution::output(In), T>(activation).forward(plain.forward(x)));
  };
  check(ec::ReLU{});
  check(ec::LeakyReLU{0.1});
  check(ec::ELU{0.5});
  check(ec::Sigmoid{});
}

/// dx times the derivative of the activation before, in the convolution's store and by itself.
template <class T, ec::Shape In, class Convolution>
void check_derivative() {
  using C = ec::LayersAlone<T, In, ec::Tanh, Convolution>;
  using S = typename C::template stage<1, ec::NoActivation, ec::Tanh>;
  StageRunner<ec::Tanh, In, T> tanh;
  StageRunner<Convolution, In, T> alone;
  fill_parameters(alone);
  const Matrix<T> z = uniform<T>(In.size(), 5, 1, 2, -1), x = tanh.forward(z), y = alone.forward(x);
  const Matrix<T> dy = uniform<T>(y.rows(), 5, 2, 2, -1), dx = tanh.backward(z, x, alone.backward(x, y, dy));

  ec::LayerRunner<C, 1, S> run;
  run.theta = alone.theta;
  CHECK(relative_error<T>(run.backward(x, y, dy), dx.template cast<double>()) < tolerance<T>);
  CHECK(run.dtheta == alone.dtheta);
}

template <class T, ec::Shape In, class Convolution>
void check_accumulation() {
  StageRunner<Convolution, In, T> run;
  fill_parameters(run);
  const Matrix<T> x = uniform<T>(In.size(), 7, 1, 2, -1), y = run.forward(x), dy = uniform<T>(y.rows(), 7, 2, 2, -1);
  run.backward(x, y, dy);
  const Matrix<T> once = run.dtheta;
  run.template backward<false>(x, y, dy);
  CHECK(relative_error<T>(run.dtheta, 2 * once.template cast<double>()) < tolerance<T>);
}

/// A NaN reaches what depends on it, and nothing else: the same places as a number that was changed there. Neither do the zeros
/// around an image meet the image beside it.
template <class T>
void check_nan_stays(AnyRunner<T>& run, Index values) {
  constexpr T nan = std::numeric_limits<T>::quiet_NaN();
  run.memory.theta.setOnes();
  const auto check_reach = [&](const Matrix<T>& input, const auto& map) {
    for (const Index at : {Index{0}, input.rows() / 2, input.rows() - 1}) {
      Matrix<T> poisoned = input, moved = input;
      poisoned(at, 1) = nan;
      moved(at, 1) += 100;
      const Eigen::Array<bool, Eigen::Dynamic, Eigen::Dynamic> changed = (map(moved) - map(input)).array().abs() > T(50);
      CHECK((map(poisoned).array().isNaN() == changed).all());
      CHECK((changed.any() && changed.count() == changed.col(1).count()));
    }
  };
  const Matrix<T> x = uniform<T>(values, 4, 1, 2, -1), y = run.forward(x), dy = uniform<T>(y.rows(), 4, 2, 2, -1);
  check_reach(x, [&](const Matrix<T>& input) { return run.forward(input); });
  check_reach(dy, [&](const Matrix<T>& gradient) { return run.backward(x, y, gradient); });
}
template <class T, ec::Shape In, class Convolution>
void check_nan_stays() {
  CAPTURE(ec::type_name<Convolution>());
  StageRunner<Convolution, In, T> run;
  RunnerOf any(run);
  check_nan_stays<T>(any, In.size());
}

}  // namespace layers
