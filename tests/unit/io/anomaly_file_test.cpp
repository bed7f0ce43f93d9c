// SPDX-License-Identifier: MIT
#include "support/folder.hpp"
#include "support/throws.hpp"
#include <eigencoder/io/model_file.hpp>
#include <eigencoder/layers/activation.hpp>
#include <eigencoder/layers/dense.hpp>
#include <eigencoder/models/autoencoder.hpp>
#include <eigencoder/tasks/anomaly.hpp>

namespace ec = eigencoder;
using Eigen::MatrixXf;

namespace {

using Model = ec::Autoencoder<ec::Encoder<ec::features(5), ec::Dense<3>, ec::Tanh>, ec::Decoder<ec::features(3), ec::Dense<5>>>;
using Detector = ec::AnomalyDetector<Model>;
using CodeDetector = ec::AnomalyDetector<Model, ec::CodeDistance>;

MatrixXf normal() {
  const ec::Random random(ec::Seed{3}, 0, 0);
  return MatrixXf::NullaryExpr(
      5, 60, [&](ec::Index i, ec::Index j) { return static_cast<float>(static_cast<double>(i) + 2 * random.uniform(j, i)); });
}
const auto no_training = [](const MatrixXf&) {};

/// Everything that a detector says.
template <class D>
void check_same(const D& a, const D& b) {
  CHECK(a.model().parameters() == b.model().parameters());
  CHECK(a.scores(normal()) == b.scores(normal()));
  CHECK(a.threshold() == b.threshold());
  CHECK(a.calibration().scores() == b.calibration().scores());
  CHECK(a.p_value(a.threshold()) == b.p_value(b.threshold()));
}

}  // namespace

TEST_CASE("anomaly file: a detector comes back as it was, with model, scaler, threshold and calibration") {
  const Folder folder;
  Detector detector{Model{ec::Seed{1}}};
  detector.fit(normal(), no_training);
  detector.set_threshold(ec::FalseAlarmRate{0.1});
  ec::save(detector, folder.path / "detector.safetensors", {.texts = {{"data", "May"}}});
  Detector served{Model{ec::Seed{2}}};
  CHECK(ec::load(served, folder.path / "detector.safetensors").at("data") == "May");
  check_same(detector, served);
  CHECK(served.scaler().mean() == detector.scaler().mean());

  // The file is a model's too.
  Model model{ec::Seed{5}};
  ec::load(model, folder.path / "detector.safetensors");
  CHECK(model.parameters() == detector.model().parameters());
}

TEST_CASE("anomaly file: distances of codes take what they know of codes along; a threshold may be missing") {
  const Folder folder;
  CodeDetector detector{Model{ec::Seed{1}}};
  detector.fit(normal(), no_training);
  ec::save(detector, folder.path / "d.safetensors");
  CodeDetector served{Model{ec::Seed{2}}};
  ec::load(served, folder.path / "d.safetensors");
  CHECK_THROWS_AS(served.threshold(), ec::Error);
  detector.set_threshold(ec::Quantile{0.9});
  served.set_threshold(ec::Quantile{0.9});
  check_same(detector, served);

  using Bare = ec::AnomalyDetector<Model, ec::MeanSquaredError, ec::Unscaled<float>>;
  Bare bare{Model{ec::Seed{1}}}, same{Model{ec::Seed{2}}};
  bare.calibrate(normal());
  bare.set_threshold(2.5);
  ec::save(bare, folder.path / "bare.safetensors");
  ec::load(same, folder.path / "bare.safetensors");
  check_same(bare, same);
}

TEST_CASE("anomaly file: what does not belong to a detector leaves it as it was") {
  const Folder folder;
  const auto path = folder.path / "d.safetensors";
  Detector detector{Model{ec::Seed{1}}};
  expect_error<ec::Error>([&] { ec::save(detector, path); }, {"save", "call fit"});
  CHECK(folder.names() == 0);
  detector.fit(normal(), no_training);
  detector.set_threshold(1.0);

  CodeDetector other{Model{ec::Seed{2}}};
  other.fit(normal(), no_training);
  other.set_threshold(3.0);
  const CodeDetector before = other;
  const auto refused = [&](std::initializer_list<std::string_view> parts) {
    expect_error<ec::ShapeError>([&] { ec::load(other, path); }, parts);
    check_same(before, other);
  };
  ec::save(detector.model(), path);  // a model alone
  refused({"values.fitted.scaler.mean", "no values"});
  ec::save(detector, path);  // of another score
  refused({"values.fitted.codes.mean"});
  ec::AnomalyDetector<Model, ec::MeanSquaredError, ec::MinMaxScaler<float>> scaled{Model{ec::Seed{2}}};
  scaled.fit(normal(), no_training);
  expect_error<ec::ShapeError>([&] { ec::load(scaled, path); }, {"values.fitted.scaler.minimum", "values.fitted.scaler.mean"});

  // Parts that do not belong to this model.
  const auto spoil = [&](auto change) {
    CodeDetector::Fitted fitted = std::as_const(other).fitted();
    change(fitted);
    ec::save(other.model(), path, {.values = {{"fitted", fitted}}});
  };
  spoil([](auto& fitted) { fitted.scaler = ec::Standardizer<float>(normal().topRows(4)); });
  refused({"a scaler of 5 features", "one of 4"});
  spoil([](auto& fitted) { fitted.learnt = ec::Mahalanobis::fit(normal().topRows(2)); });
  refused({"codes of 3 values", "found 2"});

  // Cut short: of every length there is an error, and nothing changes.
  ec::save(other, path);
  const auto size = std::filesystem::file_size(path);
  for (std::uintmax_t cut = 1; cut < size; cut += size / 7) {
    std::filesystem::resize_file(path, size - cut);
    CHECK_THROWS_AS(ec::load(other, path), ec::FileError);
    check_same(before, other);
  }
}
