// SPDX-License-Identifier: MIT
#include "run_loss.hpp"
#include <eigencoder/losses/mean_absolute_error.hpp>
#include <eigencoder/testing/gradient_check.hpp>

namespace ec = eigencoder;

TEMPLATE_TEST_CASE("mean absolute error: PyTorch's values", "", float, double) {
  losses::check_golden<TestType>("mean_absolute_error", ec::MeanAbsoluteError{});
}

TEMPLATE_TEST_CASE("mean absolute error: weight, accumulation, shards", "", float, double) {
  losses::check_contract<TestType>(ec::MeanAbsoluteError{}, -1, 2);
  losses::check_nan<TestType>(ec::MeanAbsoluteError{});
}

TEST_CASE("mean absolute error: finite differences") {
  // Half of y lie among the targets; with this seed none within a difference of its own.
  const ec::GradientReport report = ec::check_loss_gradient(ec::MeanAbsoluteError{}, 5);
  INFO(report.text());
  CHECK(report.error < 1e-6);
}

TEST_CASE("mean absolute error: the derivative is 0 where the error is") {
  const losses::Matrix<double> y{{1, -2, 0.5}}, target{{0, 0, 0.5}};
  const auto [value, gradient] = losses::run(ec::MeanAbsoluteError{ec::Reduction::sum}, y, target);
  CHECK(value == 1);
  CHECK(3 * gradient == losses::Matrix<double>{{1, -1, 0}});
}
