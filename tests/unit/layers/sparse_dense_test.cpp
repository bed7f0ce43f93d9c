// SPDX-License-Identifier: MIT
#include "check_layer.hpp"
#include "support/allocations.hpp"
#include "support/throws.hpp"
#include <eigencoder/layers/activation.hpp>
#include <eigencoder/layers/dense.hpp>
#include <eigencoder/layers/observed_dense.hpp>
#include <eigencoder/losses/mean_squared_error.hpp>
#include <eigencoder/models/model.hpp>
#include <eigencoder/optimizers/adam.hpp>
#include <eigencoder/optimizers/sgd.hpp>
#include <eigencoder/training/trainer.hpp>

namespace ec = eigencoder;
using ec::Index;
using layers::Matrix;

namespace {

// As in tests/golden/make_recommendation.py.
constexpr Index items = 11, units = 5, entries = 6, batch = 7;
const std::vector<Index> lengths{6, 2, 1, 4, 6, 3, 5};
constexpr ec::Shape pairs = ec::sequence(entries, 2);

template <class T>
using AutoRec =
    ec::Network<ec::Sequential<pairs, ec::SparseDense<items, units>, ec::Sigmoid, ec::ObservedDense<entries, items, -2>>, T>;
template <class T>
using AllScores = ec::Network<ec::Sequential<pairs, ec::SparseDense<items, units>, ec::Sigmoid, ec::AllDense<items>>, T>;

const nlohmann::json& expected() {
  static const nlohmann::json all = golden::load("recommendation.json")["autorec"];
  return all;
}

/// The samples of the golden values: pairs, and with nonsense where the padding is.
template <class T>
Matrix<T> golden_pairs() {
  const Matrix<T> values = layers::uniform<T>(entries, batch, 15, 4, 1);
  Matrix<T> x = Matrix<T>::Constant(2 * entries, batch, T(-7.5));
  std::size_t next = 0;
  for (Index j = 0; j < batch; ++j) {
    for (Index k = 0; k < lengths[static_cast<std::size_t>(j)]; ++k) {
      x(2 * k, j) = static_cast<T>(expected()["indices"][next++].get<int>());
      x(2 * k + 1, j) = values(k, j);
    }
  }
  return x;
}

template <class T>
Matrix<T> values_of(const Matrix<T>& x) {
  return x.reshaped(2, x.size() / 2).row(1).reshaped(x.rows() / 2, x.cols());
}

/// The columns that the pairs stand for.
template <class T>
Matrix<T> dense(const Matrix<T>& x, const std::vector<Index>& counts) {
  Matrix<T> columns = Matrix<T>::Zero(items, x.cols());
  for (Index j = 0; j < x.cols(); ++j) {
    for (Index k = 0; k < counts[static_cast<std::size_t>(j)]; ++k)
      columns(static_cast<Index>(x(2 * k, j)), j) += x(2 * k + 1, j);
  }
  return columns;
}

template <class T>
void fill_parameters(AutoRec<T>& model) {
  std::uint64_t stream = 11;
  model.for_each_block([&](const std::string&, const ec::Block&, auto view) { golden::fill(stream++, 2, -1, view); });
}

}  // namespace

TEMPLATE_TEST_CASE("SparseDense and ObservedDense: PyTorch's masked network on dense columns", "", float, double) {
  using T = TestType;
  AutoRec<T> model{ec::Seed{1}};
  fill_parameters(model);
  const Matrix<T> x = golden_pairs<T>(), targets = values_of(x);
  CHECK(layers::relative_error<T>(model.predict(x, lengths), layers::matrix(expected()["observed"], entries)) <
        layers::tolerance<T>);
  AllScores<T> all{ec::Seed{1}};
  all.set_layers(model);
  CHECK(layers::relative_error<T>(all.predict(x, lengths), layers::matrix(expected()["all"], items)) < layers::tolerance<T>);

  const ec::MeanSquaredError observed{ec::Reduction::sum};
  const Eigen::Matrix<T, Eigen::Dynamic, 1> before = model.parameters();
  {
    ec::Trainer trainer{model, observed, ec::SGD{.learning_rate = 1}, {.threads = 1}};  // a step takes away the gradient
    CHECK(trainer.train_on_batch(x, targets, {}, {}, lengths) ==
          Approx(expected()["adam"]["losses"][0].get<double>()).epsilon(1e-5));
    const Matrix<double> gradient = layers::matrix(expected()["gradient"], before.size());
    CHECK(layers::relative_error<T>(before - model.parameters(), gradient) < 10 * layers::tolerance<T>);
  }
  model.set_parameters(before);
  ec::Trainer trainer{model, observed, ec::Adam{.learning_rate = 0.01}, {.threads = 2}};
  for (const double loss : expected()["adam"]["losses"]) {
    const long allocated = allocations::count();
    const double found = trainer.train_on_batch(x, targets, {}, {}, lengths);
    if (allocations::counted && trainer.updates() > 1) CHECK(allocations::count() == allocated);
    CHECK(found == Approx(loss).epsilon(sizeof(T) == 4 ? 1e-5 : 1e-12));
  }
  const Matrix<double> theta = layers::matrix(expected()["adam"]["theta"], before.size());
  CHECK(layers::relative_error<T>(model.parameters(), theta) < (sizeof(T) == 4 ? 1e-4 : 1e-12));
}

TEST_CASE("SparseDense and ObservedDense: finite differences") {
  const auto check = [](auto model, const std::vector<Index>& counts, Index outputs) {
    const auto samples = counts.empty() ? Index{3} : std::ssize(counts);
    Matrix<double> x = layers::uniform<double>(2 * entries, samples, 3, 2, -1);
    for (Index j = 0; j < samples; ++j) {
      for (Index k = 0; k < entries; ++k) x(2 * k, j) = static_cast<double>((3 * k * k + 2 * j) % items);  // some of them twice
    }
    const ec::GradientReport report =
        ec::check_model_gradient(model, ec::MeanSquaredError{ec::Reduction::sum}, x,
                                 layers::uniform<double>(outputs, samples, 4, 2, -1), {.lengths = counts});
    CAPTURE(report.text());
    CHECK(report.error < 1e-6);
  };
  for (const std::vector<Index>& counts : {std::vector<Index>{}, {4}, lengths})
    check(AutoRec<double>{ec::Seed{3}}, counts, entries);
  using Unbiased = ec::Sequential<pairs, ec::SparseDense<items, units, ec::Bias::none>,
                                  ec::ObservedDense<entries, items, -1, ec::Bias::none>>;
  check(ec::Network<Unbiased, double>{ec::Seed{3}}, lengths, entries);
  const auto dropping =
      ec::sequential<pairs>(ec::SparseDense<items, units>{ec::Dropout{0.4}}, ec::Tanh{}, ec::AllDense<items>{});
  check(ec::Network<std::remove_const_t<decltype(dropping)>, double>{dropping, ec::Seed{3}}, lengths, items);
}

TEMPLATE_TEST_CASE("SparseDense: what a Dense layer makes of the dense column", "", float, double) {
  using T = TestType;
  StageRunner<ec::SparseDense<items, units>, pairs, T> sparse;
  StageRunner<ec::Dense<units>, ec::features(items), T> full;
  golden::fill(3, 2, -1, sparse.theta);
  full.theta = sparse.theta;
  Matrix<T> x = golden_pairs<T>();
  x(2, 0) = x(0, 0);  // twice the same number: the values add up
  for (Index j = 0; j < batch; ++j) x.col(j).tail(2 * (entries - lengths[static_cast<std::size_t>(j)])).setZero();
  const Matrix<T> dy = layers::uniform<T>(units, batch, 2, 2, -1), columns = dense(x, lengths);
  sparse.dtheta.setConstant(T(0.5));  // it must be added to
  full.dtheta.setConstant(T(0.5));
  sparse.lengths = lengths;
  const Matrix<T> y = sparse.forward(x), wanted = full.forward(columns);
  CHECK(layers::relative_error<T>(y, wanted.template cast<double>()) < layers::tolerance<T>);
  sparse.template backward<false>(x, y, dy);
  full.template backward<false>(columns, wanted, dy);
  CHECK(layers::relative_error<T>(sparse.dtheta, full.dtheta.template cast<double>()) < layers::tolerance<T>);
}

TEST_CASE("SparseDense: dropout takes entries out and scales the others, those of one number alike") {
  constexpr Index many = 500;
  StageRunner<ec::SparseDense<many, many, ec::Bias::none>, ec::sequence(many, 2), double> run{
      ec::SparseDense<many, many, ec::Bias::none>{ec::Dropout{0.25}}};
  Eigen::Map<Matrix<double>>(run.theta.data(), many, many).setIdentity();
  Matrix<double> x(2 * many, 1);
  for (Index k = 0; k < many; ++k) x.col(0).segment<2>(2 * k) << static_cast<double>(k / 2), 1;
  const Matrix<double> y = run.forward(x);
  const Index kept = (y.topRows(many / 2).array() != 0).count();
  CHECK(std::abs(static_cast<double>(kept) - 0.75 * many / 2) < 4 * std::sqrt(many / 2 * 0.25 * 0.75));
  for (Index i = 0; i < many / 2; ++i) CHECK((y(i, 0) == 0 || y(i, 0) == Approx(2 / 0.75)));
}

TEST_CASE("ObservedDense answers what has value 0, which adds nothing to the code") {
  AutoRec<double> model{ec::Seed{1}};
  AllScores<double> all{ec::Seed{1}};
  fill_parameters(model);
  all.set_layers(model);
  Matrix<double> x(2 * entries, 1);
  x << 3, 1.5, 7, -0.5, 9, 0, 0, 0, 10, 0, 2, 0;
  const Matrix<double> y = model.predict(x), scores = all.predict(x);
  for (Index k = 0; k < entries; ++k) CHECK(y(k, 0) == Approx(scores(static_cast<Index>(x(2 * k, 0)), 0)).epsilon(1e-13));
  CHECK((all.predict(x, std::vector<Index>{2}) - scores).norm() < 1e-13);
}

TEST_CASE("SparseDense: numbers that are none are refused before the first step, and read no memory outside") {
  AutoRec<float> model{ec::Seed{1}};
  const Eigen::VectorXf before = model.parameters();
  ec::Trainer trainer{model, ec::MeanSquaredError{ec::Reduction::sum}, ec::Adam{}, {.threads = 1}};
  Matrix<float> x = golden_pairs<float>();
  const Matrix<float> targets = values_of(x);
  const auto refused = [&](float number, const std::string& found) {
    x(4, 3) = number;
    expect_error<ec::OptionError>(
        [&] { trainer.fit(x, targets, {.epochs = 1, .lengths = lengths, .progress = ec::Progress::quiet}); },
        {"SparseDense<11, 5> expects whole numbers in [0, 10], found " + found, "row 4 of sample 3"});
  };
  refused(11, "11");
  refused(-1, "-1");
  refused(2.5F, "2.5");
  CHECK(model.parameters() == before);
  const Matrix<float> edge = (Matrix<float>(2 * entries, 1) << 11, 1, -1, 1, 1e30F, 1, -1e30F, 1, 2.5F, 1, std::nanf(""), 1)
                                 .finished(),
                      nearest = (Matrix<float>(2 * entries, 1) << 10, 1, 0, 1, 10, 1, 0, 1, 2, 1, 0, 1).finished();
  CHECK(model.predict(edge) == model.predict(nearest));
}

TEST_CASE("SparseDense and ObservedDense: shapes, blocks and links") {
  using Sparse = ec::SparseDense<items, units>;
  static_assert(Sparse::accepts(pairs) && !Sparse::accepts(ec::sequence(entries, 3)) && !Sparse::accepts(ec::image(2, 3, 2)));
  static_assert(Sparse::output(pairs) == ec::features(units));
  using Observed = ec::ObservedDense<entries, items, -1>;
  static_assert(Observed::output(ec::features(units)) == ec::sequence(entries, 1));
  constexpr auto links = []<class Source, ec::Shape In>() {
    return Observed::links<ec::Stage<Source, In, float>>(ec::features(units));
  };
  static_assert(links.operator()<Sparse, pairs>());
  static_assert(!links.operator()<Sparse, ec::sequence(entries + 1, 2)>() &&
                !links.operator()<ec::SparseDense<items + 1, units>, pairs>());
  static_assert(!links.operator()<ec::Dense<units>, pairs>());
  constexpr auto blocks = Observed::parameters(ec::features(units));
  static_assert(blocks[0].rows == units && blocks[0].cols == items && blocks[0].stride(ec::BlockAxis::out) == units &&
                blocks[0].stride(ec::BlockAxis::in) == 1);
  static_assert(blocks[1].size() == items && !blocks[1].decay);
  // The blocks of Dense, one for the other.
  AutoRec<double> model{ec::Seed{1}};
  ec::Network<ec::Sequential<ec::features(items), ec::Dense<units>>, double> first{ec::Seed{2}};
  model.set_layers(first);
  CHECK(model.parameters().head(units * items + units) == first.parameters());
}
