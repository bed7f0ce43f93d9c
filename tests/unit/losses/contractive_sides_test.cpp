// SPDX-License-Identifier: MIT
#include "check_contractive.hpp"

// The Jacobian row by row, from the code, and column by column, from the input.
namespace ec = eigencoder;
using contractive::check_gradient;
using contractive::Matrix;
using contractive::model_of;
using contractive::value_of;

namespace {

struct ByRows : ec::DeepContractive {
  static constexpr ec::TermNeeds needs{
      .site = ec::Site::tangent,
      .directions = [](ec::Shape, ec::Shape code) { return ec::TangentDirections{code.size(), true}; },
      .demands = true};
};
struct ByColumns : ec::DeepContractive {
  static constexpr ec::TermNeeds needs{
      .site = ec::Site::tangent,
      .directions = [](ec::Shape input, ec::Shape) { return ec::TangentDirections{input.size(), false}; },
      .demands = true};
};

struct Result {
  double value, evaluated;
  Eigen::VectorXd gradient;
};

template <class Model, class Penalty>
Result differentiate(const Model& model, const Penalty& penalty, const Matrix<double>& x, std::size_t threads) {
  const auto objective = ec::MeanSquaredError{} + 0.3 * penalty;
  ec::Stepper<Model, std::remove_const_t<decltype(objective)>, ec::Adam> stepper(threads, {}, 0);
  stepper.reserve_training(x.cols());
  Result result{0, 0, Eigen::VectorXd(Model::parameter_count)};
  result.value = stepper.differentiate(model, objective, {x, x, nullptr, x.cols()}, 1, result.gradient.data())[1];
  result.evaluated = stepper.evaluate(model, objective, {x, x, nullptr, x.cols()})[1];
  return result;
}

template <class Model>
void check_same(const Model& model, const auto& penalty, const auto& other, ec::Index batch, std::size_t threads) {
  const Matrix<double> x = Matrix<double>::Random(Model::input.size(), batch);
  const Result one = differentiate(model, penalty, x, 1), two = differentiate(model, other, x, threads);
  CHECK(one.value > 0);
  CHECK(two.value == Approx(one.value).epsilon(1e-12));
  CHECK(two.evaluated == Approx(one.evaluated).epsilon(1e-12));
  CHECK((two.gradient - one.gradient).norm() <= 1e-12 * one.gradient.norm());
}

/// Rows and columns agree, for one sample and for several shards on several threads, and rows with finite differences.
template <class Model>
void check_sides(const Model& model, ec::Index many) {
  check_same(model, ByColumns{}, ByRows{}, 1, 1);
  check_same(model, ByColumns{}, ByRows{}, many, 3);
  check_gradient(model, ByRows{}, 1);
  check_gradient(model, ByRows{}, 7);
}

}  // namespace

static_assert(!ec::DeepContractive::needs.directions(ec::features(4), ec::features(4)).from_code);
static_assert(ec::DeepContractive::needs.directions(ec::features(5), ec::features(4)).from_code);
static_assert(ec::DeepContractive::needs.directions(ec::features(5), ec::features(4)).count == 4);
static_assert(ec::DeepContractive::needs.directions(ec::features(3), ec::features(4)).count == 3);

// W Wᵀ takes the place of a first dense layer's W if that is less work.
template <ec::Shape In, class... Encoder>
constexpr bool gram = ec::Program<ec::Chain<float, In, sizeof...(Encoder), Encoder..., ec::Dense<In.size()>>,
                                  decltype(ec::MeanSquaredError{} + ec::DeepContractive{})>::Tangents::gram;
static_assert(gram<ec::image(28, 28), ec::Dense<128>, ec::Tanh, ec::Dense<32>>);
static_assert(gram<ec::features(9), ec::Dense<7>>);
static_assert(!gram<ec::features(9), ec::Tanh, ec::Dense<7>>);                    // not the first
static_assert(!gram<ec::features(9), ec::Dense<10>, ec::Tanh, ec::Dense<2>>);     // larger than W
static_assert(!gram<ec::features(9), ec::Dense<8>, ec::Tanh, ec::Dense<10>>);     // columns
static_assert(!gram<ec::features(784), ec::Dense<700>, ec::Tanh, ec::Dense<2>>);  // more work than two directions

TEST_CASE("contractive sides: dense layers") {
  check_sides(model_of<double, ec::features(9)>(ec::Dense<7>{}, ec::ELU{0.7}, ec::Dense<8, ec::Bias::none>{}, ec::Tanh{},
                                                ec::Dense<3>{}, ec::Softplus{}),
              1000);
  check_sides(model_of<double, ec::features(3)>(ec::Sigmoid{}, ec::Dense<5>{}, ec::ReLU{}, ec::Dense<4>{}, ec::LeakyReLU{0.2},
                                                ec::Dense<4>{}),
              1000);
}

TEST_CASE("contractive sides: convolutions and pools") {
  check_sides(model_of<double, ec::image(6, 4)>(ec::Conv2D<3, 3>{}, ec::Tanh{}, ec::MaxPool2D<2>{}, ec::DepthwiseConv2D<3>{},
                                                ec::ReLU{}, ec::MaxPool2D<1>{}, ec::Dense<2>{}, ec::Sigmoid{}),
              300);
  check_sides(model_of<double, ec::image(2, 3, 2)>(ec::UpSample2D<2>{}, ec::Conv2D<2, 3>{}, ec::Sigmoid{}, ec::AvgPool2D<2>{},
                                                   ec::ConvTranspose2D<1, 2, 2>{}, ec::MaxPool2D<2>{}, ec::Tanh{}),
              300);
}

TEST_CASE("contractive sides: dropout, whose mask evaluation does not have") {
  check_sides(model_of<double, ec::features(9)>(ec::Dense<8>{}, ec::Tanh{}, ec::Dropout{0.4}, ec::Dense<3>{}, ec::Tanh{}), 300);
}

TEST_CASE("contractive sides: one dense layer, whose Jacobian has a short form") {
  const auto model = model_of<double, ec::features(5)>(ec::Dense<19>{}, ec::ReLU{});
  check_same(model, ec::Contractive{}, ByRows{}, 7, 1);
  check_same(model, ec::Contractive{}, ByColumns{}, 7, 1);
}

TEST_CASE("contractive sides: a NaN in the weights shows") {
  auto model = model_of<float, ec::features(11)>(ec::Dense<8>{}, ec::Tanh{}, ec::Dense<5>{}, ec::Tanh{});
  model.memory().theta[11 * 8 - 1] = std::numeric_limits<float>::quiet_NaN();
  CHECK_FALSE(std::isfinite(value_of(model, ec::DeepContractive{}, Matrix<float>::Ones(11, 3))));
}
