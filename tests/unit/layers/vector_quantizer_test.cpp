// SPDX-License-Identifier: MIT
#include "check_layer.hpp"
#include "support/allocations.hpp"
#include "support/model_blocks.hpp"
#include "support/throws.hpp"
#include <eigencoder/eigencoder.hpp>

namespace ec = eigencoder;
using layers::Index;
using layers::Matrix;

namespace {

/// Every pixel becomes the codebook's nearest vector, by the distances themselves; dx is dy; the tallies are those of the
/// choices.
template <class T, Index K, ec::Shape In>
void check_nearest(Index batch) {
  constexpr Index depth = In.channels, pixels = In.height * In.width;
  CAPTURE(K, ec::to_string(In), batch, ec::type_name<T>());
  StageRunner<ec::VectorQuantizer<K>, In, T> run;
  const Matrix<T> codebook = layers::uniform<T>(depth, K, 3, 2, -1);
  run.state.head(depth * K) = codebook.reshaped();
  run.state.segment(depth * K, K).setConstant(1e6);  // nothing is restarted
  const Matrix<T> x = layers::uniform<T>(In.size(), batch, 1, 2, -1), dy = layers::uniform<T>(In.size(), batch, 2, 2, -1);
  const Matrix<T> y = run.forward(x);
  const auto vectors = x.reshaped(depth, pixels * batch);
  Eigen::VectorXd counts = Eigen::VectorXd::Zero(K);
  Matrix<double> sums = Matrix<double>::Zero(depth, K);
  Matrix<T> expected(depth, pixels * batch);
  for (Index p = 0; p < expected.cols(); ++p) {
    Index nearest = 0;
    (codebook.colwise() - vectors.col(p)).colwise().squaredNorm().minCoeff(&nearest);
    expected.col(p) = codebook.col(nearest);
    counts[nearest] += 1;
    sums.col(nearest) += vectors.col(p).template cast<double>();
  }
  CHECK(y.reshaped(depth, pixels * batch) == expected);
  CHECK(run.forward_in_place(x) == y);
  CHECK(run.backward(x, y, dy) == dy);
  CHECK(run.backward_in_place(x, y, dy) == dy);
  run.forward(x);
  CHECK(Eigen::Map<const Eigen::VectorXd>(run.tallies.data(), K) == counts);
  CHECK((Eigen::Map<const Matrix<double>>(run.tallies.data() + K, depth, K) - sums).cwiseAbs().maxCoeff() < 1e-12);
}

constexpr Index entries = 9, depth = 5;
constexpr ec::Shape picture = ec::image(4, 3, 2);
const ec::MeanSquaredError loss;

/// 1×1 convolutions around a quantiser, as in make_latent_penalties.py.
template <class T>
auto golden_model(double decay, double restart) {
  auto encoder = ec::encoder<picture>(ec::Conv2D<depth, 1>{}, ec::Tanh{}, ec::VectorQuantizer<entries>{decay, restart});
  auto decoder = ec::decoder<ec::image(4, 3, depth)>(ec::Conv2D<2, 1>{});
  return ec::Autoencoder<decltype(encoder), decltype(decoder), T>{encoder, decoder};
}

/// Some steps of SGD: loss, commitment and gradients of each, then parameters, codebook and its averages.
template <class T>
void check_golden(const std::string& name, std::size_t threads) {
  const double tolerance = std::is_same_v<T, double> ? 1e-11 : 2e-4;
  static const nlohmann::json file = golden::load("latent_penalties.json");
  const nlohmann::json& expected = file["quantiser"][name];
  CAPTURE(name, threads, ec::type_name<T>());
  const auto batch = file["batch"].get<Index>();
  auto model = golden_model<T>(file["decay"], expected["restart"]);
  using Model = decltype(model);
  golden::draw_blocks(golden::blocks_of(model));
  if (!expected["fresh"]) {
    ec::MatrixView<T> codebook = model.parameter("encoder.2.codebook"), counts = model.parameter("encoder.2.counts");
    golden::fill(50, 2, -1, codebook);
    golden::fill(51, 20, 5, counts);
    model.parameter("encoder.2.sums") = codebook * counts.col(0).asDiagonal();
  }
  const auto objective = loss + file["beta"].get<double>() * ec::Commitment{};
  using Stepper = ec::Stepper<Model, std::decay_t<decltype(objective)>, ec::SGD>;
  Stepper stepper(threads, ec::Seed{1}, 0), gradients(threads, ec::Seed{1}, 0);
  stepper.reserve_training(batch);
  gradients.reserve_training(batch);
  typename Model::Matrix x(picture.size(), batch);
  Eigen::Matrix<T, Eigen::Dynamic, 1> gradient(Model::parameter_count);
  for (std::size_t step = 1; step <= expected["history"].size(); ++step) {
    CAPTURE(step);
    const nlohmann::json& now = expected["history"][step - 1];
    golden::fill(step, 1, 0, x);
    gradients.differentiate(model, objective, {x, x, nullptr, batch}, step, gradient.data());
    const T* at = gradient.data();
    std::size_t k = 0;
    std::as_const(model).for_each_block([&](const std::string& block, const ec::Block& what, auto view) {
      if (!what.trainable) return;
      CAPTURE(block);
      golden::check_digest(now["gradients"][k++], ec::MatrixView<const T>(at, view.rows(), view.cols()), tolerance);
      at += view.size();
    });
    const auto terms = stepper.train(model, objective, ec::SGD{.learning_rate = file["rate"]}, {x, x, nullptr, batch});
    CHECK(terms[0] == Approx(now["loss"].get<double>()).epsilon(tolerance));
    CHECK(terms[1] == Approx(now["commitment"].get<double>()).epsilon(tolerance));
  }
  std::size_t k = 0;
  std::as_const(model).for_each_block([&](const std::string& block, const ec::Block& what, auto view) {
    CAPTURE(block);
    if (what.trainable) return golden::check_digest(expected["parameters"][k++], view, tolerance);
    const Matrix<double> wanted = layers::matrix(expected[std::string(what.name)], view.rows());
    CHECK(layers::relative_error<T>(view, wanted) < tolerance);
  });
}

}  // namespace

TEMPLATE_TEST_CASE("VectorQuantizer: the nearest vector of the codebook", "", float, double) {
  using T = TestType;
  check_nearest<T, 1, ec::features(1)>(7);
  check_nearest<T, 5, ec::features(13)>(1);
  check_nearest<T, 16, ec::image(3, 5, 2)>(7);
  check_nearest<T, 33, ec::image(7, 7, 16)>(3);
  check_nearest<T, 200, ec::sequence(9, 17)>(7);
  check_nearest<T, 3, ec::image(28, 28)>(1);
  check_nearest<T, 512, ec::image(2, 3, 33)>(7);
}

TEST_CASE("VectorQuantizer: of equally near vectors the first; a NaN stays in its pixel, and shows") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
  StageRunner<ec::VectorQuantizer<3>, ec::sequence(3, 2), double> run;
  run.state << 1, 0, -1, 0, 1, 0, Eigen::VectorXd::Constant(9, 1e6);
  const Matrix<double> x{{0, 0}, {5, 0}, {nan, -1}, {0, 0}, {-0.5, 0}, {0, infinite}}, y = run.forward(x);
  CHECK(y.topRows(2) == Matrix<double>{{1, 1}, {0, 0}});
  CHECK((std::isnan(y(2, 0)) && std::isnan(y(3, 0)) && std::isnan(y(5, 1))));
  CHECK((y(4, 0) == -1 && y(5, 0) == 0 && y(2, 1) == -1 && y(3, 1) == 0));
  for (const double tally : run.tallies) CHECK(std::isfinite(tally));
}

TEMPLATE_TEST_CASE("VectorQuantizer: PyTorch's steps: straight through, commitment, moving averages, restarts", "", float,
                   double) {
  for (const std::size_t threads : {1U, 2U, 3U}) {
    check_golden<TestType>("one_step", threads);
    check_golden<TestType>("several_steps", threads);
    check_golden<TestType>("from_nothing", threads);
  }
}

namespace {

/// A network large enough that threads are worth while, after a few steps: parameters and state.
Eigen::VectorXd after_steps(std::size_t threads) {
  using E = ec::Encoder<ec::image(8, 8), ec::Conv2D<16, 3, 2>, ec::ReLU, ec::Conv2D<6, 1>, ec::VectorQuantizer<20>>;
  using Model = ec::Autoencoder<E, ec::Decoder<E::output, ec::ConvTranspose2D<1, 3, 2>, ec::Sigmoid>, double>;
  Model model{ec::Seed{4}};
  const Matrix<double> x = layers::uniform<double>(64, 131, 1, 1, 0);
  ec::Trainer trainer{model, loss + 0.25 * ec::Commitment{}, ec::Adam{}, {.threads = threads, .seed = ec::Seed{5}}};
  for (int step = 0; step < 6; ++step) trainer.train_on_batch(x);
  Eigen::VectorXd all(Model::parameter_count + Model::state_count);
  all << model.parameters(), model.state();
  return all;
}

}  // namespace

TEST_CASE("VectorQuantizer: the same codebook on any number of threads, and the same bits again") {
  const Eigen::VectorXd one = after_steps(1);
  CHECK(one.allFinite());
  for (const std::size_t threads : {2U, 3U}) {
    const Eigen::VectorXd several = after_steps(threads);
    CHECK((one - several).cwiseAbs().maxCoeff() < 1e-10);
    CHECK(several == after_steps(threads));
  }
}

TEST_CASE("VectorQuantizer: the first step takes its entries from the batch, evaluations change nothing") {
  auto model = golden_model<double>(0.99, 0.01);
  const Matrix<double> x = layers::uniform<double>(picture.size(), 50, 1, 1, 0);
  ec::Trainer trainer{model, loss + 0.25 * ec::Commitment{}, ec::SGD{.learning_rate = 1e-9}, {.threads = 1}};
  const Matrix<double> before = model.state();
  trainer.evaluate(x);
  CHECK(before == model.state());
  trainer.train_on_batch(x);
  const auto vectors = [&] {
    ec::Network<ec::Sequential<picture, ec::Conv2D<depth, 1>, ec::Tanh>, double> front;
    front.set_parameters(model.parameters().head(decltype(front)::parameter_count));
    return Matrix<double>(front.predict(x).reshaped(depth, 12 * 50));
  }();
  const ec::MatrixView<double> codebook = model.parameter("encoder.2.codebook");
  CHECK((codebook.col(0) - vectors.rowwise().mean()).cwiseAbs().maxCoeff() < 1e-4);  // which all had chosen, but for ε
  for (Index k = 1; k < entries; ++k) {
    CHECK((vectors.colwise() - codebook.col(k)).colwise().squaredNorm().minCoeff() < 1e-14);
  }
}

TEST_CASE("VectorQuantizer: a training step takes no memory") {
  if (!allocations::counted) return;
  auto model = golden_model<float>(0.99, 0.01);
  const Eigen::MatrixXf x = layers::uniform<float>(picture.size(), 300, 1, 1, 0);
  for (const std::size_t threads : {1U, 2U}) {
    ec::Trainer trainer{model, loss + 0.25 * ec::Commitment{}, ec::Adam{}, {.threads = threads}};
    trainer.train_on_batch(x);
    for (const Index batch : {300, 37, 1}) {
      const long before = allocations::count();
      trainer.train_on_batch(x.leftCols(batch));
      CHECK(allocations::count() == before);
    }
  }
  auto workspace = model.workspace(16);
  Eigen::MatrixXf y(picture.size(), 300);
  const long before = allocations::count();
  model.reconstruct(x, y, workspace);
  CHECK(allocations::count() == before);
}

TEST_CASE("VectorQuantizer: options out of range are refused") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double bad : {-0.1, 1.0, nan}) {
    expect_error<ec::OptionError>([&] { static_cast<void>(ec::VectorQuantizer<4>{.decay = bad}); },
                                  {"VectorQuantizer: decay", "[0, 1)", "found"});
  }
  for (const double bad : {0.0, 1.0, nan}) {
    expect_error<ec::OptionError>([&] { static_cast<void>(ec::VectorQuantizer<4>{.restart = bad}); },
                                  {"VectorQuantizer: restart", "(0, 1)", "found"});
  }
}
