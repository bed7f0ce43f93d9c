// SPDX-License-Identifier: MIT
#include "run_categorical.hpp"
#include "support/throws.hpp"
#include <eigencoder/losses/sparse_categorical_cross_entropy.hpp>

namespace ec = eigencoder;
using ec::Index;
using losses::Matrix;
using losses::Places;

namespace {

/// Logits or probabilities, and classes from −1 to channels − 1.
template <class T>
Places<T> drawn(Index channels, Index places, Index batch, double scale = 8, double offset = -4) {
  return {channels, losses::uniform<T>(channels * places, batch, 1, scale, offset),
          losses::uniform<double>(places, batch, 2, static_cast<double>(channels + 1), -1)
              .array()
              .floor()
              .matrix()
              .template cast<T>()};
}

template <ec::Index Classes>
std::array<double, static_cast<std::size_t>(Classes)> class_weights() {
  std::array<double, static_cast<std::size_t>(Classes)> weights;
  for (std::size_t k = 0; k < weights.size(); ++k) weights[k] = 0.25 + 2 * golden::uniform(3, k);
  return weights;
}

/// With weights of the places.
template <bool Gradient = true, bool Accumulate = false, class T, class Loss>
double run_weighted(const Loss& loss, const Places<T>& at, Matrix<T>& dy, const ec::ElementWeights<T>& weights,
                    const ec::Lengths& lengths = {}) {
  return loss(ec::LossPass<ec::LossStage<Loss, T>, Gradient, Accumulate>{
      .y = {at.y.data(), at.y.rows(), at.y.cols()},
      .target = {at.target.data(), at.target.rows(), at.target.cols()},
      .dy = {dy.data(), dy.rows(), dy.cols()},
      .batch = at.y.cols(),
      .weight = 1,
      .channels = at.channels,
      .element_weights = weights,
      .lengths = lengths});
}

/// One entry of classification.json, with the weights that it has.
template <class T, class Loss>
void check_entry(const char* name, Loss loss, double scale = 8, double offset = -4) {
  const nlohmann::json entry = golden::load("classification.json")[name];
  const Places<T> at = drawn<T>(entry["channels"], entry["places"], entry["batch"], scale, offset);
  if (!entry["weighted"]) return losses::check_golden<T>(entry, loss, at);
  const Matrix<T> v = losses::uniform<T>(at.count(), at.y.cols(), 4, 2, -0.5).cwiseMax(T(0));
  const auto numbers = entry["gradient_of_sum"].template get<std::vector<double>>();
  const Matrix<double> gradient = Eigen::Map<const Matrix<double>>(numbers.data(), at.y.rows(), at.y.cols());
  for (const bool mean : {false, true}) {
    loss.reduction = mean ? ec::Reduction::mean : ec::Reduction::sum;
    Matrix<T> dy(at.y.rows(), at.y.cols());
    const double value = run_weighted(loss, at, dy, ec::ElementWeights<T>{v.data(), v.rows()});
    CHECK(std::abs(value / entry[mean ? "mean" : "sum"].template get<double>() - 1) < losses::tolerance<T>);
    CHECK(losses::relative_error<T>(dy, gradient / (mean ? static_cast<double>(at.count()) : 1.0)) < losses::tolerance<T>);
  }
}

}  // namespace

TEMPLATE_TEST_CASE(
    "sparse categorical cross-entropy: PyTorch's values, with an unknown class, weights of classes and of places", "", float,
    double) {
  check_entry<TestType>("sparse_logits", ec::SparseCategoricalCrossEntropyOnLogits{});
  check_entry<TestType>("sparse_logits_weighted",
                        ec::SparseCategoricalCrossEntropyOnLogits<6>{.class_weights = class_weights<6>()});
  check_entry<TestType>("sparse_logits_of_many_channels",
                        ec::SparseCategoricalCrossEntropyOnLogits<71>{.class_weights = class_weights<71>()});
  check_entry<TestType>("sparse_clamped", ec::SparseCategoricalCrossEntropy<6>{.class_weights = class_weights<6>()}, 1.2, -0.1);
}

TEMPLATE_TEST_CASE("sparse categorical cross-entropy: weight, accumulation, shards, weights of samples", "", float, double) {
  using T = TestType;
  losses::check_contract(ec::SparseCategoricalCrossEntropyOnLogits{}, drawn<T>(3, 13, 5));
  losses::check_contract(ec::SparseCategoricalCrossEntropyOnLogits<3>{ec::Reduction::sum, {0.5, 2, 1}}, drawn<T>(3, 13, 5));
  losses::check_contract(ec::SparseCategoricalCrossEntropyOnLogits{}, drawn<T>(67, 3, 3));
  losses::check_contract(ec::SparseCategoricalCrossEntropy<3>{ec::Reduction::sum, {0.5, 2, 1}}, drawn<T>(3, 13, 5, 0.9, 0.05));
}

TEST_CASE("sparse categorical cross-entropy: finite differences") {
  for (const auto& [places, batch] : {std::pair<Index, Index>{3, 1}, {5, 7}}) {
    const std::array weights{0.5, 2.0, 0.0, 1.0};
    CHECK(losses::difference_error(ec::SparseCategoricalCrossEntropyOnLogits<4>{.class_weights = weights},
                                   drawn<double>(4, places, batch)) < 1e-6);
    CHECK(losses::difference_error(ec::SparseCategoricalCrossEntropy<4>{.class_weights = weights},
                                   drawn<double>(4, places, batch, 0.9, 0.05), 1e-6) < 1e-6);
    CHECK(losses::difference_error(ec::SparseCategoricalCrossEntropyOnLogits{}, drawn<double>(65, places, 1)) < 1e-6);
  }
}

TEMPLATE_TEST_CASE("sparse categorical cross-entropy: it is the dense one on one-hot targets", "", float, double) {
  using T = TestType;
  for (const Index channels : {2, 5, 17, 64, 65}) {
    const Places<T> at = drawn<T>(channels, 4, 9);
    Places<T> dense{channels, at.y, Matrix<T>::Zero(at.y.rows(), at.y.cols())};
    for (Index j = 0; j < at.target.cols(); ++j) {
      for (Index i = 0; i < at.target.rows(); ++i) {
        if (at.target(i, j) >= 0) dense.target(i * channels + static_cast<Index>(at.target(i, j)), j) = 1;
      }
    }
    const auto sparse = losses::run(ec::SparseCategoricalCrossEntropyOnLogits{}, at);
    const auto other = losses::run(ec::CategoricalCrossEntropyOnLogits{}, dense);
    CHECK(std::abs(sparse.value / other.value - 1) < losses::tolerance<T>);
    CHECK(losses::relative_error<T>(sparse.gradient, other.gradient.template cast<double>()) < losses::tolerance<T>);
  }
}

TEMPLATE_TEST_CASE("sparse categorical cross-entropy: what is unknown or weighs nothing is not looked at, be it a NaN", "",
                   float, double) {
  using T = TestType;
  for (const Index channels : {3, 70}) {
    const Places<T> at = drawn<T>(channels, 8, 3, 0.9, 0.05);
    Matrix<T> v = Matrix<T>::Ones(8, 3);
    v(5, 1) = v(0, 2) = 0;
    Places<T> spoilt = at;
    bool unknown = false;
    for (Index j = 0; j < 3; ++j) {
      for (Index i = 0; i < 8; ++i) {
        if (at.target(i, j) >= 0 && v(i, j) > 0) continue;
        unknown = unknown || at.target(i, j) < 0;
        spoilt.y.col(j).segment(i * channels, channels).setConstant(std::numeric_limits<T>::quiet_NaN());
      }
    }
    if (channels == 3) REQUIRE(unknown);
    const auto check = [&](const auto& loss) {
      Matrix<T> dy(at.y.rows(), 3), spoilt_dy = dy;
      const ec::ElementWeights<T> weights{v.data(), 8};
      CHECK(run_weighted(loss, at, dy, weights) == run_weighted(loss, spoilt, spoilt_dy, weights));
      CHECK(dy == spoilt_dy);
    };
    check(ec::SparseCategoricalCrossEntropyOnLogits{});
    check(ec::SparseCategoricalCrossEntropy{});
    // What counts must not hide it.
    Places<T> counted{channels, at.y, Matrix<T>::Zero(8, 3)};
    counted.y(channels * 4 + 1, 1) = std::numeric_limits<T>::quiet_NaN();
    CHECK(std::isnan(losses::run(ec::SparseCategoricalCrossEntropyOnLogits{}, counted).value));
  }
}

TEST_CASE("sparse categorical cross-entropy: the mean is over all places, known or not, and over a sequence's own steps") {
  Places<double> at{2, Matrix<double>::Zero(8, 2), Matrix<double>(4, 2)};  // even odds: log 2 a place
  at.target << 0, 1, -1, 0, -1, 1, 1, 1;
  CHECK(losses::run(ec::SparseCategoricalCrossEntropyOnLogits{}, at).value == Approx(std::log(2.0) * (2.0 / 4 + 4.0 / 4) / 2));
  CHECK(losses::run(ec::SparseCategoricalCrossEntropyOnLogits{ec::Reduction::sum}, at).value ==
        Approx(std::log(2.0) * (2 + 4) / 2));
  const std::array<Index, 2> steps{2, 3};
  const ec::Lengths lengths(
      steps.data(), [](Index n) { return n; }, 2);
  Matrix<double> dy = Matrix<double>::Constant(8, 2, 7);
  at.target(3, 0) = at.target(3, 1) = 1;
  CHECK(run_weighted(ec::SparseCategoricalCrossEntropyOnLogits{}, at, dy, {}, lengths) ==
        Approx(std::log(2.0) * (1.0 / 2 + 3.0 / 3) / 2));
  CHECK(dy.col(0).tail(4).isZero(0));
  CHECK(dy.col(1).tail(2).isZero(0));
  CHECK(!dy.col(1).head(6).isZero());
}

TEST_CASE("sparse categorical cross-entropy: weights of classes that make no sense") {
  const auto check = [](std::array<double, 3> weights, std::initializer_list<std::string_view> parts) {
    expect_error<ec::OptionError>([&] { ec::SparseCategoricalCrossEntropy<3>{.class_weights = weights}.check(); }, parts);
    expect_error<ec::OptionError>([&] { ec::SparseCategoricalCrossEntropyOnLogits<3>{.class_weights = weights}.check(); },
                                  parts);
  };
  check({1, -0.5, 1}, {"class_weights must be finite and not negative", "found -0.5 of class 1"});
  check({1, 1, std::numeric_limits<double>::infinity()}, {"found inf of class 2"});
  check({0, 0, 0}, {"expected a class weight above 0, found none"});
  CHECK_NOTHROW(ec::SparseCategoricalCrossEntropy<3>{.class_weights = {0, 0, 1}}.check());
  CHECK_NOTHROW(ec::SparseCategoricalCrossEntropy{}.check());
  constexpr auto settings = ec::SparseCategoricalCrossEntropy<2>{.class_weights = {3, 4}}.settings();
  CHECK(settings.size() == 3);
  CHECK(settings[2].value == 4);
}
