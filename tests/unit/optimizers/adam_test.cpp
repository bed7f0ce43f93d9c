// SPDX-License-Identifier: MIT
#include <limits>

#include "run_optimizer.hpp"
#include <eigencoder/optimizers/adam.hpp>
#include <eigencoder/optimizers/sgd.hpp>

namespace ec = eigencoder;
using optimizers::refuses;
using optimizers::Trained;
using optimizers::Vector;

static_assert(ec::Optimizer<ec::Adam> && ec::Optimizer<ec::AdamW>);

TEMPLATE_TEST_CASE("Adam: PyTorch's trajectory", "", float, double) {
  optimizers::check_golden<TestType>("adam", ec::Adam{});
  optimizers::check_golden<TestType>("adam_zero_gradient", ec::Adam{});
}

TEMPLATE_TEST_CASE("AdamW: PyTorch's trajectory", "", float, double) {
  optimizers::check_golden<TestType>("adamw", ec::AdamW{.weight_decay = 0.01});
}

TEMPLATE_TEST_CASE("Adam: the first step is one learning rate against the gradient's sign, whatever its size", "", float,
                   double) {
  using T = TestType;
  Trained<T, ec::Adam> trained{.optimizer = {.learning_rate = 0.125}, .theta = Vector<T>::Ones(4)};
  trained.gradient << T(1e-4), T(-3), T(1000), T(0);
  trained.update();
  const Vector<T> expected{{T(0.875), T(1.125), T(0.875), T(1)}};
  CHECK(optimizers::largest<T>(trained.theta - expected) < 2e-5);  // ε against the smallest gradient: 0.125 · 1e-8 / 1e-4
}

TEMPLATE_TEST_CASE("AdamW: what a layer exempts from decay moves as with Adam", "", float, double) {
  using T = TestType;
  Vector<T> start(11);
  golden::fill(1, 2, -1, start);
  Trained<T, ec::Adam> adam{.optimizer = {}, .theta = start};
  Trained<T, ec::AdamW> spared{.optimizer = {.weight_decay = 0.5}, .theta = start, .cut = 4, .decay = false}, decayed = spared;
  decayed.decay = true;
  for (std::uint64_t step = 1; step <= 5; ++step) {
    golden::fill(100 + step, 2, -1, adam.gradient);
    spared.gradient = decayed.gradient = adam.gradient;
    adam.update(), spared.update(), decayed.update();
  }
  const auto difference = [](const auto& a, const auto& b) { return optimizers::largest<T>(a - b); };
  constexpr double rounding = 8 * double{std::numeric_limits<T>::epsilon()};
  CHECK(difference(spared.theta.tail(7), adam.theta.tail(7)) < rounding);
  CHECK(difference(spared.theta.head(4), decayed.theta.head(4)) < rounding);
  CHECK((decayed.theta - adam.theta).abs().minCoeff() > 0);  // the decay alone moved these
}

TEST_CASE("AdamW: decay stands beside the gradient's step") {
  Trained<double, ec::AdamW> trained{.optimizer = {.learning_rate = 0.1, .weight_decay = 0.2},
                                     .theta = Vector<double>{{3, -2}}};
  trained.update();  // the gradient is zero
  CHECK(optimizers::largest<double>(trained.theta - 0.98 * Vector<double>{{3, -2}}) < 1e-15);
}

TEST_CASE("Adam: long runs keep their step size") {
  // β₂ᵗ has underflowed long before: the corrections are then 1, not 0 or NaN.
  Trained<double, ec::Adam> trained{
      .optimizer = {.learning_rate = 0.25}, .theta = Vector<double>::Zero(1), .step = 1'000'000'000'000};
  trained.gradient.setOnes();
  trained.slots = {Vector<double>::Ones(1), Vector<double>::Ones(1)};
  trained.update();
  CHECK(std::abs(trained.theta[0] + 0.25) < 1e-8);
}

TEST_CASE("Adam, AdamW: options outside their range are refused by name") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  ec::Adam{}.check();
  ec::Adam{.beta1 = 0, .beta2 = 0, .epsilon = 1e-300}.check();
  ec::AdamW{.weight_decay = 0}.check();

  refuses(ec::Adam{.learning_rate = 0}, "Adam: learning_rate", "found 0");
  refuses(ec::Adam{.learning_rate = -1e-3}, "Adam: learning_rate", "found -0.001");
  refuses(ec::Adam{.learning_rate = nan}, "Adam: learning_rate", "nan");
  refuses(ec::Adam{.learning_rate = infinity}, "Adam: learning_rate", "found inf");
  for (const auto& [bad, found] : {std::pair{1.0, "found 1"}, {1.5, "found 1.5"}, {-0.1, "found -0.1"}, {nan, "nan"}}) {
    refuses(ec::Adam{.beta1 = bad}, "Adam: beta1", found);
    refuses(ec::Adam{.beta2 = bad}, "Adam: beta2", found);
    refuses(ec::AdamW{.beta1 = bad}, "beta1", found);
    refuses(ec::AdamW{.beta2 = bad}, "beta2", found);
  }
  refuses(ec::Adam{.epsilon = -1e-8}, "Adam: epsilon", "found -1e-08");
  refuses(ec::Adam{.epsilon = 0}, "Adam: epsilon must be finite and positive", "found 0");
  refuses(ec::Adam{.epsilon = nan}, "Adam: epsilon", "nan");
  refuses(ec::AdamW{.learning_rate = 0}, "learning_rate", "found 0");
  refuses(ec::AdamW{.epsilon = infinity}, "AdamW: epsilon", "found inf");
  for (const auto& [bad, found] : {std::pair{-0.01, "found -0.01"}, {nan, "nan"}, {infinity, "found inf"}}) {
    refuses(ec::AdamW{.weight_decay = bad}, "AdamW: weight_decay", found);
  }
}

TEST_CASE("Adam, AdamW, SGD: what is 0 or infinite in the model's scalar is refused, though it is not as a double") {
  const auto refuses_as_float = [](const auto& optimizer, const char* option, const char* found) {
    ec::detail::check_optimizer<double>(optimizer);
    expect_error<ec::OptionError>([&] { ec::detail::check_optimizer<float>(optimizer); },
                                  {option, "must be from 1.17549e-38 to 3.40282e+38 in a model of float", found});
  };
  refuses_as_float(ec::Adam{.epsilon = 1e-50}, "Adam: epsilon · √(1 − beta2)", "found 3.16228e-52");
  // In the first step ε stands beside √v times √(1 − β₂).
  refuses_as_float(ec::Adam{.beta2 = 1 - 1e-8, .epsilon = 1e-37}, "Adam: epsilon · √(1 − beta2)", "found 1e-41");
  refuses_as_float(ec::AdamW{.epsilon = 1e-50}, "AdamW: epsilon · √(1 − beta2)", "found 3.16228e-52");
  refuses_as_float(ec::Adam{.learning_rate = 1e-50}, "Adam: learning_rate", "found 1e-50");
  refuses_as_float(ec::SGD{.learning_rate = 1e50}, "SGD: learning_rate", "found 1e+50");
  ec::detail::check_optimizer<float>(ec::Adam{.learning_rate = 1e-30, .epsilon = 1e-30});
}
