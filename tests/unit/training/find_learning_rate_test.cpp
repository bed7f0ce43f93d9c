// SPDX-License-Identifier: MIT
#include "scripted_trainer.hpp"
#include "support/folder.hpp"
#include "support/throws.hpp"
#include <eigencoder/eigencoder.hpp>

namespace ec = eigencoder;

namespace {

Eigen::MatrixXd samples(ec::Index rows, ec::Index count) {
  const ec::Random random(ec::Seed{11}, 0, 0);
  return Eigen::MatrixXd::NullaryExpr(rows, count,
                                      [&](ec::Index i, ec::Index j) { return random.uniform(j, i) * double(i + 1); });
}

/// What training changes of a model that has everything to change: running state, noise, the optimizer's moments.
using Model = ec::Network<ec::Sequential<ec::features(3), ec::Dense<4>, ec::BatchNorm, ec::Dropout, ec::Dense<3>>, double>;
Model model_of() {
  return Model{ec::sequential<ec::features(3)>(ec::Dense<4>{}, ec::BatchNorm{}, ec::Dropout{0.1}, ec::Dense<3>{}), ec::Seed{1}};
}
auto make(Model& model) {
  return ec::Trainer{model, ec::MeanSquaredError{}, ec::Adam{.learning_rate = 1e-2}, {.threads = 1, .seed = ec::Seed{3}}};
}

}  // namespace

TEST_CASE("find_learning_rate: descends below the rate at which gradient descent becomes unstable, and diverges above") {
  using Linear = ec::Network<ec::Sequential<ec::features(3), ec::Dense<2>>, double>;
  const Eigen::MatrixXd x = samples(3, 40), y = samples(2, 40).array().square();
  // The Hessian of the mean squared error of Wx + b, for each output: 2 / (outputs · samples) Σ x̃ x̃ᵀ with x̃ = (x, 1).
  const Eigen::MatrixXd extended = (Eigen::MatrixXd(4, 40) << x, Eigen::RowVectorXd::Ones(40)).finished();
  Eigen::VectorXd steepest = Eigen::VectorXd::Ones(4);
  for (int i = 0; i < 1000; ++i) steepest = (extended * (extended.transpose() * steepest)).normalized().eval();
  const double limit = 2 / (2.0 / (2 * 40) * (extended.transpose() * steepest).squaredNorm());

  Linear model{ec::Seed{1}};
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::SGD{.learning_rate = 0.5}, {.threads = 1}};
  const ec::LearningRateCurve curve =
      ec::find_learning_rate(trainer, x, y, {.lowest = limit * 1e-4, .highest = limit * 1e4, .steps = 81, .batch_size = 100});
  REQUIRE(curve.rates.size() > 40);
  CHECK(curve.rates.size() < 81);
  CHECK(curve.rates.size() == curve.losses.size());
  CHECK(curve.rates.size() == curve.smoothed.size());
  CHECK(curve.rates[0] == Approx(limit * 1e-4));
  CHECK(curve.rates[10] == Approx(limit * 1e-3));
  CHECK(curve.losses[0] == Approx(trainer.evaluate(x, y, 40).loss));
  for (std::size_t i = 0; i + 1 < curve.losses.size() && curve.rates[i] < 0.99 * limit; ++i)
    CHECK(curve.losses[i + 1] < curve.losses[i]);
  CHECK(curve.losses.back() > curve.losses.front());
  CHECK(curve.suggestion > 0.01 * limit);
  CHECK(curve.suggestion < limit);

  double sum = 0, weight = 0;
  for (std::size_t i = 0; i < 5; ++i) {
    sum += std::pow(0.9, 4 - double(i)) * curve.losses[i];
    weight += std::pow(0.9, 4 - double(i));
  }
  CHECK(curve.smoothed[4] == Approx(sum / weight));
}

TEST_CASE("find_learning_rate: leaves the trainer as it was, also where it throws") {
  const Eigen::MatrixXd x = samples(3, 50);
  const auto train = [&](const auto& between) {
    Model model = model_of();
    auto trainer = make(model);
    const auto once = [&](std::uint64_t updates) {
      between(trainer);
      CHECK(trainer.learning_rate() == 1e-2);
      CHECK(trainer.updates() == updates);
    };
    once(0);
    const auto first = trainer.fit(x, {.epochs = 2, .batch_size = 16, .progress = ec::Progress::quiet});
    once(8);
    const auto second = trainer.fit(x, {.epochs = 2, .batch_size = 16, .validation = x, .progress = ec::Progress::quiet});
    const Eigen::VectorXd all =
        (Eigen::VectorXd(model.parameter_count + model.state_count) << model.parameters(), model.state()).finished();
    return std::tuple{all, first.last().train.loss, second.last().validation.loss, trainer.epochs()};
  };
  const auto untouched = train([](auto&) {});
  CHECK(train([&](auto& trainer) { CHECK(ec::find_learning_rate(trainer, x, {.batch_size = 16}).rates.size() > 1); }) ==
        untouched);
  CHECK(train([&](auto& trainer) {
          Eigen::MatrixXd broken = x;
          broken(1, 3) = std::numeric_limits<double>::quiet_NaN();
          expect_error<ec::NonFiniteError>([&] { ec::find_learning_rate(trainer, broken, {.batch_size = 50}); }, {"nan"});
        }) == untouched);
}

TEST_CASE("find_learning_rate: a loss that becomes infinite ends it, one that does not fall suggests nothing") {
  const Eigen::MatrixXd x = samples(3, 50);
  Model model = model_of();
  auto trainer = make(model);
  const auto explodes =
      ec::find_learning_rate(trainer, x, {.lowest = 1e-3, .highest = 1e300, .steps = 10, .divergence = 1e290});
  CHECK(explodes.rates.size() < 10);
  CHECK(std::isfinite(explodes.losses.back()));
  const auto flat = ec::find_learning_rate(trainer, x, {.lowest = 1e5, .highest = 1e6, .divergence = 1e290});
  CHECK(std::isnan(flat.suggestion));
}

TEST_CASE("find_learning_rate: refuses what makes no sense") {
  const Eigen::MatrixXd x = samples(3, 5), wide = samples(4, 5);
  Model model = model_of();
  auto trainer = make(model);
  const auto refuse = [&](const ec::FindLearningRateOptions& options, std::initializer_list<std::string_view> parts) {
    expect_error<ec::OptionError>([&] { ec::find_learning_rate(trainer, x, options); }, parts);
  };
  refuse({.lowest = 0}, {"find_learning_rate: lowest must be finite and positive, found 0"});
  refuse({.lowest = 1, .highest = 1}, {"highest must be finite and above lowest, found 1"});
  refuse({.steps = 9}, {"steps must be at least 10, found 9"});
  refuse({.batch_size = 0}, {"batch_size", "found 0"});
  refuse({.smoothing = 1}, {"smoothing", "found 1"});
  refuse({.divergence = 1}, {"divergence", "found 1"});
  expect_error<ec::ShapeError>([&] { ec::find_learning_rate(trainer, x, x.leftCols(4)); }, {"found 5 and 4"});
  expect_error<ec::ShapeError>([&] { ec::find_learning_rate(trainer, wide, x); }, {"3 rows"});
  CHECK(trainer.learning_rate() == 1e-2);
}

TEST_CASE("LearningRateCurve: its picture is a well-formed SVG") {
  const Folder folder;
  ec::LearningRateCurve curve{.suggestion = 1e-4};
  for (int i = 0; i <= 60; ++i) {
    curve.rates.push_back(std::pow(10, -6 + i / 10.0));
    curve.losses.push_back(i < 55 ? 1.0 / (i + 1) : std::numeric_limits<double>::infinity());
    curve.smoothed.push_back(i < 55 ? 1.0 / (i + 1) : 1e300);
  }
  curve.write_svg(folder.path / "rates.svg");
  const std::string svg = contents(folder.path / "rates.svg");
  CHECK(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 640 400\""));
  CHECK(svg.ends_with("</svg>\n"));
  for (const char* label : {">1e-6<", ">1e-3<", ">1e0<", ">learning rate<", ">0.0001<"})
    CHECK(svg.find(label) != std::string::npos);
  CHECK(svg.find("nan") == std::string::npos);
  CHECK(svg.find("inf") == std::string::npos);
  CHECK(std::count(svg.begin(), svg.end(), '<') == std::count(svg.begin(), svg.end(), '>'));
  expect_error<ec::OptionError>([&] { ec::LearningRateCurve{}.write_svg(folder.path / "none.svg"); },
                                {"at least 2 rates, found 0"});
}
