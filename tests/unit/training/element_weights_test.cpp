// SPDX-License-Identifier: MIT
#include "support/allocations.hpp"
#include "training_golden.hpp"

// Weights of the values of the targets, in training.
using namespace training;

namespace {

constexpr auto quiet = ec::Progress::quiet;

template <class Optimizer>
auto make(Model& model, const Optimizer& optimizer, std::size_t threads = 1) {
  start(model);
  return ec::Trainer{model, ec::MeanSquaredError{}, optimizer, {.threads = threads}};
}
auto make(Model& model) { return make(model, ec::SGD{.learning_rate = 0.05, .momentum = 0.9}); }

/// A quarter of them 0.
Eigen::MatrixXd element_weights(ec::Index count) { return filled(4, 6, count, 2, -0.5).cwiseMax(0); }

}  // namespace

TEST_CASE("element weights: PyTorch's steps, with weights of samples, and of the features of all samples") {
  const Eigen::MatrixXd x = inputs(), target = targets(), v = element_weights(x.cols());
  const Eigen::VectorXd w = vector(file()["weights"]);
  Model model;
  auto trainer = make(model);
  CHECK(trainer.evaluate(x, target, {.batch_size = 4, .element_weights = v}).loss ==
        Approx(file()["element_weighted"]["losses"][0].get<double>()).epsilon(1e-12));
  check_steps(file()["element_weighted"], model, trainer, 1e-12, [&] { return trainer.train_on_batch(x, target, {}, v); });

  Model both_model;
  auto both = make(both_model, ec::Adam{.learning_rate = file()["learning_rate"]});
  CHECK(both.evaluate(x, target, {.sample_weights = w, .element_weights = v}).loss ==
        Approx(file()["both_weighted"]["losses"][0].get<double>()).epsilon(1e-12));
  check_steps(file()["both_weighted"], both_model, both, 1e-12, [&] { return both.train_on_batch(x, target, w, v); });

  Model third;
  auto by_feature = make(third);
  const Eigen::VectorXd features = v.col(0);
  CHECK(by_feature.evaluate(x, target, {.batch_size = 2, .element_weights = features}).loss ==
        Approx(file()["feature_weighted"]["losses"][0].get<double>()).epsilon(1e-12));
  check_steps(file()["feature_weighted"], third, by_feature, 1e-12,
              [&] { return by_feature.train_on_batch(x, target, {}, features); });
}

TEST_CASE("element weights: of a set follow its samples, shuffled, in partial batches and into the validated part") {
  const Eigen::MatrixXd x = filled(1, 6, 23), held_out = filled(2, 6, 7), v = element_weights(23);
  const auto fit = [&](const ec::FitOptions<double>& options) {
    Model model;
    auto trainer = make(model);
    const auto history = trainer.fit(x, options);
    return std::pair{Eigen::VectorXd(model.parameters()), history.last()};
  };
  // One batch an epoch: the order must not matter, so that weights that went astray show.
  const auto [shuffled, first] = fit({.epochs = 3, .batch_size = 23, .element_weights = v, .progress = quiet});
  const auto [in_order, second] =
      fit({.epochs = 3, .batch_size = 23, .shuffle = false, .element_weights = v, .progress = quiet});
  CHECK(distance(shuffled, in_order) < 1e-13);
  CHECK(first.train.loss == Approx(second.train.loss).epsilon(1e-13));

  Model model;
  auto trainer = make(model);
  for (const auto& [begin, count] : {std::pair{0, 9}, {9, 9}, {18, 5}}) {
    trainer.train_on_batch(x.middleCols(begin, count), x.middleCols(begin, count), {}, v.middleCols(begin, count));
  }
  Eigen::MatrixXd apart(12, 23);  // columns with a gap between them
  apart << v, -v;
  CHECK(fit({.batch_size = 9, .shuffle = false, .element_weights = v, .progress = quiet}).first == model.parameters());
  CHECK(fit({.batch_size = 9, .shuffle = false, .element_weights = apart.topRows(6), .progress = quiet}).first ==
        model.parameters());

  const auto [split, last] =
      fit({.shuffle = false, .validation_fraction = 0.3, .validation_shuffle = false, .element_weights = v, .progress = quiet});
  Model other;
  auto other_trainer = make(other);
  other_trainer.fit(x.leftCols(16), {.shuffle = false, .element_weights = v.leftCols(16), .progress = quiet});
  CHECK(split == other.parameters());
  CHECK(last.validation.loss ==
        other_trainer.evaluate(x.rightCols(7), {.batch_size = 32, .element_weights = v.rightCols(7)}).loss);

  // Weights of features are the loss's own, in validation too, unless it is given others.
  const Eigen::VectorXd features = v.col(0);
  const auto [weighted, of_features] = fit({.validation = held_out, .element_weights = features, .progress = quiet});
  Model again;
  auto same = make(again);
  same.fit(x, {.element_weights = features, .progress = quiet});
  CHECK(of_features.validation.loss == same.evaluate(held_out, {.element_weights = features}).loss);
  const Eigen::MatrixXd threes = Eigen::MatrixXd::Constant(6, 7, 3);
  const double plain = same.evaluate(held_out).loss;
  CHECK(fit({.validation = held_out, .element_weights = features, .validation_element_weights = threes, .progress = quiet})
            .second.validation.loss == Approx(3 * plain).epsilon(1e-13));
}

TEST_CASE("element weights: masked values may be missing, and those that are left are learnt") {
  const Eigen::MatrixXd x = filled(1, 6, 40), mask = (filled(6, 6, 40).array() > 0).cast<double>();
  Eigen::MatrixXd target = x;
  const auto fit = [&](bool check_data) {
    Model model;
    auto trainer = make(model, ec::Adam{.learning_rate = 0.01});
    trainer.fit(x, target, {.epochs = 5, .element_weights = mask, .progress = quiet, .check_data = check_data});
    return Eigen::VectorXd(model.parameters());
  };
  const Eigen::VectorXd known = fit(true);
  target = (mask.array() > 0).select(target, std::nan(""));
  CHECK(fit(false) == known);
  expect_error<ec::NonFiniteError>([&] { fit(true); }, {"targets: expected finite values, found nan"});
}

TEST_CASE("element weights: finite differences on logits and beside another loss; threads change nothing but rounding") {
  using Probabilities = ec::Autoencoder<Encoder, ec::Decoder<ec::features(4), ec::Dense<6>, ec::Sigmoid>, double>;
  const Eigen::MatrixXd x = filled(1, 6, 53, 1, 0), v = element_weights(53);
  const Eigen::VectorXd w = filled(2, 53, 1, 2, 0);
  const auto check = [&](const auto& part) {
    const auto objective = ec::as_objective(part);
    using Objective = std::decay_t<decltype(objective)>;
    Eigen::VectorXd one(Probabilities::parameter_count), other = one;
    for (const std::size_t threads : {1U, 2U, 3U}) {
      for (const ec::Index batch : {1, 53}) {
        Probabilities model{ec::Seed{2}};
        ec::Stepper<Probabilities, Objective, ec::SGD> stepper(threads, {}, 0);
        stepper.reserve_training(batch);
        const ec::Batch<double> samples{x.leftCols(batch), x.leftCols(batch), nullptr, batch, w.data(), {v.data(), 6}};
        const auto value = [&] {
          const auto values = stepper.differentiate(model, objective, samples, 1, other.data());
          double sum = 0;
          std::size_t k = 0;
          std::apply([&](const auto&... terms) { ((sum += terms.weight * values[k++]), ...); }, objective.terms);
          return sum;
        };
        value();
        const Eigen::VectorXd analytic = other, theta = model.parameters();
        if (threads == 1) one = batch == 53 ? analytic : one;
        if (threads > 1 && batch == 53) {
          CHECK(distance(one, analytic) < 1e-14);
          continue;
        }
        constexpr double h = 1e-5;
        for (ec::Index i = 0; i < theta.size(); i += 3) {
          const auto at = [&](double by) {
            Eigen::VectorXd moved = theta;
            moved[i] += by;
            model.set_parameters(moved);
            return value();
          };
          const double numeric = (at(h) - at(-h)) / (2 * h);
          CHECK(std::abs(numeric - analytic[i]) < 1e-8 * std::max(1.0, analytic.cwiseAbs().maxCoeff()));
        }
      }
    }
  };
  check(ec::BinaryCrossEntropy{});
  check(0.4 * ec::Bernoulli{} + ec::Huber{.delta = 0.1});
}

TEST_CASE("element weights: a step allocates nothing") {
  const Eigen::MatrixXd x = filled(1, 6, 53), v = element_weights(53);
  Model model;
  auto trainer = make(model, ec::Adam{}, 2);
  trainer.train_on_batch(x, x, {}, v);
  const long before = allocations::count();
  trainer.train_on_batch(x, x, {}, v);
  trainer.train_on_batch(x, x, {}, v.col(2));
  CHECK(allocations::count() == before);
}

TEST_CASE("element weights: bad ones are refused before anything changes, and so are those of a loss that takes none") {
  Model model;
  auto trainer = make(model);
  const Eigen::MatrixXd x = inputs(), good = Eigen::MatrixXd::Ones(6, 9);
  const Eigen::VectorXd before = model.parameters();
  const auto refuses = [&]<class Error>(std::type_identity<Error>, const auto& weights,
                                        std::initializer_list<std::string_view> says) {
    expect_error<Error>([&] { trainer.fit(x, {.element_weights = weights, .progress = quiet}); }, says);
    expect_error<Error>([&] { trainer.fit(x, {.validation = x, .validation_element_weights = weights, .progress = quiet}); },
                        says);
    expect_error<Error>([&] { trainer.train_on_batch(x, x, {}, weights); }, says);
    expect_error<Error>([&] { trainer.evaluate(x, {.element_weights = weights}); }, says);
  };
  refuses(std::type_identity<ec::ShapeError>{}, Eigen::MatrixXd(good.leftCols(3)),
          {"element_weights: expected 6 × 9 values", "or 6 × 1 for all samples", "found 6 × 3"});
  refuses(std::type_identity<ec::ShapeError>{}, Eigen::MatrixXd(good.topRows(5)), {"found 5 × 9"});
  Eigen::MatrixXd bad = good;
  bad(2, 4) = -0.5;
  refuses(std::type_identity<ec::OptionError>{}, bad, {"must not be negative, found -0.5 in row 2 of sample 4"});
  bad(2, 4) = std::nan("");
  refuses(std::type_identity<ec::NonFiniteError>{}, bad, {"expected finite values, found nan in row 2 of sample 4"});
  bad(2, 4) = std::numeric_limits<double>::infinity();
  refuses(std::type_identity<ec::NonFiniteError>{}, bad, {"expected finite values, found inf in row 2 of sample 4"});
  using Bytes = Eigen::Matrix<std::uint8_t, Eigen::Dynamic, Eigen::Dynamic>;
  refuses(std::type_identity<ec::OptionError>{}, Bytes(Bytes::Ones(6, 9)), {"expected values of double, found integers"});
  expect_error<ec::OptionError>([&] { trainer.fit(x, {.validation_fraction = 0.5, .validation_element_weights = good}); },
                                {"validation_element_weights needs validation"});
  CHECK(model.parameters() == before);

  ec::Trainer calibrated{model, ec::MeanSquaredError{} + ec::CalibratedGaussian{}, ec::SGD{}, {.threads = 1}};
  expect_error<ec::OptionError>([&] { calibrated.fit(x, {.element_weights = good, .progress = quiet}); },
                                {"element_weights: CalibratedGaussian takes no weights of elements"});
}
