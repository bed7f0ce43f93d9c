// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/stage_runner.hpp"
#include "support/throws.hpp"
#include <eigencoder/tasks/masks.hpp>

namespace ec = eigencoder;
using Eigen::MatrixXd, Eigen::MatrixXf;

TEST_CASE("random_masks: those that the layer draws in a step 0, by seed and column alone") {
  constexpr ec::Shape in = ec::image(9, 12);
  for (const ec::MaskKind kind :
       {ec::MaskKind::box, ec::MaskKind::pixels, ec::MaskKind::half, ec::MaskKind::strokes, ec::MaskKind::any}) {
    const ec::MaskOptions options{.kind = kind};
    StageRunner<ec::RandomMask<>, in, float> run(ec::RandomMask{options, 1});
    run.random = ec::Random(ec::Seed{3}, 0, 0);
    const MatrixXf masks = ec::random_masks(options, in, 31, ec::Seed{3});
    CHECK(masks == run.forward(MatrixXf::Zero(in.size(), 31)));
    CHECK(masks == ec::random_masks(options, ec::image(9, 12, 3), 31, ec::Seed{3}));
    CHECK(masks.leftCols(7) == ec::random_masks(options, in, 7, ec::Seed{3}));
    CHECK(masks.cast<double>() == ec::random_masks<double>(options, in, 31, ec::Seed{3}));
    CHECK(masks != ec::random_masks(options, in, 31, ec::Seed{4}));
  }
  CHECK(ec::random_masks({}, in, 0, ec::Seed{3}).cols() == 0);
}

TEST_CASE("hide, composite and mask_weights: by hand") {
  constexpr ec::Shape in = ec::image(1, 3, 2);
  const MatrixXd x{{1, 7}, {2, 8}, {3, 9}, {4, 10}, {5, 11}, {6, 12}};
  const MatrixXf masks{{0, 1}, {1, 0}, {0, 1}};
  const MatrixXd hidden{{1, -1}, {2, -1}, {-1, 9}, {-1, 10}, {5, -1}, {6, -1}};
  CHECK(ec::hide(x, masks, in, -1) == hidden);
  CHECK(ec::composite(hidden, masks, in, x) == x);
  CHECK(ec::composite(x, masks, in, hidden.cast<float>()) == hidden);
  CHECK(ec::composite(x, masks.cast<int>(), in, MatrixXd::Constant(6, 2, -1)) == hidden);
  CHECK(ec::mask_weights(masks, in) == MatrixXf{{0, 1}, {0, 1}, {1, 0}, {1, 0}, {0, 1}, {0, 1}});
  CHECK(ec::mask_weights<double>(masks, in, {.hidden = 2, .seen = 0.5}) ==
        MatrixXd{{0.5, 2}, {0.5, 2}, {2, 0.5}, {2, 0.5}, {0.5, 2}, {0.5, 2}});
  const Eigen::Matrix<std::uint8_t, Eigen::Dynamic, Eigen::Dynamic> bytes = MatrixXd::Constant(6, 2, 51).cast<std::uint8_t>();
  CHECK(ec::composite(bytes, masks, in, bytes) == MatrixXf::Constant(6, 2, 0.2F));
  CHECK(ec::hide(bytes, masks, in, 0.5)(0, 0) == 0.2F);
}

TEST_CASE("masks of another size or of other values are refused") {
  constexpr ec::Shape in = ec::image(2, 2, 3);
  const MatrixXf x = MatrixXf::Zero(12, 5), masks = MatrixXf::Ones(4, 5);
  expect_error<ec::ShapeError>([&] { ec::hide(x, MatrixXf::Ones(12, 5), in); },
                               {"hide: expected masks of 4 × 5", "(2, 2, 3)", "found 12 × 5"});
  expect_error<ec::ShapeError>([&] { ec::hide(x, MatrixXf::Ones(4, 1), in); },
                               {"hide: expected masks of 4 × 5", "found 4 × 1"});
  expect_error<ec::ShapeError>([&] { ec::hide(MatrixXf::Zero(4, 5), masks, in); },
                               {"hide: expected 12 rows", "samples of (2, 2, 3)", "found 4"});
  expect_error<ec::ShapeError>([&] { ec::composite(x, masks, in, MatrixXf::Zero(12, 4)); },
                               {"composite: expected restored samples of 12 × 5", "found 12 × 4"});
  MatrixXf grey = masks;
  grey(2, 3) = 0.5F;
  expect_error<ec::OptionError>([&] { ec::hide(x, grey, in); },
                                {"hide: expected masks of 1 (hidden) and 0 (seen)", "found 0.5 in row 2 of mask 3"});
  grey(2, 3) = std::numeric_limits<float>::quiet_NaN();
  expect_error<ec::OptionError>([&] { ec::mask_weights(grey, in); }, {"nan in row 2 of mask 3"});
  expect_error<ec::OptionError>([&] { ec::mask_weights(masks, in, {.hidden = -1}); }, {"MaskWeights", "found -1"});
  expect_error<ec::ShapeError>([] { ec::random_masks({}, ec::features(7), 3, ec::Seed{}); },
                               {"random_masks: expected samples of several pixels or steps, found (7)"});
  expect_error<ec::OptionError>([] { ec::random_masks({.rate = 0}, ec::image(7, 7), 3, ec::Seed{}); }, {"found 0"});
  expect_error<ec::OptionError>([] { ec::random_masks({}, ec::image(7, 7), -3, ec::Seed{}); }, {"found -3"});
}
