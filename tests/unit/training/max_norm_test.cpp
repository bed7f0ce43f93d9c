// SPDX-License-Identifier: MIT
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/throws.hpp"
#include <eigencoder/eigencoder.hpp>

namespace ec = eigencoder;

TEMPLATE_TEST_CASE("max norm: rows of weights that are too long are scaled, and nothing else", "", float, double) {
  using T = TestType;
  using E = ec::Encoder<ec::image(4, 4), ec::Conv2D<3, 3>, ec::BatchNorm, ec::Dense<131>>;
  ec::Autoencoder<E, ec::Decoder<E::output, ec::Dense<16>>, T> model{ec::Seed{1}};
  const ec::Random random(ec::Seed{2}, 0, 0);
  ec::VectorView<T> theta(model.memory().theta, model.parameter_count);
  for (ec::Index i = 0; i < theta.size(); ++i) theta[i] = T(random.normal(0, i) * (1 + random.uniform(1, i / 7)));
  const auto before = model;
  const double limit = 8.5;
  ec::limit_norms(model, limit);

  const T* old = before.parameters().data();
  ec::Index scaled = 0, left = 0;
  std::as_const(model).for_each_block([&](const std::string& name, const ec::Block& block, auto W) {
    const ec::MatrixView<const T> was(old, W.rows(), W.cols());
    if (!block.trainable) return;
    old += W.size();
    CAPTURE(name);
    if (block.cols == 0) {
      CHECK(W == was);
      return;
    }
    for (ec::Index i = 0; i < W.rows(); ++i) {
      const double norm = was.row(i).template cast<double>().norm();
      ++(norm > limit ? scaled : left);
      const double factor = norm > limit ? limit / norm : 1;
      CHECK(W.row(i).template cast<double>().isApprox(factor * was.row(i).template cast<double>(),
                                                      sizeof(T) == 4 ? 1e-5 : 1e-14));
    }
  });
  CHECK(scaled > 100);
  CHECK(left > 5);
}

TEST_CASE("max norm: holds after every update of a fit, and takes no memory") {
  using E = ec::Encoder<ec::features(20), ec::Dense<70>, ec::ReLU>;
  ec::Autoencoder<E, ec::Decoder<E::output, ec::Dense<20>>> model{ec::Seed{1}};
  const Eigen::MatrixXf x = Eigen::MatrixXf::Random(20, 64);
  const auto longest = [&] {
    float most = 0;
    std::as_const(model).for_each_block([&](const std::string&, const ec::Block& block, auto W) {
      if (block.cols > 0) most = std::max(most, W.rowwise().norm().maxCoeff());
    });
    return most;
  };
  bool held = true;
  ec::Callback look{.after_batch = [&](const ec::BatchReport&) { held = held && longest() <= 0.5001F; }};
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{.learning_rate = 0.05}, {.threads = 1}};
  trainer.fit(x,
              {.epochs = 3, .batch_size = 16, .callbacks = {ec::max_norm(model, 0.5), look}, .progress = ec::Progress::quiet});
  CHECK(held);
  CHECK(longest() > 0.49F);

  const long taken = allocations::count();
  ec::limit_norms(model, 0.1);
  CHECK(allocations::count() == taken);
  CHECK(longest() < 0.1001F);
}

TEST_CASE("max norm: limits that make no sense are refused") {
  using E = ec::Encoder<ec::features(2), ec::Dense<1>>;
  ec::Autoencoder<E, ec::Decoder<E::output, ec::Dense<2>>> model;
  for (const double bad : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    expect_error<ec::OptionError>([&] { ec::max_norm(model, bad); }, {"limit_norms: limit", "finite and positive", "found"});
  }
}
