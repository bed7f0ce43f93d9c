// SPDX-License-Identifier: MIT
#include "golden/golden.hpp"
#include "support/catch.hpp"
#include "support/throws.hpp"
#include <eigencoder/eigencoder.hpp>

namespace ec = eigencoder;
using ec::Index;

namespace {

using Encoder = ec::Encoder<ec::image(4, 4), ec::Conv2D<3, 3, 2>, ec::VectorQuantizer<5>>;
using Model = ec::Autoencoder<Encoder, ec::Decoder<Encoder::output, ec::ConvTranspose2D<1, 3, 2>>>;

Model quantising() {
  Model model{ec::Seed{1}};
  golden::fill(1, 2, -1, model.parameter("encoder.1.codebook"));
  return model;
}

using Short = ec::Encoder<ec::features(4), ec::Dense<3>, ec::VectorQuantizer<5>>;
static_assert(std::is_same_v<ec::Mirror<Short>, ec::Decoder<ec::features(3), ec::Dense<4>>>);

}  // namespace

TEST_CASE("codebook: numbers name the vectors that encode gives, and decode to what reconstruct gives") {
  Model model = quantising();
  Eigen::MatrixXf x(16, 9);
  golden::fill(2, 2, -1, x);
  const ec::Codes numbers = ec::codes(model, x);
  REQUIRE((numbers.rows() == 4 && numbers.cols() == 9));
  const Eigen::MatrixXf code = model.encode(x);
  const ec::MatrixView<float> codebook = model.parameter("encoder.1.codebook");
  for (Index j = 0; j < 9; ++j) {
    for (Index p = 0; p < 4; ++p) CHECK(code.col(j).segment(3 * p, 3) == codebook.col(numbers(p, j)));
  }
  CHECK(ec::decode_codes(model, numbers) == model.reconstruct(x));

  const ec::CodebookUsage usage = ec::codebook_usage(model, x);
  CHECK(usage.counts.sum() == 36);
  for (int k = 0; k < 5; ++k) CHECK(usage.counts[k] == (numbers.array() == k).count());
}

TEST_CASE("codebook: a NaN has no number, and counts for nothing") {
  const Model model = quantising();
  Eigen::MatrixXf x = Eigen::MatrixXf::Zero(16, 2);
  x(15, 1) = std::numeric_limits<float>::quiet_NaN();
  const ec::Codes numbers = ec::codes(model, x);
  CHECK(numbers(3, 1) == -1);
  CHECK((numbers.col(0).array() >= 0).all());
  CHECK(ec::codebook_usage(model, x).counts.sum() == (numbers.array() >= 0).count());
}

TEST_CASE("codebook: usage and perplexity by hand") {
  ec::CodebookUsage usage;
  usage.counts.setConstant(8, 3);
  CHECK(usage.used() == 1);
  CHECK(usage.perplexity() == Approx(8).epsilon(1e-14));
  usage.counts.setZero();
  usage.counts[5] = 7;
  CHECK(usage.used() == 0.125);
  CHECK(usage.perplexity() == 1);
  usage.counts[0] = 7;
  CHECK(usage.perplexity() == Approx(2).epsilon(1e-14));
}

TEST_CASE("codebook: what does not fit is refused") {
  const Model model = quantising();
  expect_error<ec::ShapeError>([&] { ec::codes(model, Eigen::MatrixXf::Zero(15, 1)); }, {"encode", "16", "found 15"});
  expect_error<ec::ShapeError>([&] { ec::decode_codes(model, ec::Codes::Zero(3, 2)); }, {"decode_codes", "4 rows", "found 3"});
  ec::Codes numbers = ec::Codes::Zero(4, 2);
  for (const int bad : {-1, 5}) {
    numbers(2, 1) = bad;
    expect_error<ec::OptionError>([&] { ec::decode_codes(model, numbers); }, {"from 0 to 4", "found", "pixel 2", "sample 1"});
  }
}
