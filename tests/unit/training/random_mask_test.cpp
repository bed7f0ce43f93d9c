// SPDX-License-Identifier: MIT
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/stage_runner.hpp"
#include "support/throws.hpp"
#include <eigencoder/eigencoder.hpp>
#include <eigencoder/tasks/masks.hpp>
#include <eigencoder/testing/gradient_check.hpp>

namespace ec = eigencoder;
using ec::Index;
using Eigen::MatrixXd;

namespace {

constexpr ec::Shape in = ec::image(6, 5, 2);
constexpr ec::MaskOptions drawn{.kind = ec::MaskKind::any, .width = 1};
constexpr ec::MaskWeights weights{.hidden = 1, .seen = 0.125};

constexpr auto layers =
    ec::sequential<in>(ec::RandomMask{drawn, -1, weights}, ec::Dense<9>{}, ec::Tanh{}, ec::Dense<60>{}, ec::Reshape<in>{});
using Masking = ec::Network<std::remove_const_t<decltype(layers)>, double>;

/// The masks of a step of training, for a batch in one piece.
MatrixXd masks_of_step(std::uint64_t step, ec::Seed seed, Index count) {
  StageRunner<ec::RandomMask<>, ec::image(6, 5), double> run(ec::RandomMask{drawn, 1});
  run.random = ec::Random(seed, step, 0);
  return run.forward(MatrixXd::Zero(30, count));
}

}  // namespace

TEST_CASE("RandomMask with weights: a step has the loss of hidden inputs with weights of elements") {
  const MatrixXd x = MatrixXd::Random(60, 13), t = MatrixXd::Random(60, 13);
  for (const std::size_t threads : {1U, 3U}) {
    Masking model{layers, ec::Seed{1}};
    ec::Trainer trainer{
        model, ec::MeanSquaredError{}, ec::SGD{.learning_rate = 0.5}, {.threads = threads, .seed = ec::Seed{7}}};
    for (std::uint64_t step = 1; step <= 3; ++step) {
      const MatrixXd masks = masks_of_step(step, ec::Seed{7}, 13), of_elements = ec::mask_weights<double>(masks, in, weights);
      const double expected = trainer.evaluate(ec::hide(x, masks, in, -1), t, {.element_weights = of_elements}).loss;
      CHECK(std::abs(trainer.train_on_batch(x, t) - expected) < 1e-13);
    }
    const long allocated = allocations::count();
    trainer.train_on_batch(x, t);
    CHECK(allocations::count() == allocated);
    // An evaluation hides nothing, and counts every value.
    CHECK(std::abs(trainer.evaluate(x, t).loss - (model.predict(x) - t).squaredNorm() / (60 * 13)) < 1e-13);
  }
}

TEST_CASE("RandomMask with weights: the loss is the weighted sum, and its gradient that of finite differences") {
  Masking model{layers, ec::Seed{1}};
  const MatrixXd x = MatrixXd::Random(60, 7), t = MatrixXd::Random(60, 7);
  const MatrixXd masks = masks_of_step(1, ec::Seed{}, 7), y = model.predict(ec::hide(x, masks, in, -1));
  const double expected = ec::mask_weights<double>(masks, in, weights).cwiseProduct((y - t).cwiseAbs2()).sum() / (60 * 7);
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::SGD{.learning_rate = 1e-3}, {.threads = 1}};
  CHECK(std::abs(trainer.train_on_batch(x, t) - expected) < 1e-13);
  const ec::GradientReport report = ec::check_model_gradient(model, ec::MeanSquaredError{}, x, t);
  CAPTURE(report.text());
  CHECK(report.error < 1e-6);
}

TEST_CASE("RandomMask with weights: takes no weights of elements in training, and those of validation") {
  Masking model{layers, ec::Seed{1}};
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{}, {.threads = 1}};
  const MatrixXd x = MatrixXd::Random(60, 9), ones = MatrixXd::Ones(60, 9);
  const std::initializer_list<std::string_view> parts{
      "element_weights: expected none, since RandomMask<true> weighs the values of the targets"};
  ec::FitOptions<double> options{.batch_size = 4, .progress = ec::Progress::quiet};
  options.element_weights = ones;
  expect_error<ec::OptionError>([&] { trainer.fit(x, options); }, parts);
  expect_error<ec::OptionError>([&] { trainer.train_on_batch(x, x, {}, ones); }, parts);
  CHECK(trainer.updates() == 0);

  const MatrixXd masks = ec::random_masks<double>(drawn, in, 9, ec::Seed{2}), hidden = ec::hide(x, masks, in, -1),
                 counted = ec::mask_weights<double>(masks, in);
  options.element_weights = {};
  options.validation = hidden;
  options.validation_targets = x;
  options.validation_element_weights = counted;
  const ec::History history = trainer.fit(x, options);
  const double expected = counted.cwiseProduct((model.predict(hidden) - x).cwiseAbs2()).sum() / (60 * 9);
  CHECK(std::abs(history.epochs.back().validation.loss - expected) < 1e-13);
}
