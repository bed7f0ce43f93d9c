// SPDX-License-Identifier: MIT
#include "run_loss.hpp"
#include "support/throws.hpp"
#include <eigencoder/losses/huber.hpp>
#include <eigencoder/testing/gradient_check.hpp>

namespace ec = eigencoder;

TEMPLATE_TEST_CASE("Huber: PyTorch's values", "", float, double) {
  losses::check_golden<TestType>("huber_1", ec::Huber{});
  losses::check_golden<TestType>("huber_0.5", ec::Huber{.delta = 0.5});
}

TEMPLATE_TEST_CASE("Huber: weight, accumulation, shards", "", float, double) {
  losses::check_contract<TestType>(ec::Huber{.delta = 0.75}, -1, 2);
  losses::check_nan<TestType>(ec::Huber{});
}

TEST_CASE("Huber: finite differences on both sides of delta") {
  for (const double delta : {0.05, 0.4, 10.0}) {
    const ec::GradientReport report = ec::check_loss_gradient(ec::Huber{.delta = delta}, 5);
    INFO(report.text());
    CHECK(report.error < 1e-6);
  }
}

TEST_CASE("Huber: half the square up to delta, a line beyond") {
  const losses::Matrix<double> y{{0.5, -2, 2, 5}}, target{{0, 0, 0, 0}};
  const auto [value, gradient] = losses::run(ec::Huber{.delta = 2, .reduction = ec::Reduction::sum}, y, target);
  CHECK(4 * value == 0.125 + 2 + 2 + 2 * (5 - 1));
  CHECK(4 * gradient == losses::Matrix<double>{{0.5, -2, 2, 2}});
}

TEST_CASE("Huber: delta must be finite and positive") {
  ec::Huber{.delta = 1e-3}.check();
  const auto refused = [](double delta, const char* found) {
    expect_error<ec::OptionError>([=] { ec::Huber{.delta = delta}.check(); }, {"Huber: delta", "finite and positive", found});
  };
  refused(0, "found 0");
  refused(-1.5, "found -1.5");
  refused(std::numeric_limits<double>::quiet_NaN(), "nan");
  refused(std::numeric_limits<double>::infinity(), "found inf");
}
