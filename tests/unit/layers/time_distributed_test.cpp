// SPDX-License-Identifier: MIT
#include "check_layer.hpp"
#include <eigencoder/layers/activation.hpp>
#include <eigencoder/layers/conv2d.hpp>
#include <eigencoder/layers/dense.hpp>
#include <eigencoder/layers/dropout.hpp>
#include <eigencoder/layers/frozen.hpp>
#include <eigencoder/layers/k_sparse.hpp>
#include <eigencoder/layers/layer_norm.hpp>
#include <eigencoder/layers/time_distributed.hpp>

namespace ec = eigencoder;
using ec::Index;
using layers::Matrix;

namespace {

/// A layer with packed parameters, a cache and working memory for each sample, as a convolution of one pixel is made of.
/// y = w ∘ x², written from what prepare, the cache and the scratch hold.   dw += Σ dy ∘ x²   dx = 2 w ∘ x ∘ dy
struct PackedSquare {
  static constexpr bool accepts(ec::Shape) { return true; }
  static constexpr ec::Shape output(ec::Shape in) { return in; }
  static constexpr ec::Needs needs(ec::Shape in) {
    return {.cache = in.size(), .scratch_per_sample = in.size() + 1, .packed = in.size()};
  }
  static constexpr auto parameters(ec::Shape in) { return std::array{ec::Block{.name = "weight", .rows = in.size()}}; }
  template <class S>
  void prepare(ec::Prepare<S> pass) const {
    pass.packed = std::get<0>(pass.theta);
  }
  template <class S, ec::Mode M>
  void forward(ec::Forward<S, M> pass) const {
    if constexpr (ec::Forward<S, M>::keeps_cache) pass.cache = pass.x;
    pass.scratch_per_sample.topRows(S::in.size()) = pass.x.cwiseAbs2();
    pass.y = pass.packed.asDiagonal() * pass.scratch_per_sample.topRows(S::in.size());
  }
  template <class S, bool InputGradient>
  void backward(ec::Backward<S, InputGradient> pass) const {
    std::get<0>(pass.dtheta) += pass.dy.cwiseProduct(pass.cache.cwiseAbs2()).rowwise().sum();
    if constexpr (InputGradient) pass.dx = 2 * (pass.packed.asDiagonal() * pass.cache.cwiseProduct(pass.dy));
  }
};

/// Whether the layer on every step gives what the layer gives on as many samples as there are steps in all.
template <ec::Shape In, class L, class T>
void check_steps(T, const L& layer, Index batch) {
  constexpr ec::Shape step = ec::features(In.channels);
  constexpr ec::Shape out = ec::TimeDistributed<L>::output(In);
  static_assert(out == ec::sequence(In.width, L::output(step).channels));
  CAPTURE(ec::type_name<L>(), batch);
  StageRunner<ec::TimeDistributed<L>, In, T> run(ec::TimeDistributed<L>{layer});
  StageRunner<L, step, T> one(layer);
  REQUIRE(run.theta.size() == one.theta.size());
  golden::fill(3, 2, -1, run.theta);
  one.theta = run.theta;
  run.random = one.random = ec::Random(ec::Seed{5}, 3, 2);
  const Matrix<T> x = layers::uniform<T>(In.size(), batch, 1, 2, -1), dy = layers::uniform<T>(out.size(), batch, 2, 2, -1),
                  y = run.forward(x), dx = run.backward(x, y, dy);
  const auto steps = [](const Matrix<T>& m, Index rows) { return Matrix<T>(m.reshaped(rows, m.size() / rows)); };
  const Matrix<T> x_steps = steps(x, In.channels), y_steps = one.forward(x_steps),
                  dx_steps = one.backward(x_steps, y_steps, steps(dy, out.channels));
  CHECK(steps(y, out.channels) == y_steps);
  CHECK(steps(dx, In.channels) == dx_steps);
  CHECK(run.dtheta == one.dtheta);
  CHECK(run.template forward<ec::Mode::predict>(x) ==
        one.template forward<ec::Mode::predict>(x_steps).reshaped(out.size(), batch));
}

}  // namespace

TEMPLATE_TEST_CASE("TimeDistributed: every step is a sample of the layer", "", float, double) {
  for (const Index batch : {1, 7}) {
    check_steps<ec::sequence(5, 3)>(TestType(), ec::Dense<4>{}, batch);
    check_steps<ec::sequence(5, 3)>(TestType(), PackedSquare{}, batch);
    check_steps<ec::sequence(6, 5)>(TestType(), ec::KSparse<2>{}, batch);
    check_steps<ec::sequence(9, 13)>(TestType(), ec::Dropout{0.4}, batch);
    check_steps<ec::sequence(1, 3)>(TestType(), ec::Dense<4>{}, batch);
  }
}

TEST_CASE("TimeDistributed: finite differences") {
  for (const Index batch : {1, 7}) {
    for (const ec::GradientReport& report :
         {ec::check_layer_gradient<ec::sequence(5, 3)>(ec::TimeDistributed<ec::Dense<7>>{}, {.batch = batch}),
          ec::check_layer_gradient<ec::sequence(3, 5)>(ec::TimeDistributed<ec::Dense<1, ec::Bias::none>>{}, {.batch = batch}),
          ec::check_layer_gradient<ec::sequence(4, 3)>(ec::TimeDistributed<PackedSquare>{}, {.batch = batch}),
          ec::check_layer_gradient<ec::sequence(4, 3)>(ec::TimeDistributed<ec::LayerNorm>{}, {.batch = batch}),
          ec::check_layer_gradient<ec::sequence(7, 3)>(ec::TimeDistributed(ec::Dropout{0.3}), {.batch = batch})}) {
      INFO(report.text());
      CHECK(report.error < 1e-6);
    }
  }
}

TEST_CASE("TimeDistributed: draws anew for every step, and the same for a sample in any shard") {
  const Matrix<double> ones = Matrix<double>::Ones(160, 6);
  StageRunner<ec::TimeDistributed<ec::Dropout>, ec::sequence(8, 20), double> run(ec::TimeDistributed(ec::Dropout{0.5}));
  run.random = ec::Random(ec::Seed{5}, 3, 2);
  const Matrix<double> whole = run.forward(ones), steps = whole.reshaped(20, 48);
  for (Index a = 0; a < 48; ++a) {
    for (Index b = 0; b < a; ++b) CHECK(steps.col(a) != steps.col(b));
  }
  run.random = ec::Random(ec::Seed{5}, 3, 2, 4);
  CHECK(run.forward(ones.rightCols(2)) == whole.rightCols(2));
}

TEST_CASE("TimeDistributed: a Dense is a convolution of one step, and activations stay in its stores") {
  StageRunner<ec::TimeDistributed<ec::Dense<4>>, ec::sequence(5, 3), double, ec::Tanh> run({}, {});
  StageRunner<ec::Conv1D<4, 1>, ec::sequence(5, 3), double, ec::Tanh> convolution({}, {});
  golden::fill(3, 2, -1, run.theta);
  convolution.theta = run.theta;
  const Matrix<double> x = layers::uniform<double>(15, 7, 1, 2, -1);
  CHECK(layers::relative_error<double>(run.forward(x), convolution.forward(x)) < 1e-14);
}

TEST_CASE("TimeDistributed: its blocks are the layer's, its settings too, and a frozen one passes on its input's gradient") {
  constexpr ec::Shape in = ec::sequence(5, 3);
  constexpr auto blocks = ec::TimeDistributed<ec::Dense<4>>::parameters(in);
  static_assert(blocks.size() == 2 && blocks[0].name == "weight" && blocks[0].rows == 4 && blocks[0].cols == 3);
  static_assert(blocks[1].name == "bias" && blocks[1].size() == 4);
  static_assert(std::is_empty_v<ec::TimeDistributed<ec::Dense<4>>>);  // no values that a file would have to tell
  static_assert(ec::TimeDistributed(ec::Dropout{0.25}).settings()[0].value == 0.25);
  using S = ec::Stage<ec::Frozen<ec::TimeDistributed<ec::Dense<4>>>, in, double>;
  static_assert(ec::GivesInputGradient<S> && S::Layer::frozen);
  static_assert(!ec::TimeDistributed<ec::Frozen<ec::Dense<4>>>::accepts(in));
  static_assert(!ec::TimeDistributed<ec::Dense<4>>::accepts(ec::image(5, 3, 2)));
}
