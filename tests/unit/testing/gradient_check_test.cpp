// SPDX-License-Identifier: MIT
#include <eigencoder/testing/gradient_check.hpp>

#include "support/catch.hpp"
#include "support/example_networks.hpp"

namespace ec = eigencoder;

namespace {

enum class Flaw { none, not_a_number, overwrites, forgets_batch, wrong_factor, adds_to_dx, differs_alone };

/// y = θ ∘ x, with a flaw to be found.
template <Flaw F>
struct Scale {
  double limit = 0;
  static constexpr bool accepts(ec::Shape) { return true; }
  static constexpr ec::Shape output(ec::Shape in) { return in; }
  static constexpr ec::Needs needs(ec::Shape) { return {.backward_x = true}; }
  static constexpr auto parameters(ec::Shape in) { return std::array{ec::Block{.name = "scale", .rows = in.size()}}; }

  template <class S, ec::Mode M>
  void forward(ec::Forward<S, M> pass) const {
    pass.y = std::get<0>(pass.theta).asDiagonal() * pass.x;
    if (F == Flaw::not_a_number && pass.x(0, 0) > typename S::Scalar(limit)) pass.y(0, 0) = std::numeric_limits<double>::quiet_NaN();
  }
  template <class S, bool InputGradient>
  void backward(ec::Backward<S, InputGradient> pass) const {
    using T = typename S::Scalar;
    auto& [dtheta] = pass.dtheta;
    const ec::Index columns = F == Flaw::forgets_batch ? 1 : pass.x.cols();
    if (F == Flaw::overwrites) dtheta.setZero();
    for (ec::Index j = 0; j < columns; ++j) dtheta += pass.x.col(j).cwiseProduct(pass.dy.col(j)) * T(F == Flaw::wrong_factor ? 1.001 : 1);
    if (F == Flaw::differs_alone && !InputGradient) dtheta *= T(2);
    if constexpr (InputGradient) {
      if (F != Flaw::adds_to_dx) pass.dx.setZero();
      pass.dx += std::get<0>(pass.theta).asDiagonal() * pass.dy;
    }
  }
};

struct CarelessLoss {
  double factor = 1;
  template <class S, bool Gradient, bool Accumulate>
  double operator()(ec::LossPass<S, Gradient, Accumulate> pass) const {
    if constexpr (Gradient) pass.dy = (pass.y - pass.target) * typename S::Scalar(factor * pass.weight);  // never adds
    return (pass.y - pass.target).squaredNorm() / 2;
  }
};

}  // namespace

TEST_CASE("gradient check: passes what is right and finds what is not, by name") {
  CHECK(ec::check_layer_gradient<ec::image(3, 5)>(Scale<Flaw::none>{}).error < 1e-9);
  CHECK(ec::check_layer_gradient<ec::image(3, 5)>(Scale<Flaw::none>{}).checked == 15 + 15 * 7);
  CHECK(ec::check_layer_gradient<ec::image(3, 5)>(Scale<Flaw::none>{}, {.batch = 1}).error < 1e-9);

  const auto overwrites = ec::check_layer_gradient<ec::image(3, 5)>(Scale<Flaw::overwrites>{});
  CHECK(overwrites.error > 1e-2);
  CHECK(overwrites.where.find("scale[") == 0);
  CHECK(ec::check_layer_gradient<ec::image(3, 5)>(Scale<Flaw::forgets_batch>{}).error > 1e-2);
  const auto factor = ec::check_layer_gradient<ec::image(3, 5)>(Scale<Flaw::wrong_factor>{});
  CHECK(factor.error > 5e-4);
  CHECK(factor.error < 2e-3);
  const auto adds = ec::check_layer_gradient<ec::image(3, 5)>(Scale<Flaw::adds_to_dx>{});
  CHECK(adds.error > 1e-2);
  CHECK(adds.where.find("input[") == 0);
  CHECK(ec::check_layer_gradient<ec::image(3, 5)>(Scale<Flaw::differs_alone>{}).error > 1);

  // Finite where it is looked at, and nowhere just above.
  const double x = ec::detail::random_matrix(15, 7, -1, 1, ec::Random(ec::Seed{1}, 1, 0), 1)(0, 0);
  CHECK(std::isinf(ec::check_layer_gradient<ec::image(3, 5)>(Scale<Flaw::not_a_number>{x}).error));

  CHECK(ec::check_loss_gradient(ec::MeanSquaredError{}, 5).error < 1e-6);
  CHECK(ec::check_loss_gradient(CarelessLoss{}, 5).error > 1);
  CHECK(ec::check_loss_gradient(CarelessLoss{1.01}, 5).error > 1e-3);
}

namespace {

template <class Model, class Loss>
void check_example(const Loss& loss, ec::Index entries) {
  Model model{ec::Seed{8}};
  const ec::Random random(ec::Seed{6}, 0, 0);
  const Eigen::MatrixXd x = Eigen::MatrixXd::NullaryExpr(Model::input.size(), 3, [&](ec::Index i, ec::Index j) { return random.uniform(j, i); });
  const Eigen::VectorXd before = model.parameters();
  const auto report = ec::check_model_gradient(model, loss, x, x, {.difference = 1e-5, .entries_per_block = entries});
  INFO(report.text());
  CHECK(report.error < 1e-6);
  CHECK(model.parameters() == before);
}

}  // namespace

TEST_CASE("gradient check: the examples' networks") {  // some entries of each block; the golden tests look at every one
  check_example<networks::Simple<double>>(ec::BinaryCrossEntropy{}, 40);
  check_example<networks::Vanilla<double>>(ec::MeanSquaredError{}, 40);
  check_example<networks::Deep<double>>(ec::MeanSquaredError{}, 12);
  check_example<networks::Symmetric<double>>(ec::MeanSquaredError{}, 0);  // all 7,376
}
