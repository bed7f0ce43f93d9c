// SPDX-License-Identifier: MIT
#include <limits>

#include "check_layer.hpp"
#include "unit/engine/contract.hpp"
#include <eigencoder/layers/activation.hpp>
#include <eigencoder/layers/pooling.hpp>

namespace ec = eigencoder;
using ec::Extent, ec::Index, ec::Padding;
using layers::Matrix;

namespace {

constexpr Padding same = Padding::same;

std::string text(Extent extent) { return ec::message(extent.height, 'x', extent.width); }
std::string text(ec::Shape image) { return ec::message(image.height, 'x', image.width, 'x', image.channels); }
std::string name_of(Extent window, Extent stride, bool padded, ec::Shape image, Index batch) {
  return ec::message(text(window), ' ', text(stride), padded ? " same " : " valid ", text(image), ' ', batch);
}
const nlohmann::json& file() {
  static const nlohmann::json read = golden::load("pooling.json");
  return read;
}

template <class T>
void check_entry(const nlohmann::json& entry, AnyRunner<T>& run, Index values, Index batch) {
  const Matrix<T> x = layers::uniform<T>(values, batch, 1, 2, -1), y = run.forward(x);
  const Matrix<T> dx = run.backward(x, y, layers::uniform<T>(y.rows(), batch, 2, 2, -1));
  layers::check_totals<T>(entry["y"], y);
  layers::check_totals<T>(entry["dx"], dx);
}
/// A layer's y and dx against an entry of pooling.json.
template <class T, ec::Shape In, class Layer>
void check_entry(const nlohmann::json& entry, Index batch) {
  StageRunner<Layer, In, T> run;
  RunnerOf any(run);
  check_entry<T>(entry, any, In.size(), batch);
}

/// In double, and in float where its registers, twice as many values, make a difference: for one channel, and for 16 and more.
template <Extent Window, Extent Stride, ec::Shape In, Index Batch, auto... Options>
void check_pools() {
  const nlohmann::json& golden = file();
  const std::string name = name_of(Window, Stride, sizeof...(Options) > 0, In, Batch);
  INFO(name);
  check_entry<double, In, ec::MaxPool2D<Window, Stride, Options...>>(golden["max"].at(name), Batch);
  check_entry<double, In, ec::AvgPool2D<Window, Stride, Options...>>(golden["avg"].at(name), Batch);
  if constexpr (In.channels == 1 || In.channels >= 16) {
    check_entry<float, In, ec::MaxPool2D<Window, Stride, Options...>>(golden["max"].at(name), Batch);
    check_entry<float, In, ec::AvgPool2D<Window, Stride, Options...>>(golden["avg"].at(name), Batch);
  }
}

}  // namespace

TEST_CASE("MaxPool2D, AvgPool2D: PyTorch's values") {
  check_pools<2, 2, ec::image(6, 4, 3), 7>();
  check_pools<2, 2, ec::image(28, 28, 1), 1>();
  check_pools<2, 2, ec::image(28, 28, 32), 1>();
  check_pools<2, 2, ec::image(4, 2, 17), 7>();
  check_pools<2, 1, ec::image(3, 3, 1), 7>();
  check_pools<3, 3, ec::image(9, 3, 5), 7>();
  check_pools<3, 2, ec::image(7, 9, 2), 1>();
  check_pools<3, 1, ec::image(5, 4, 16), 7>();
  check_pools<Extent{2, 3}, Extent{2, 3}, ec::image(4, 9, 33), 1>();
  check_pools<Extent{1, 2}, Extent{1, 2}, ec::image(1, 8, 3), 7>();
  check_pools<1, 1, ec::image(2, 3, 5), 1>();
}

TEST_CASE("MaxPool2D, AvgPool2D: PyTorch's values with Keras's padding") {
  check_pools<2, 2, ec::image(5, 7, 1), 7, same>();
  check_pools<2, 2, ec::image(1, 1, 5), 7, same>();
  check_pools<3, 2, ec::image(7, 5, 17), 1, same>();
  check_pools<3, 2, ec::image(8, 6, 2), 7, same>();
  check_pools<3, 1, ec::image(4, 4, 32), 1, same>();
  check_pools<2, 3, ec::image(7, 9, 3), 7, same>();
  check_pools<5, 1, ec::image(3, 2, 33), 1, same>();
  check_pools<Extent{3, 2}, Extent{1, 2}, ec::image(5, 5, 2), 7, same>();
  check_pools<5, 5, ec::image(28, 28, 16), 1, same>();
}

TEMPLATE_TEST_CASE("GlobalAvgPool2D: PyTorch's values", "", float, double) {
  const nlohmann::json golden = golden::load("pooling.json")["global"];
  check_entry<TestType, ec::image(7, 5, 3), ec::GlobalAvgPool2D>(golden["7x5x3 7"], 7);
  check_entry<TestType, ec::image(28, 28, 1), ec::GlobalAvgPool2D>(golden["28x28x1 1"], 1);
  check_entry<TestType, ec::image(4, 9, 33), ec::GlobalAvgPool2D>(golden["4x9x33 1"], 1);
  check_entry<TestType, ec::image(1, 1, 16), ec::GlobalAvgPool2D>(golden["1x1x16 7"], 7);
}

TEST_CASE("pools: finite differences") {
  const ec::GradientCheckOptions small{.difference = 1e-6};  // the largest of a window must stay the largest
  layers::check_gradient(ec::MaxPool2D<2, 1>{}, small);
  layers::check_gradient(ec::MaxPool2D<3, 2, same>{}, small);
  layers::check_gradient(ec::MaxPool1D<2, 3, same>{}, small);
  layers::check_gradient(ec::AvgPool2D<2, 2, same>{});
  layers::check_gradient(ec::AvgPool1D<3, 1>{});
  layers::check_gradient(ec::GlobalAvgPool2D{});
}

TEST_CASE("pools: shapes, and the images that they refuse") {
  static_assert(ec::MaxPool2D<2>::output(ec::image(28, 14, 5)) == ec::image(14, 7, 5));
  static_assert(ec::MaxPool2D<3, 2>::output(ec::image(7, 9)) == ec::image(3, 4));
  static_assert(ec::AvgPool2D<2, 2, same>::output(ec::image(5, 1, 3)) == ec::image(3, 1, 3));
  static_assert(ec::GlobalAvgPool2D::output(ec::image(5, 3, 4)) == ec::features(4));
  static_assert(ec::MaxPool1D<2>::output(ec::sequence(6, 4)) == ec::sequence(3, 4));
  static_assert(!ec::MaxPool2D<2>::accepts(ec::image(5, 4)));     // a row would be lost
  static_assert(!ec::MaxPool2D<2>::accepts(ec::image(4, 1)));     // narrower than the window
  static_assert(!ec::AvgPool2D<2, 3>::accepts(ec::image(6, 5)));  // the sixth row
  static_assert(ec::AvgPool2D<2, 3>::accepts(ec::image(5, 5)));   // what lies between windows is meant
  static_assert(ec::MaxPool2D<2, 2, same>::accepts(ec::image(5, 1)));
  static_assert(!ec::MaxPool1D<2>::accepts(ec::image(2, 2)) && !ec::AvgPool1D<1>::accepts(ec::image(2, 2)));
  static_assert(ec::MaxPool2D<2>::needs(ec::image(4, 6, 5)).cache == 30);
}

TEMPLATE_TEST_CASE("MaxPool2D: of equal values the first is taken, also of infinities", "", float, double) {
  using T = TestType;
  const Matrix<T> dy = Matrix<T>::Constant(4, 1, 1);
  for (const T value : {T(0.5), -std::numeric_limits<T>::infinity()}) {
    StageRunner<ec::MaxPool2D<2, 2, same>, ec::image(3, 3), T> run;
    const Matrix<T> x = Matrix<T>::Constant(9, 1, value), y = run.forward(x);
    CHECK((y.array() == value).all());
    CHECK(run.backward(x, y, dy) == Matrix<T>{{1, 0, 1, 0, 0, 0, 1, 0, 1}}.transpose());
  }
}

TEMPLATE_TEST_CASE("MaxPool2D: a NaN is the value of its window and of no other", "", float, double) {
  using T = TestType;
  const auto check = []<ec::Shape In>() {
    for (Index at = 0; at < In.size(); ++at) {
      Matrix<T> x = layers::uniform<T>(In.size(), 2, 1, 2, -1);
      x(at, 1) = std::numeric_limits<T>::quiet_NaN();
      const Matrix<T> y = StageRunner<ec::MaxPool2D<2>, In, T>{}.forward(x);
      const Index pixel = at / In.channels, row = pixel / In.width / 2, column = pixel % In.width / 2;
      CHECK(y.array().isNaN().count() == 1);
      CHECK(std::isnan(y((row * In.width / 2 + column) * In.channels + at % In.channels, 1)));
    }
  };
  check.template operator()<ec::image(4, 6)>();
  check.template operator()<ec::image(4, 4, 17)>();
}

namespace {

/// y = e⁻ˣ, which falls, so that a pool cannot come before it.
struct Decay : ec::Activation<Decay> {
  template <class V>
  static V apply(V x) {
    return ec::kernels::exp(-x);
  }
  template <class V>
  static V derivative(V y) {
    return -y;
  }
  template <class V>
  static V curvature(V) {
    return V(-1);
  }
};

/// A pool that does the activation's backward, or all of its work, gives what the two give one after the other.
template <class T, class Activation, bool TakesOver>
void check_after() {
  constexpr ec::Shape in = ec::image(4, 6, 5);
  using C = ec::LayersAlone<T, in, Activation, ec::MaxPool2D<2>>;
  using S = typename C::template stage<1, ec::NoActivation, std::conditional_t<TakesOver, ec::NoActivation, Activation>>;
  static_assert(C::takes_over[1] == TakesOver);
  const Matrix<T> x = layers::uniform<T>(in.size(), 3, 1, 2, -1), dy = layers::uniform<T>(S::out.size(), 3, 2, 2, -1);
  StageRunner<Activation, in, T> activation;
  StageRunner<ec::MaxPool2D<2>, in, T> pool;
  const Matrix<T> z = activation.forward(x), y = pool.forward(z), dx = activation.backward(x, z, pool.backward(z, y, dy));

  ec::LayerRunner<C, 1, S> run;
  const Matrix<T> from = TakesOver ? x : z, found = run.forward(from), dfound = run.backward(from, found, dy);
  CHECK(found == y);
  CHECK(dfound == dx);
}

}  // namespace

TEMPLATE_TEST_CASE("MaxPool2D: after an activation, with its derivative or in its place", "", float, double) {
  check_after<TestType, Decay, false>();
  check_after<TestType, ec::LeakyReLU, true>();
  check_after<TestType, ec::Tanh, true>();
}

namespace {

/// A pool and its reverse, x → y and dy → dx.
template <class T, Extent Window, ec::Shape In, Index Batch>
void check_unpool() {
  static const nlohmann::json golden = golden::load("pooling.json")["unpool"];
  const std::string name = ec::message(text(Window), ' ', text(In), ' ', Batch);
  INFO(name);
  const Matrix<T> x = layers::uniform<T>(In.size(), Batch, 1, 2, -1), dy = layers::uniform<T>(In.size(), Batch, 2, 2, -1);
  using C = ec::LayersAlone<T, In, ec::MaxPool2D<Window>, ec::MaxUnpool2D<0, Window>>;
  ec::LayerRunner<C, 0> pool;
  ec::LayerRunner<C, 1> reverse;
  const Matrix<T> values = pool.forward(x);
  reverse.source_cache = pool.cache;
  const Matrix<T> y = reverse.forward(values), dx = pool.backward(x, values, reverse.backward(values, y, dy));
  layers::check_totals<T>(golden.at(name)["y"], y);
  layers::check_totals<T>(golden.at(name)["dx"], dx);

  // Predictions keep the places too.
  const Matrix<T> predicted = pool.template forward<ec::Mode::predict>(x);
  reverse.source_cache = pool.cache;
  CHECK(reverse.template forward<ec::Mode::predict>(predicted) == y);
}

}  // namespace

TEMPLATE_TEST_CASE("MaxUnpool2D: PyTorch's values", "", float, double) {
  check_unpool<TestType, 2, ec::image(6, 4, 3), 7>();
  check_unpool<TestType, 2, ec::image(28, 28, 16), 1>();
  check_unpool<TestType, Extent{3, 2}, ec::image(9, 8, 17), 7>();
  check_unpool<TestType, Extent{1, 3}, ec::image(1, 9, 1), 1>();
}

TEST_CASE("MaxUnpool2D: which pools it can reverse") {
  const auto links = []<class Pool, ec::Shape In>() {
    using Source = ec::Stage<Pool, In, float>;
    return ec::MaxUnpool2D<0, 2>::links<Source>(Source::out);
  };
  static_assert(links.operator()<ec::MaxPool2D<2>, ec::image(4, 6, 3)>());
  static_assert(links.operator()<ec::MaxPool2D<2, 2, same>, ec::image(4, 6, 3)>());
  static_assert(!links.operator()<ec::MaxPool2D<2, 2, same>, ec::image(4, 5, 3)>());  // its last window hangs over
  static_assert(!links.operator()<ec::MaxPool2D<2, 1>, ec::image(4, 6, 3)>());
  static_assert(!links.operator()<ec::MaxPool2D<3, 2, same>, ec::image(4, 6, 3)>());
  static_assert(!links.operator()<ec::AvgPool2D<2>, ec::image(4, 6, 3)>());
}

TEST_CASE("MaxUnpool2D: in a model, gradients by finite differences and with any number of threads") {
  using E = ec::Encoder<ec::features(10), ec::Dense<72>, ec::Reshape<ec::image(6, 4, 3)>, ec::Tanh, ec::MaxPool2D<2>>;
  using D = ec::Decoder<E::output, ec::Dense<18>, ec::Reshape<E::output>, ec::Sigmoid, ec::MaxUnpool2D<3, 2>, ec::Dense<10>>;
  contract::check_types<E, D>(ec::MeanSquaredError{});
}

TEST_CASE("MaxUnpool2D: of values that an activation made equal, the pool took the first") {
  ec::Network<ec::Sequential<ec::image(2, 2), ec::ReLU, ec::MaxPool2D<2>, ec::Sigmoid, ec::MaxUnpool2D<1, 2>>> network;
  CHECK(network.predict(Eigen::Vector4f(-3, -1, -2, -4)) == Eigen::Vector4f(0.5F, 0, 0, 0));
}

TEST_CASE("MaxPool2D: after an activation in a model") {
  using E = ec::Encoder<ec::image(4, 6), ec::Dense<24>, ec::Reshape<ec::image(4, 6)>, ec::Tanh, ec::MaxPool2D<2>>;
  using D = ec::Decoder<E::output, ec::UpSample2D<2, ec::Interpolation::bilinear>, ec::Dense<24>>;
  ec::Autoencoder<E, D, double> model{ec::Seed{3}};
  const Matrix<double> x = layers::uniform<double>(24, 7, 1, 2, -1);
  const ec::GradientReport report = ec::check_model_gradient(model, ec::MeanSquaredError{}, x, x, {.difference = 1e-6});
  CAPTURE(report.text());
  CHECK(report.error < 1e-6);
}
