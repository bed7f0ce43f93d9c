// SPDX-License-Identifier: MIT
#include "run_optimizer.hpp"
#include <eigencoder/optimizers/optimizer.hpp>

namespace ec = eigencoder;
using optimizers::Trained;
using optimizers::Vector;

namespace {

/// A user's own optimizer: θ ← θ − η · (mean of all gradients so far), reading everything an Update holds.
struct Averaged {
  double learning_rate = 0.5;
  static constexpr std::size_t slots = 1;

  void check() const { ec::detail::require_learning_rate("Averaged: learning_rate", learning_rate); }

  template <class T>
  void operator()(ec::Update<T, slots> update) const {
    auto sum = update.slot(0);
    sum += update.gradient;
    if (update.decay) update.theta -= static_cast<T>(learning_rate) * sum / static_cast<T>(update.step);
  }
};
static_assert(ec::Optimizer<Averaged>);

struct NoCheck {
  double learning_rate = 0.5;
  static constexpr std::size_t slots = 0;
  template <class T>
  void operator()(ec::Update<T, slots>) const {}
};
static_assert(!ec::Optimizer<NoCheck>);
static_assert(!ec::Optimizer<int>);

/// One that has what every optimizer must have, for others to spoil.
struct Sound {
  double learning_rate = 0.5;
  static constexpr std::size_t slots = 0;
  void check() const {}
  template <class T>
  void operator()(ec::Update<T, slots> update) const {
    update.theta -= static_cast<T>(learning_rate) * update.gradient;
  }
};
struct OtherName : Sound {
  double rate = 0.5;
  int learning_rate = 0;  // no number to be scaled
};
struct ReturnsNothing : Sound {
  void at(std::uint64_t) const {}
};
struct DecaysByValue : Sound {
  double decays = 0.1;
};
struct OnceAStep : Sound {
  static constexpr bool decays = false;
  Sound at(std::uint64_t step) const { return {learning_rate / static_cast<double>(step)}; }
};
static_assert(ec::Optimizer<Sound> && !ec::MadeOnceAStep<Sound>);
static_assert(ec::Optimizer<OnceAStep> && ec::MadeOnceAStep<OnceAStep>);
static_assert(!ec::Optimizer<OtherName> && !ec::Optimizer<ReturnsNothing> && !ec::Optimizer<DecaysByValue>);

}  // namespace

TEMPLATE_TEST_CASE("optimizer: an update sees its stretch of parameters, gradient and slots, and no other", "", float, double) {
  using T = TestType;
  Trained<T, Averaged> trained{.optimizer = {}, .theta = Vector<T>{{1, 2, 3, 4, 5}}, .cut = 2, .decay = false};
  trained.gradient << 2, 4, 6, 8, 10;
  trained.update();
  CHECK((trained.theta == Vector<T>{{0, 0, 3, 4, 5}}).all());
  CHECK((trained.slots[0] == trained.gradient).all());
  trained.gradient << 0, 2, 0, 0, 0;
  trained.update();
  CHECK((trained.theta == Vector<T>{{T(-0.5), T(-1.5), 3, 4, 5}}).all());
}

TEST_CASE("optimizer: a part is trained with a copy at a factor of the learning rate, made for the step where there is such a form") {
  const auto quarter = ec::detail::at_step(ec::detail::scaled(OnceAStep{}, 0.25), 2);
  CHECK(quarter.learning_rate == 0.5 * 0.25 / 2);
  CHECK(ec::detail::at_step(ec::detail::scaled(Sound{}, 3), 7).learning_rate == 1.5);
}

TEST_CASE("optimizer: a refusal names the option, its range and the value") {
  optimizers::refuses(Averaged{.learning_rate = -2}, "Averaged: learning_rate", "must be finite and positive, found -2");
  expect_error<ec::OptionError>([] { ec::detail::require_fraction("X: beta", 1); }, {"X: beta must be in [0, 1), found 1"});
  expect_error<ec::OptionError>([] { ec::detail::require_not_negative("X: decay", -1); },
                                {"X: decay must be finite and not negative, found -1"});
}
