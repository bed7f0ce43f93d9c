// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "golden/golden.hpp"
#include "support/catch.hpp"
#include "support/throws.hpp"
#include <eigencoder/optimizers/optimizer.hpp>

// What is asked of every optimizer: PyTorch's trajectory, however the parameters are cut.
namespace optimizers {

namespace ec = eigencoder;

template <class T>
using Vector = Eigen::Array<T, Eigen::Dynamic, 1>;

template <class T>
constexpr double tolerance = sizeof(T) == 4 ? 1e-5 : 1e-12;

/// Parameters with an optimizer's memory of them, cut in two stretches (one of them empty, if cut is 0).
template <class T, class Optimizer>
struct Trained {
  Optimizer optimizer;
  Vector<T> theta, gradient = Vector<T>::Zero(theta.size());
  std::vector<Vector<T>> slots = std::vector<Vector<T>>(Optimizer::slots, Vector<T>::Zero(theta.size()));
  Eigen::Index cut = 0;
  bool decay = true;  ///< of the second stretch; the first always decays
  std::uint64_t step = 0;

  void update() {
    ++step;
    apply(0, cut, true);
    apply(cut, theta.size() - cut, decay);
  }

 private:
  void apply(Eigen::Index begin, Eigen::Index size, bool decays) {
    using Update = ec::Update<T, Optimizer::slots>;
    using View = typename Update::Vector;
    std::array<T*, Optimizer::slots> memory;
    for (std::size_t k = 0; k < memory.size(); ++k) memory[k] = slots[k].data() + begin;
    optimizer(Update{View(theta.data() + begin, size), View(gradient.data() + begin, size), memory, step, decays});
  }
};

template <class T>
double largest(const Vector<T>& values) {
  return static_cast<double>(values.abs().maxCoeff());
}

/// The recorded steps of one entry of optimizers.json, as one stretch and as two.
template <class T, class Optimizer>
void check_golden(const std::string& name, Optimizer optimizer) {
  const nlohmann::json all = golden::load("optimizers.json"), entry = all["optimizers"][name];
  optimizer.learning_rate = all["learning_rate"];
  Vector<T> start(all["size"].template get<Eigen::Index>());
  golden::fill(1, 2, -1, start);
  Trained<T, Optimizer> whole{.optimizer = optimizer, .theta = start}, halved{.optimizer = optimizer, .theta = start, .cut = 6};

  const auto steps = all["steps"].template get<std::vector<std::uint64_t>>();
  for (std::size_t n = 0; n < steps.size(); ++n) {
    while (whole.step < steps[n]) {
      const std::uint64_t step = whole.step + 1;
      golden::fill(100 + step, 2, -1, whole.gradient);
      if (step == entry["zero_gradient_at"]) whole.gradient.setZero();
      halved.gradient = whole.gradient;
      whole.update();
      halved.update();
    }
    CAPTURE(name, whole.step);
    const auto expected = entry["theta"][n].template get<std::vector<double>>();
    const Vector<double> error =
        whole.theta.template cast<double>() - Eigen::Map<const Vector<double>>(expected.data(), start.size());
    CHECK(largest(error) < tolerance<T>);
    CHECK(largest<T>(halved.theta - whole.theta) <= 4 * std::numeric_limits<T>::epsilon());
  }
}

/// check() must refuse the value and name the option.
template <class Optimizer>
void refuses(const Optimizer& optimizer, const char* option, const char* found) {
  expect_error<ec::OptionError>([&] { optimizer.check(); }, {option, "must be", found});
}

}  // namespace optimizers
