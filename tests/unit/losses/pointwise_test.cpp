// SPDX-License-Identifier: MIT
#include "run_loss.hpp"
#include <eigencoder/losses/pointwise.hpp>
#include <eigencoder/testing/gradient_check.hpp>

namespace ec = eigencoder;

namespace {

/// A user's own loss, in one line: log cosh(y − t) by its squares, ½ e² − e⁴/12.
struct Own {
  ec::Reduction reduction = ec::Reduction::mean;
  template <class S, bool Gradient, bool Accumulate>
  double operator()(ec::LossPass<S, Gradient, Accumulate> pass) const {
    return ec::pointwise_loss(pass, reduction, []<class V>(V y, V t) {
      const V error = y - t, square = error * error;
      return ec::kernels::Pointwise<V>{square * (V(0.5) - square / V(12)), error * (V(1) - square / V(3))};
    });
  }
};
static_assert(ec::Loss<Own>);

}  // namespace

TEMPLATE_TEST_CASE("pointwise losses: weight, accumulation, shards", "", float, double) {
  losses::check_contract<TestType>(Own{}, -1, 1);
  losses::check_nan<TestType>(Own{});
}

TEST_CASE("pointwise losses: finite differences") {
  const ec::GradientReport report = ec::check_loss_gradient(Own{}, 5);
  INFO(report.text());
  CHECK(report.error < 1e-6);
}

TEST_CASE("pointwise losses: no columns, no loss") {
  losses::Matrix<double> none(5, 0);
  CHECK(losses::run(Own{}, none, none, none, 7) == 0);  // a shard that got nothing of a batch of 7
}
