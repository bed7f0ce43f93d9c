// SPDX-License-Identifier: MIT
#include <limits>

#include "run_optimizer.hpp"
#include <eigencoder/optimizers/sgd.hpp>

namespace ec = eigencoder;
using optimizers::refuses;
using optimizers::Trained;
using optimizers::Vector;

static_assert(ec::Optimizer<ec::SGD>);

TEMPLATE_TEST_CASE("SGD: PyTorch's trajectory, plain, with momentum and with Nesterov's", "", float, double) {
  optimizers::check_golden<TestType>("sgd", ec::SGD{});
  optimizers::check_golden<TestType>("sgd_momentum", ec::SGD{.momentum = 0.9});
  optimizers::check_golden<TestType>("sgd_nesterov", ec::SGD{.momentum = 0.9, .nesterov = true});
}

TEST_CASE("SGD: two steps worked by hand") {
  const auto after_two = [](const ec::SGD& sgd) {
    Trained<double, ec::SGD> trained{.optimizer = sgd, .theta = Vector<double>::Zero(1)};
    trained.gradient.setOnes();
    trained.update();
    trained.update();
    return trained.theta[0];
  };
  CHECK(after_two({.learning_rate = 0.5}) == -0.5 * (1 + 1));
  CHECK(after_two({.learning_rate = 0.5, .momentum = 0.5}) == -0.5 * (1 + 1.5));
  CHECK(after_two({.learning_rate = 0.5, .momentum = 0.5, .nesterov = true}) == -0.5 * (1.5 + 1.75));
}

TEST_CASE("SGD: options outside their range are refused by name") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  ec::SGD{}.check();
  ec::SGD{.momentum = 0.99, .nesterov = true}.check();

  for (const auto& [bad, found] : {std::pair{0.0, "found 0"}, {-0.5, "found -0.5"}, {nan, "nan"}, {infinity, "found inf"}}) {
    refuses(ec::SGD{.learning_rate = bad}, "SGD: learning_rate", found);
  }
  for (const auto& [bad, found] : {std::pair{1.0, "found 1"}, {-0.5, "found -0.5"}, {nan, "nan"}, {infinity, "found inf"}}) {
    refuses(ec::SGD{.momentum = bad}, "SGD: momentum", found);
  }
  expect_error<ec::OptionError>([] { ec::SGD{.nesterov = true}.check(); }, {"SGD: nesterov", "momentum above 0", "found 0"});
}
