// SPDX-License-Identifier: MIT
#include "run_loss.hpp"
#include <eigencoder/losses/mean_squared_error.hpp>
#include <eigencoder/testing/gradient_check.hpp>

namespace ec = eigencoder;

TEMPLATE_TEST_CASE("mean squared error: PyTorch's values", "", float, double) {
  losses::check_golden<TestType>("mean_squared_error", ec::MeanSquaredError{});
}

TEMPLATE_TEST_CASE("mean squared error: weight, accumulation, shards", "", float, double) {
  losses::check_contract<TestType>(ec::MeanSquaredError{}, -1, 2);
  losses::check_nan<TestType>(ec::MeanSquaredError{});
}

TEST_CASE("mean squared error: finite differences") {
  for (const ec::Reduction reduction : {ec::Reduction::mean, ec::Reduction::sum}) {
    const ec::GradientReport report = ec::check_loss_gradient(ec::MeanSquaredError{reduction}, 5);
    INFO(report.text());
    CHECK(report.error < 1e-6);
  }
}

TEST_CASE("mean squared error: an example worked by hand") {
  const losses::Matrix<double> y{{1, 2}, {3, 4}}, target{{1, 0}, {0, 0}};
  CHECK(losses::run(ec::MeanSquaredError{}, y, target).value == (4 + 9 + 16) / 4.0);
  CHECK(losses::run(ec::MeanSquaredError{ec::Reduction::sum}, y, target).value == (4 + 9 + 16) / 2.0);
  CHECK(losses::run(ec::MeanSquaredError{}, y, target).gradient == losses::Matrix<double>{{0, 1}, {1.5, 2}});
}
