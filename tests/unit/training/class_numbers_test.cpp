// SPDX-License-Identifier: MIT
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/throws.hpp"
#include <eigencoder/eigencoder.hpp>
#include <eigencoder/testing/gradient_check.hpp>

// Targets that are class numbers, one for each place of the output.
namespace ec = eigencoder;
using ec::Index;
using Matrix = Eigen::MatrixXd;

namespace {

constexpr Index steps = 5, classes = 3;
using Model =
    ec::Network<ec::Sequential<ec::sequence(steps, 2), ec::Conv1D<4, 3>, ec::Tanh, ec::Conv1D<classes, 1>, ec::Softmax>,
                double>;
using Loss = ec::SparseCategoricalCrossEntropy<classes>;
constexpr Loss loss{.class_weights = {0.5, 1, 2}};
static_assert(ec::Terms<Model::Chain, decltype(ec::as_objective(loss))>::target == ec::sequence(steps, 1));

Matrix inputs(Index count) { return Matrix::Random(steps * 2, count); }
/// Of what the inputs hold, so that it can be learnt: 0 or 1 by the sign of the first value, 2 where both are large, −1 at
/// times.
Matrix numbers(const Matrix& x) {
  return Matrix::NullaryExpr(steps, x.cols(), [&](Index i, Index j) {
    if ((i + j) % 7 == 0) return -1.0;
    return x(2 * i, j) + x(2 * i + 1, j) > 0.8 ? 2.0 : x(2 * i, j) > 0 ? 1.0 : 0.0;
  });
}

/// The loss by its definition, over the first `own` steps of each sample, and weights of places.
double expected(const Model& model, const Matrix& x, const Matrix& k, const std::vector<Index>& lengths = {},
                const Matrix& v = {}) {
  const Matrix y = model.predict(x, lengths);
  double sum = 0;
  for (Index j = 0; j < x.cols(); ++j) {
    const Index own = lengths.empty() ? steps : lengths[static_cast<std::size_t>(j)];
    for (Index i = 0; i < own; ++i) {
      if (k(i, j) < 0) continue;
      const auto c = static_cast<Index>(k(i, j));
      sum -= loss.class_weights[static_cast<std::size_t>(c)] * (v.size() > 0 ? v(i, j) : 1.0) *
             std::log(y(classes * i + c, j)) / static_cast<double>(own);
    }
  }
  return sum / static_cast<double>(x.cols());
}

}  // namespace

TEST_CASE("class numbers: the loss, its gradient, lengths of sequences and weights of places in a whole network") {
  Model model{ec::Seed{2}};
  const Matrix x = inputs(7), k = numbers(x);
  ec::Trainer trainer{model, loss, ec::Adam{.learning_rate = 0.02}, {.threads = 1}};
  CHECK(trainer.evaluate(x, k).loss == Approx(expected(model, x, k)).epsilon(1e-12));
  CHECK(trainer.evaluate(x, k, {.batch_size = 3}).loss == Approx(expected(model, x, k)).epsilon(1e-12));
  const Matrix v = Matrix::Random(steps, 7).cwiseAbs();
  CHECK(trainer.evaluate(x, k, {.element_weights = v}).loss == Approx(expected(model, x, k, {}, v)).epsilon(1e-12));
  const std::vector<Index> lengths{5, 4, 3, 1, 5, 2, 4};
  Matrix padded = k;
  for (Index j = 0; j < 7; ++j)
    padded.col(j).tail(steps - lengths[static_cast<std::size_t>(j)]).setConstant(99);  // is not looked at
  CHECK(trainer.evaluate(x, padded, {.lengths = lengths}).loss == Approx(expected(model, x, k, lengths)).epsilon(1e-12));

  for (const std::vector<Index>& of : {std::vector<Index>{}, lengths}) {
    const ec::GradientReport report = ec::check_model_gradient(model, loss, x, k, {.lengths = of});
    INFO(report.text());
    CHECK(report.error < 1e-6);
  }
}

TEST_CASE("class numbers: learnt, with metrics that see one row a place, on one thread as on two, without touching the heap") {
  const Matrix x = inputs(60), k = numbers(x);
  const auto accuracy = [](const auto& y, const auto& t) {
    REQUIRE(y.rows() == steps * classes);
    REQUIRE(t.rows() == steps);
    Index right = 0, known = 0, best = 0;
    for (Index j = 0; j < t.cols(); ++j) {
      for (Index i = 0; i < steps; ++i) {
        if (t(i, j) < 0) continue;
        y.col(j).segment(classes * i, classes).maxCoeff(&best);
        ++known;
        right += best == static_cast<Index>(t(i, j));
      }
    }
    return static_cast<double>(right) / static_cast<double>(known);
  };
  const auto train = [&](std::size_t threads) {
    Model model{ec::Seed{2}};
    ec::Trainer trainer{model, loss, ec::Adam{.learning_rate = 0.02}, {.threads = threads}};
    const ec::History history = trainer.fit(x, k,
                                            {.epochs = 40,
                                             .batch_size = 10,
                                             .validation_fraction = 0.2,
                                             .metrics = {{"accuracy", accuracy}},
                                             .progress = ec::Progress::quiet});
    CHECK(history.last().metrics[0] > 0.9);
    CHECK(history.last().train.loss < 0.4 * history.epochs.front().train.loss);
    const Matrix some = x.leftCols(10), some_k = k.leftCols(10);
    trainer.train_on_batch(some, some_k);
    const long before = allocations::count();
    trainer.train_on_batch(some, some_k);
    CHECK(allocations::count() == before);
    return history.last().train.loss;
  };
  CHECK(train(1) == Approx(train(2)).epsilon(1e-9));
}

TEST_CASE("class numbers: what is none, and masks of the wrong size") {
  Model model{ec::Seed{2}};
  const Eigen::VectorXd before = model.parameters();
  ec::Trainer trainer{model, loss, ec::Adam{}, {.threads = 1}};
  const Matrix x = inputs(4), k = numbers(x);
  const auto all = [&](const Matrix& targets, auto check) {
    check([&] { trainer.evaluate(x, targets); });
    check([&] { trainer.train_on_batch(x, targets); });
    check([&] { trainer.fit(x, targets, {.epochs = 1, .progress = ec::Progress::quiet}); });
  };
  const auto out_of_range = [&](double value, std::string_view found) {
    Matrix targets = k;
    targets(3, 2) = value;
    all(targets, [&](auto call) {
      expect_error<ec::OptionError>(
          call, {"targets: SparseCategoricalCrossEntropy", "expects whole numbers in [-1, 2]", found, "in row 3 of sample 2"});
    });
  };
  out_of_range(3, "found 3");
  out_of_range(-2, "found -2");
  out_of_range(255, "found 255");
  out_of_range(0.5, "found 0.5");
  Matrix targets = k;
  targets(3, 2) = std::numeric_limits<double>::quiet_NaN();
  all(targets, [](auto call) {
    expect_error<ec::NonFiniteError>(call, {"targets: expected finite values, found nan in row 3 of sample 2"});
  });
  for (const Index rows : {steps * classes, steps - 1}) {
    all(Matrix::Zero(rows, 4), [&](auto call) {
      expect_error<ec::ShapeError>(call, {"targets: expected 5 rows (shape (5, 1), one sample a column)",
                                          ec::message("found a matrix of ", rows, " × 4")});
    });
  }
  all(Matrix::Zero(steps, 3), [](auto call) {
    expect_error<ec::ShapeError>(call, {"targets: expected 4 samples", "found 3"});
  });
  expect_error<ec::ShapeError>([&] { trainer.evaluate(x, k, {.element_weights = Matrix::Ones(steps * classes, 4)}); },
                               {"element_weights: expected 5 × 4 values, one for each of the targets"});
  CHECK(model.parameters() == before);
  expect_error<ec::OptionError>(
      [&] {
        ec::Trainer{model, Loss{.class_weights = {1, -1, 1}}, ec::Adam{}};
      },
      {"found -1 of class 1"});
}
