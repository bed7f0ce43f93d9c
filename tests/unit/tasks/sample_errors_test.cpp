// SPDX-License-Identifier: MIT
#include "support/throws.hpp"
#include <eigencoder/eigencoder.hpp>
#include <eigencoder/tasks/sample_errors.hpp>

namespace ec = eigencoder;
using ec::Index;

namespace {

template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;

template <class T>
using Probabilities = ec::Autoencoder<ec::Encoder<ec::features(7), ec::Dense<4>, ec::BatchNorm, ec::Tanh>,
                                      ec::Decoder<ec::features(4), ec::Dense<7>, ec::Sigmoid>, T>;
template <class T>
using Plain = ec::Network<ec::Sequential<ec::features(7), ec::Dense<3>>, T>;

template <class T>
Matrix<T> samples(Index rows, Index count, std::uint64_t seed = 11) {
  const ec::Random random(ec::Seed{seed}, 0, 0);
  return Matrix<T>::NullaryExpr(rows, count, [&](Index i, Index j) { return static_cast<T>(random.uniform(j, i)); });
}

template <class T>
constexpr double tolerance = sizeof(T) == 4 ? 1e-5 : 1e-12;

/// The largest difference between a vector and the one that is expected.
double distance(const Eigen::VectorXd& found, const Eigen::VectorXd& expected) {
  REQUIRE(found.size() == expected.size());
  return (found - expected).cwiseAbs().maxCoeff();
}

/// Against evaluate, over the whole and sample by sample.
template <class Model, class Loss>
void check_evaluate(Model& model, const Matrix<typename Model::Scalar>& x, const Matrix<typename Model::Scalar>& targets,
                    const Loss& loss, bool mean) {
  using T = typename Model::Scalar;
  const ec::SampleErrors errors = ec::sample_errors(model, x, targets, loss);
  ec::Trainer trainer{model, loss, ec::SGD{}, {.threads = 1}};
  const double whole = trainer.evaluate(x, targets).loss;
  CHECK(errors.samples.mean() == Approx(whole).epsilon(tolerance<T>));
  CHECK((mean ? errors.features.mean() : errors.features.sum()) == Approx(whole).epsilon(tolerance<T>));
  Eigen::VectorXd each(x.cols());
  for (Index j = 0; j < x.cols(); ++j) each[j] = trainer.evaluate(x.col(j), targets.col(j)).loss;
  CHECK(distance(errors.samples, each) < tolerance<T> * each.cwiseAbs().maxCoeff());
}

}  // namespace

TEMPLATE_TEST_CASE("sample errors: squared and absolute errors worked by hand, sample by sample and feature by feature", "",
                   float, double) {
  using T = TestType;
  const Plain<T> model{ec::Seed{1}};
  for (const Index count : {1, 5, 200}) {
    const Matrix<T> x = samples<T>(7, count), target = samples<T>(3, count, 5), error = model.predict(x) - target;
    const Eigen::MatrixXd squares = error.template cast<double>().array().square();
    const ec::SampleErrors mean = ec::sample_errors(model, x, target, ec::MeanSquaredError{});
    CHECK(distance(mean.samples, squares.colwise().mean().transpose()) < tolerance<T>);
    CHECK(distance(mean.features, squares.rowwise().mean()) < tolerance<T>);
    const ec::SampleErrors sum = ec::sample_errors(model, x, target, ec::MeanSquaredError{ec::Reduction::sum});
    CHECK(distance(sum.samples, squares.colwise().sum().transpose()) < tolerance<T>);
    CHECK(distance(sum.features, squares.rowwise().mean()) < tolerance<T>);
    const Eigen::MatrixXd absolute = error.template cast<double>().cwiseAbs();
    CHECK(distance(ec::sample_errors(model, x, target, ec::MeanAbsoluteError{}).features, absolute.rowwise().mean()) <
          tolerance<T>);
  }
}

TEMPLATE_TEST_CASE("sample errors: on average the loss that evaluate finds, on logits too", "", float, double) {
  using T = TestType;
  Probabilities<T> model{ec::Seed{1}};
  model.set_state(Eigen::Matrix<T, Eigen::Dynamic, 1>::Constant(model.state_count, T(0.7)));
  const Matrix<T> x = samples<T>(7, 131), target = samples<T>(7, 131, 5);
  check_evaluate(model, x, target, ec::BinaryCrossEntropy{}, true);
  check_evaluate(model, x, x, ec::Bernoulli{}, false);
  check_evaluate(model, x, target, ec::Huber{.delta = 0.1}, true);
  // Where probabilities are rounded to 1, logits still tell how wrong they are.
  model.parameter("decoder.0.bias").setConstant(T(40));
  check_evaluate(model, x, target, ec::BinaryCrossEntropy{}, true);
  CHECK(ec::sample_errors(model, x, Matrix<T>(Matrix<T>::Zero(7, 131)), ec::BinaryCrossEntropy{}).samples.minCoeff() > 20);
}

TEST_CASE("sample errors: one spoilt feature of one sample is found") {
  const Probabilities<double> model{ec::Seed{1}};
  const Eigen::MatrixXd x = samples<double>(7, 90);
  Eigen::MatrixXd target = model.reconstruct(x);
  target(3, 71) += 5;
  const ec::SampleErrors errors = ec::sample_errors(model, x, target, ec::MeanSquaredError{});
  CHECK(errors.samples[71] == Approx(25.0 / 7));
  CHECK(errors.features[3] == Approx(25.0 / 90));
  CHECK(errors.samples.sum() == Approx(25.0 / 7));
  CHECK(errors.features.sum() == Approx(25.0 / 90));
}

TEST_CASE("sample errors: of bytes, of blocks with gaps, and of a variational model by the means of its codes") {
  using Bytes = Eigen::Matrix<std::uint8_t, Eigen::Dynamic, Eigen::Dynamic>;
  const Probabilities<float> model{ec::Seed{1}};
  const Bytes bytes = (255 * samples<float>(7, 77).array()).cast<std::uint8_t>();
  const Eigen::MatrixXf x = bytes.cast<float>() / 255.0F;
  const ec::SampleErrors errors = ec::sample_errors(model, x, ec::BinaryCrossEntropy{});
  const Eigen::MatrixXf wide = (Eigen::MatrixXf(14, 77) << x, x).finished();
  for (const ec::SampleErrors& same : {ec::sample_errors(model, bytes, ec::BinaryCrossEntropy{}),
                                       ec::sample_errors(model, wide.topRows(7), ec::BinaryCrossEntropy{})}) {
    CHECK(same.samples == errors.samples);
    CHECK(same.features == errors.features);
  }

  const ec::SampleErrors usual = ec::sample_errors(model, x);
  CHECK(usual.samples == ec::sample_errors(model, x, ec::MeanSquaredError{}).samples);
  CHECK(usual.samples.mean() == Approx((model.reconstruct(x) - x).array().square().mean()).epsilon(1e-5));

  using Variational = ec::VariationalAutoencoder<ec::Encoder<ec::features(7), ec::Dense<5>, ec::Tanh>, ec::Latent<2>,
                                                 ec::Decoder<ec::features(2), ec::Dense<7>>, double>;
  const Variational variational{ec::Seed{1}};
  const Eigen::MatrixXd y = samples<double>(7, 20), error = variational.reconstruct(y) - y;
  CHECK(distance(ec::sample_errors(variational, y, ec::MeanSquaredError{}).samples,
                 error.colwise().squaredNorm().transpose() / 7) < 1e-12);
}

TEST_CASE("sample errors: many threads give what one does") {
  using Wide = ec::Network<ec::Sequential<ec::features(400), ec::Dense<300>, ec::Dense<5>>>;  // 1200 samples are worth four
  const Wide model{ec::Seed{1}};
  const Eigen::MatrixXf x = samples<float>(400, 1200), target = samples<float>(5, 1200, 5);
  const ec::SampleErrors all = ec::sample_errors(model, x, target, ec::MeanSquaredError{});
  for (const Index first : {0, 417, 1199}) {
    const ec::SampleErrors one = ec::sample_errors(model, x.col(first), target.col(first), ec::MeanSquaredError{});
    CHECK(one.samples[0] == Approx(all.samples[first]).epsilon(1e-4));
  }
  CHECK(all.features.mean() == Approx(all.samples.mean()).epsilon(1e-6));
}

TEST_CASE("sample errors: what does not fit is refused, as evaluate does") {
  const Probabilities<double> model{ec::Seed{1}};
  const Eigen::MatrixXd x = samples<double>(7, 9);
  expect_error<ec::ShapeError>([&] { ec::sample_errors(model, x.topRows(6), ec::MeanSquaredError{}); },
                               {"inputs: expected 7 rows"});
  expect_error<ec::ShapeError>([&] { ec::sample_errors(model, x, x.leftCols(3), ec::MeanSquaredError{}); },
                               {"targets: expected 9 samples", "found 3"});
  expect_error<ec::ShapeError>([&] { ec::sample_errors(model, x.leftCols(0), ec::MeanSquaredError{}); },
                               {"at least one sample"});
  expect_error<ec::OptionError>([&] { ec::sample_errors(model, 2 * x, ec::BinaryCrossEntropy{}); },
                                {"inputs: BinaryCrossEntropy expects targets in [0, 1]"});
  expect_error<ec::OptionError>([&] { ec::sample_errors(model, x, ec::Huber{.delta = -1}); }, {"Huber", "delta"});
}
