// SPDX-License-Identifier: MIT
#include "run_loss.hpp"
#include "support/throws.hpp"
#include <eigencoder/losses/likelihood.hpp>
#include <eigencoder/testing/gradient_check.hpp>

namespace ec = eigencoder;
using losses::Matrix;

namespace {

/// Features in a row, samples in columns: the sum over the former, the mean over the latter of f(y, t).
template <class F>
double mean_of_sums(const Matrix<double>& y, const Matrix<double>& t, F f) {
  return y.binaryExpr(t, f).sum() / static_cast<double>(y.cols());
}

}  // namespace

TEST_CASE("likelihoods: finite differences") {
  const auto check = [](const auto& loss, const ec::GradientCheckOptions& options = {}) {
    const ec::GradientReport report = ec::check_loss_gradient(loss, 5, options);
    INFO(report.text());
    CHECK(report.error < 1e-6);
  };
  check(ec::Bernoulli{}, {.low = 0.1, .high = 0.9});
  check(ec::Bernoulli{}.on_logits());
  check(ec::Gaussian{.variance = 0.3});
  check(ec::Laplace{.scale = 0.4});
}

TEST_CASE("likelihoods: −log p, summed over features and averaged over samples") {
  const Matrix<double> y = losses::uniform<double>(3, 7, 1, 0.8, 0.1), t = losses::uniform<double>(3, 7, 2, 1, 0);
  constexpr double pi = 3.14159265358979323846;
  CHECK(losses::run(ec::Bernoulli{}, y, t).value == Approx(mean_of_sums(y, t, [](double p, double k) {
                                                             return -k * std::log(p) - (1 - k) * std::log(1 - p);
                                                           })).epsilon(1e-12));
  CHECK(losses::run(ec::Gaussian{.variance = 0.3}, y, t).value ==
        Approx(mean_of_sums(y, t, [](double m, double x) {
          return -std::log(std::exp(-(x - m) * (x - m) / 0.6) / std::sqrt(2 * pi * 0.3));
        })).epsilon(1e-12));
  CHECK(losses::run(ec::Laplace{.scale = 0.4}, y, t).value == Approx(mean_of_sums(y, t, [](double m, double x) {
                                                                return -std::log(std::exp(-std::abs(x - m) / 0.4) / 0.8);
                                                              })).epsilon(1e-12));
}

TEST_CASE("likelihoods: options out of range are refused") {
  for (const double bad : {-1.0, 0.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    expect_error<ec::OptionError>([=] { ec::Gaussian{bad}.check(); }, {"Gaussian: variance", "finite and positive", "found"});
    expect_error<ec::OptionError>([=] { ec::Laplace{bad}.check(); }, {"Laplace: scale", "finite and positive", "found"});
  }
}
