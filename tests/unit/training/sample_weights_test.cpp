// SPDX-License-Identifier: MIT
#include "training_golden.hpp"

#include "support/allocations.hpp"

using namespace training;

namespace {

constexpr auto quiet = ec::Progress::quiet;

auto make(Model& model, std::size_t threads = 1) {
  start(model);
  return ec::Trainer{model, ec::MeanSquaredError{}, ec::SGD{.learning_rate = 0.05, .momentum = 0.9}, {.threads = threads}};
}

/// Takes no weights.
struct PlainLoss {
  template <class S, bool Gradient, bool Accumulate>
  double operator()(ec::LossPass<S, Gradient, Accumulate> pass) const {
    if constexpr (Gradient && !Accumulate) pass.dy.setZero();
    return 0;
  }
};

}  // namespace

TEST_CASE("sample weights: PyTorch's steps, and its losses in an evaluation") {
  const Eigen::VectorXd weights = vector(file()["weights"]);
  const Eigen::MatrixXd x = inputs(), target = targets();
  for (const ec::Samples<double>& given : {ec::Samples<double>(weights), ec::Samples<double>(weights.transpose())}) {
    Model model;
    auto trainer = make(model);
    CHECK(trainer.evaluate(x, target, {.batch_size = 4, .sample_weights = given}).loss == Approx(file()["weighted"]["losses"][0].get<double>()).epsilon(1e-12));
    check_steps(file()["weighted"], model, trainer, 1e-12, [&] { return trainer.train_on_batch(x, target, given); });
  }
}

TEST_CASE("sample weights: of a set follow its samples, shuffled, in partial batches and into the validated part") {
  const Eigen::MatrixXd x = filled(1, 6, 23), held_out = filled(2, 6, 7);
  const Eigen::VectorXd ones = Eigen::VectorXd::Ones(23), doubled = 2 * ones;
  // Samples that count double are samples that stand there twice, with the mean over as many as there are weights.
  const Eigen::VectorXd chosen = filled(5, 23, 1).unaryExpr([](double u) { return u > 0 ? 2.0 : 0.0; });
  const auto fit = [&](const ec::FitOptions<double>& options) {
    Model model;
    auto trainer = make(model);
    const auto history = trainer.fit(x, options);
    return std::pair{Eigen::VectorXd(model.parameters()), history.last()};
  };
  CHECK(fit({.batch_size = 4, .sample_weights = ones, .progress = quiet}).first == fit({.batch_size = 4, .progress = quiet}).first);

  // One batch an epoch: the order must not matter, so that weights that went astray show.
  const auto [shuffled, first] = fit({.epochs = 3, .batch_size = 23, .sample_weights = chosen, .progress = quiet});
  const auto [in_order, second] = fit({.epochs = 3, .batch_size = 23, .shuffle = false, .sample_weights = chosen, .progress = quiet});
  CHECK(distance(shuffled, in_order) < 1e-13);
  CHECK(first.train.loss == Approx(second.train.loss).epsilon(1e-13));

  Model model;
  auto trainer = make(model);
  double loss = 0;
  for (const auto& [begin, count] : {std::pair{0, 9}, {9, 9}, {18, 5}}) {
    loss += static_cast<double>(count) / 23 *
            trainer.train_on_batch(x.middleCols(begin, count), x.middleCols(begin, count), chosen.segment(begin, count));
  }
  const auto [by_fit, report] = fit({.batch_size = 9, .shuffle = false, .sample_weights = chosen, .progress = quiet});
  CHECK(by_fit == model.parameters());
  CHECK(report.train.loss == Approx(loss).epsilon(1e-13));

  const auto [split, last] = fit({.shuffle = false, .validation_fraction = 0.3, .validation_shuffle = false, .sample_weights = chosen, .progress = quiet});
  Model other;
  auto other_trainer = make(other);
  other_trainer.fit(x.leftCols(16), {.shuffle = false, .sample_weights = chosen.head(16), .progress = quiet});
  CHECK(split == other.parameters());
  CHECK(last.validation.loss == other_trainer.evaluate(x.rightCols(7), {.batch_size = 32, .sample_weights = chosen.tail(7)}).loss);

  const double plain = fit({.validation = held_out, .progress = quiet}).second.validation.loss;
  const Eigen::VectorXd threes = Eigen::VectorXd::Constant(7, 3);
  CHECK(fit({.validation = held_out, .validation_weights = threes, .progress = quiet}).second.validation.loss ==
        Approx(3 * plain).epsilon(1e-13));
}

TEST_CASE("sample weights: threads change nothing but rounding, and a step allocates nothing") {
  const Eigen::MatrixXd x = filled(1, 6, 53);
  const Eigen::VectorXd weights = filled(2, 53, 1, 2, 0);
  Eigen::VectorXd one(Model::parameter_count), other = one;
  for (const std::size_t threads : {1U, 2U, 3U}) {
    Model model;
    start(model);
    ec::Stepper<Model, ec::Objective<ec::MeanSquaredError>, ec::SGD> stepper(threads, {}, 0);
    stepper.reserve_training(53);
    stepper.differentiate(model, ec::as_objective(ec::MeanSquaredError{}), {x, x, nullptr, 53, weights.data()}, 1, other.data());
    if (threads == 1) one = other;
    CHECK(distance(one, other) < 1e-14);
  }
  Model model;
  auto trainer = make(model);
  trainer.train_on_batch(x, x, weights);
  const long before = allocations::count();
  trainer.train_on_batch(x, x, weights);
  CHECK(allocations::count() == before);
}

TEST_CASE("sample weights: bad ones are refused before anything changes, and so are those of a loss that takes none") {
  Model model;
  auto trainer = make(model);
  const Eigen::MatrixXd x = inputs();
  const Eigen::VectorXd good = Eigen::VectorXd::Ones(x.cols()), before = model.parameters();
  const Eigen::VectorXd short_one = good.head(3);
  const auto refuses = [&]<class Error>(std::type_identity<Error>, const auto& weights, std::initializer_list<std::string_view> says) {
    expect_error<Error>([&] { trainer.fit(x, {.sample_weights = weights, .progress = quiet}); }, says);
    expect_error<Error>([&] { trainer.fit(x, {.validation = x, .validation_weights = weights, .progress = quiet}); }, says);
    expect_error<Error>([&] { trainer.train_on_batch(x, x, weights); }, says);
    expect_error<Error>([&] { trainer.evaluate(x, {.sample_weights = weights}); }, says);
  };
  refuses(std::type_identity<ec::ShapeError>{}, short_one, {"weights: expected a vector of 9 values", "found 3 × 1"});
  Eigen::VectorXd bad = good;
  bad[4] = -0.5;
  refuses(std::type_identity<ec::OptionError>{}, bad, {"weights: must not be negative, found -0.5 for sample 4"});
  bad[4] = std::nan("");
  refuses(std::type_identity<ec::NonFiniteError>{}, bad, {"weights: expected finite values, found nan for sample 4"});
  using Bytes = Eigen::Matrix<std::uint8_t, Eigen::Dynamic, 1>;
  refuses(std::type_identity<ec::OptionError>{}, Bytes(Bytes::Ones(9)), {"expected values of double, found integers"});
  expect_error<ec::OptionError>([&] { trainer.fit(x, {.validation_fraction = 0.5, .validation_weights = good}); },
                                {"validation_weights needs validation"});
  CHECK(model.parameters() == before);

  ec::Trainer plain{model, ec::MeanSquaredError{} + PlainLoss{}, ec::SGD{}, {.threads = 1}};
  expect_error<ec::OptionError>([&] { plain.fit(x, {.sample_weights = good, .progress = quiet}); },
                                {"sample_weights: ", "PlainLoss", "takes no weights of samples"});
}
