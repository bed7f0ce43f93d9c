// SPDX-License-Identifier: MIT
#include "check_layer.hpp"
#include <eigencoder/layers/activation.hpp>
#include <eigencoder/layers/dense.hpp>

namespace ec = eigencoder;
using layers::Matrix;
using layers::relative_error;
using layers::tolerance;

TEMPLATE_TEST_CASE("Dense: PyTorch's values, with and without a bias", "", float, double) {
  using T = TestType;
  const auto check = [](const nlohmann::json& entry, auto run) {
    Eigen::Map<Matrix<T>> W(run.theta.data(), 5, 9);
    const double limit = std::sqrt(6.0 / (5 + 9));
    golden::fill(1000, 2 * limit, -limit, W);
    const bool biased = entry["bias"];
    if (biased) golden::fill(1001, 0.2, -0.1, run.theta.tail(5));
    const ec::Index batch = entry["batch"];
    const Matrix<T> x = layers::uniform<T>(9, batch, 1, 2, -1), dy = layers::uniform<T>(5, batch, 2, 2, -1);

    const Matrix<T> y = run.forward(x);
    CHECK(relative_error<T>(y, layers::matrix(entry["y"], 5)) < tolerance<T>);
    const Matrix<T> dx = run.backward(x, y, dy);
    CHECK(relative_error<T>(dx, layers::matrix(entry["dx"], 9)) < tolerance<T>);
    CHECK(relative_error<T>(run.dtheta.head(45), layers::matrix(entry["dW"], 45)) < tolerance<T>);
    if (biased) CHECK(relative_error<T>(run.dtheta.tail(5), layers::matrix(entry["db"], 5)) < tolerance<T>);

    // A second pass adds to the gradients; without dx they are the same.
    const Matrix<T> once = run.dtheta;
    run.template backward<false>(x, y, dy);
    CHECK(relative_error<T>(run.dtheta, 2 * once.template cast<double>()) < tolerance<T>);
  };
  const nlohmann::json entries = golden::load("layers.json")["dense"];
  for (const nlohmann::json& entry : entries) {
    CAPTURE(entry["bias"], entry["batch"]);
    if (entry["bias"]) check(entry, StageRunner<ec::Dense<5>, ec::features(9), T>{});
    if (!entry["bias"]) check(entry, StageRunner<ec::Dense<5, ec::Bias::none>, ec::features(9), T>{});
  }
}

TEST_CASE("Dense: finite differences") {
  layers::check_gradient(ec::Dense<7>{});
  for (const ec::Index batch : {1, 7}) {  // from one input and one unit to more units than a tile has rows
    for (const ec::GradientReport& report :
         {ec::check_layer_gradient<ec::features(1)>(ec::Dense<1>{}, {.batch = batch}),
          ec::check_layer_gradient<ec::image(5, 3)>(ec::Dense<37, ec::Bias::none>{}, {.batch = batch})}) {
      INFO(report.text());
      CHECK(report.error < 1e-6);
    }
  }
}

TEMPLATE_TEST_CASE("Dense: the gradient of its parameters by itself, overwritten or added, whole or by columns", "", float, double) {
  using T = TestType;
  const auto check = []<class Layer>(Layer layer) {
    using S = ec::Stage<Layer, ec::features(29), T>;
    StageRunner<Layer, ec::features(29), T> run;
    const Matrix<T> x = layers::uniform<T>(29, 14, 1, 2, -1), dy = layers::uniform<T>(21, 14, 2, 2, -1);
    golden::fill(7, 0.4, -0.2, run.theta);
    run.backward(x, run.forward(x), dy);
    const auto make = [&](ec::VectorView<T> gradient, ec::Index begin, ec::Index end, bool add) {
      layer.parameter_gradient(ec::ParameterGradient<S>{.dtheta = S::Trainable::views(gradient.data()),
                                                                      .x = ec::MatrixView<const T>(x.data(), 29, 14),
                                                                      .dy = ec::MatrixView<const T>(dy.data(), 21, 14),
                                                                      .begin = begin,
                                                                      .end = end,
                                                                      .add = add});
    };
    using Vector = Eigen::Matrix<T, Eigen::Dynamic, 1>;
    Vector whole = Vector::Constant(run.dtheta.size(), std::numeric_limits<T>::quiet_NaN()), parts = whole;
    make({whole.data(), whole.size()}, 0, 29, false);
    CHECK(whole == run.dtheta);
    make({parts.data(), parts.size()}, 13, 29, false);
    CHECK((parts.head(13 * 21).array() != parts.head(13 * 21).array()).all());  // nothing of the others' is touched
    make({parts.data(), parts.size()}, 0, 1, false);
    make({parts.data(), parts.size()}, 1, 13, false);
    CHECK(parts == whole);
    make({parts.data(), parts.size()}, 0, 29, true);
    CHECK(relative_error<T>(parts, 2 * whole.template cast<double>()) < tolerance<T>);
  };
  check(ec::Dense<21>{});
  check(ec::Dense<21, ec::Bias::none>{});
}

TEST_CASE("Dense: an activation in its store gives what the activation by itself gives") {
  const auto check = []<class T, class Activation>(T, const Activation& activation) {
    CAPTURE(ec::type_name<Activation>(), ec::type_name<T>());
    // 300 inputs: the depth is cut, and only the whole sum may be activated.
    StageRunner<ec::Dense<21>, ec::features(300), T> dense;
    StageRunner<ec::Dense<21>, ec::features(300), T, Activation> fused({}, activation);
    golden::fill(7, 0.4, -0.2, dense.theta);
    fused.theta = dense.theta;
    const Matrix<T> x = layers::uniform<T>(300, 13, 1, 2, -1), plain = dense.forward(x);
    CHECK(fused.forward(x) == StageRunner<Activation, ec::features(21), T>(activation).forward(plain));
  };
  check(1.0f, ec::Identity{});
  check(1.0f, ec::ReLU{});
  check(1.0f, ec::LeakyReLU{0.1});
  check(1.0f, ec::ELU{0.5});
  check(1.0f, ec::Sigmoid{});
  check(1.0f, ec::Tanh{});
  check(1.0f, ec::Softplus{});
  check(1.0, ec::LeakyReLU{0.1});
  check(1.0, ec::Sigmoid{});
}

TEST_CASE("Dense: takes images and sequences as vectors") {
  static_assert(ec::Dense<4>::output(ec::image(5, 3, 2)) == ec::features(4));
  static_assert(ec::Dense<4>::parameters(ec::image(5, 3, 2))[0].cols == 30);
  StageRunner<ec::Dense<4>, ec::image(5, 3, 2), double> image;
  StageRunner<ec::Dense<4>, ec::features(30), double> vector;
  golden::fill(3, 2, -1, image.theta);
  vector.theta = image.theta;
  const Matrix<double> x = layers::uniform<double>(30, 3, 1, 1, 0);
  CHECK(image.forward(x) == vector.forward(x));
}

TEST_CASE("Dense: options in any order, their defaults, and what each changes") {
  constexpr ec::Shape in = ec::features(9);
  constexpr auto blocks = ec::Dense<5>::parameters(in);
  static_assert(blocks.size() == 2);
  static_assert(blocks[0].name == "weight" && blocks[0].rows == 5 && blocks[0].cols == 9 && blocks[0].decay);
  static_assert(blocks[1].name == "bias" && blocks[1].size() == 5 && !blocks[1].decay);
  static_assert(blocks[0].init == ec::Init::glorot_uniform && blocks[1].init == ec::Init::zeros);

  const auto only_weights_by_he = []<class Layer>(Layer) {
    constexpr auto only = Layer::parameters(ec::features(9));
    return only.size() == 1 && only[0].name == "weight" && only[0].init == ec::Init::he_normal;
  };
  static_assert(only_weights_by_he(ec::Dense<5, ec::Bias::none, ec::Init::he_normal>{}));
  static_assert(only_weights_by_he(ec::Dense<5, ec::Init::he_normal, ec::Bias::none>{}));
  static_assert(ec::Dense<5, ec::Bias::added>::parameters(in).size() == 2);
  static_assert(ec::Dense<5, ec::Init::zeros>::parameters(in)[0].init == ec::Init::zeros);
}

TEMPLATE_TEST_CASE("Dense: a NaN in one sample stays in its sample", "", float, double) {
  using T = TestType;
  StageRunner<ec::Dense<6>, ec::features(10), T, ec::LeakyReLU> run({}, {});
  golden::fill(3, 2, -1, run.theta);
  Matrix<T> x = layers::uniform<T>(10, 5, 1, 1, 0);
  x(9, 2) = std::numeric_limits<T>::quiet_NaN();
  const Matrix<T> y = run.forward(x);
  CHECK(y.col(2).array().isNaN().all());
  CHECK(y.leftCols(2).allFinite());
  CHECK(y.rightCols(2).allFinite());
}
