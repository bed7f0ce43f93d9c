// SPDX-License-Identifier: MIT
#include "eigencoder/training/checkpoint.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>

#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/throws.hpp"
#include <eigencoder/files/safetensors.hpp>
#include <eigencoder/layers/activation.hpp>
#include <eigencoder/layers/batch_norm.hpp>
#include <eigencoder/layers/dense.hpp>
#include <eigencoder/layers/dropout.hpp>
#include <eigencoder/layers/frozen.hpp>
#include <eigencoder/layers/noise.hpp>
#include <eigencoder/layers/vector_quantizer.hpp>
#include <eigencoder/losses/commitment.hpp>
#include <eigencoder/losses/huber.hpp>
#include <eigencoder/losses/mean_squared_error.hpp>
#include <eigencoder/models/autoencoder.hpp>
#include <eigencoder/optimizers/adam.hpp>
#include <eigencoder/optimizers/sgd.hpp>
#include <eigencoder/training/trainer.hpp>

namespace ec = eigencoder;
using ec::Index;

namespace {

Eigen::MatrixXf samples(Index rows, Index cols) {
  const ec::Random random(ec::Seed{5}, 0, 0);
  return Eigen::MatrixXf::NullaryExpr(rows, cols, [&](Index i, Index j) { return static_cast<float>(random.uniform(j, i)); });
}

/// The bits of all that training has changed.
template <class T>
std::vector<std::byte> bits(const ec::Snapshot<T>& snapshot) {
  std::vector<std::byte> all;
  const auto add = [&](const auto& values) {
    const auto bytes = std::as_bytes(std::span(values));
    all.insert(all.end(), bytes.begin(), bytes.end());
  };
  add(snapshot.parameters);
  add(snapshot.state);
  add(snapshot.slots);
  add(snapshot.average);
  add(std::array{snapshot.updates, snapshot.step, snapshot.shuffles, snapshot.epochs});
  return all;
}

ec::FitOptions<float> epochs(Index count, const Eigen::MatrixXf& validation) {
  return {.epochs = count, .batch_size = 7, .validation = validation, .progress = ec::Progress::quiet};
}

/// Ten epochs have the bits of five, a checkpoint, and five more by a new trainer of a model of other initial values.
template <class Model, class Part, class Opt>
void check_resume(const Model& recipe, const Model& other, const Part& objective, const Opt& optimizer) {
  const Eigen::MatrixXf x = samples(Model::input.size(), 30), validation = samples(Model::input.size(), 9);
  const Folder folder;
  const auto path = folder.path / "checkpoint.safetensors";
  const ec::TrainerOptions options{.threads = 2, .seed = ec::Seed{3}, .clip = {.global_norm = 0.5}, .average = {.decay = 0.9}};

  Model model = recipe;
  ec::Trainer whole{model, objective, optimizer, options};
  const ec::History history = whole.fit(x, epochs(10, validation));

  Model first = recipe, second = other;
  {
    ec::Trainer trainer{first, objective, optimizer, options};
    trainer.fit(x, epochs(5, validation));
    trainer.save(path);
    REQUIRE(bits(trainer.snapshot()) != bits(whole.snapshot()));
  }
  ec::Trainer trainer{second, objective, optimizer, options};
  trainer.resume(path);
  CHECK(bits(trainer.snapshot()).size() == bits(whole.snapshot()).size());
  CHECK(trainer.epochs() == 5);
  const ec::History rest = trainer.fit(x, epochs(5, validation));

  CHECK(bits(trainer.snapshot()) == bits(whole.snapshot()));
  REQUIRE(rest.epochs.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(rest.epochs[i].train.loss == history.epochs[i + 5].train.loss);
    CHECK(rest.epochs[i].validation.loss == history.epochs[i + 5].validation.loss);
  }
  CHECK(folder.names() == 1);
}

using Small = ec::Autoencoder<ec::Encoder<ec::features(6), ec::Dense<4>, ec::Tanh>, ec::Decoder<ec::features(4), ec::Dense<6>>>;
using SmallTrainer = ec::Trainer<Small, ec::MeanSquaredError, ec::Adam>;
const ec::TrainerOptions one_thread{.threads = 1, .seed = ec::Seed{3}};

/// A checkpoint of a trained Small model, and what is needed to make others of it.
struct SmallCheckpoint {
  Folder folder;
  std::filesystem::path path = folder.path / "small.safetensors";
  Small model{ec::Seed{1}};
  SmallTrainer trainer{model, ec::MeanSquaredError{}, ec::Adam{.learning_rate = 0.01}, one_thread};
  SmallCheckpoint() {
    const Eigen::MatrixXf x = samples(6, 30);
    trainer.fit(x, {.epochs = 2, .progress = ec::Progress::quiet});
    trainer.save(path);
  }

  /// Writes the checkpoint anew with other texts, or tensors.
  template <class Change>
  void rewrite(Change change) const {
    const ec::SafetensorsFile file = ec::read_safetensors(path);
    ec::Metadata metadata = file.metadata();
    std::vector<ec::TensorView> tensors = file.tensors();
    change(metadata, tensors);
    ec::write_safetensors(path, tensors, metadata);
  }
  /// Resuming fails with a message of these parts, and changes nothing.
  template <class Trainer>
  void refused_by(Trainer& other, std::initializer_list<std::string_view> parts) const {
    const auto before = bits(other.snapshot());
    const double rate = other.learning_rate();
    const auto rates = other.rates();
    expect_error<ec::FileError>([&] { other.resume(path); }, parts);
    CHECK(bits(other.snapshot()) == before);
    CHECK(other.learning_rate() == rate);
    CHECK(other.rates() == rates);
  }
  template <class Change>
  void refused_after(Change change, std::initializer_list<std::string_view> parts) {
    trainer.save(path);
    rewrite(change);
    Small same{ec::Seed{2}};
    SmallTrainer other{same, ec::MeanSquaredError{}, ec::Adam{.learning_rate = 0.02}, one_thread};
    refused_by(other, parts);
  }
};

}  // namespace

TEST_CASE("checkpoint: ten epochs have the bits of five, a checkpoint and five: a dense network with Adam") {
  const auto encoder = ec::encoder<ec::features(6)>(ec::Dense<4>{}, ec::Tanh{});
  const auto decoder = ec::decoder<ec::features(4)>(ec::Dense<6>{});
  using Model = ec::Autoencoder<std::decay_t<decltype(encoder)>, std::decay_t<decltype(decoder)>>;
  check_resume(Model{encoder, decoder, ec::Seed{1}}, Model{encoder, decoder, ec::Seed{2}}, ec::MeanSquaredError{},
               ec::Adam{.learning_rate = 0.01});
}

TEST_CASE("checkpoint: the same with running state, dropout and noise") {
  const auto encoder = ec::encoder<ec::features(6)>(ec::GaussianNoise{0.1}, ec::Dense<5>{}, ec::BatchNorm{.momentum = 0.8},
                                                    ec::LeakyReLU{0.1}, ec::Dropout{0.2});
  const auto decoder = ec::decoder<ec::features(5)>(ec::Dense<6>{});
  using Model = ec::Autoencoder<std::decay_t<decltype(encoder)>, std::decay_t<decltype(decoder)>>;
  const Model model{encoder, decoder, ec::Seed{1}}, other{encoder, decoder, ec::Seed{2}};
  check_resume(model, other, ec::MeanSquaredError{}, ec::AdamW{.learning_rate = 0.01, .weight_decay = 0.1});
  check_resume(model, other, ec::MeanSquaredError{}, ec::SGD{.learning_rate = 0.02, .momentum = 0.9, .nesterov = true});
}

TEST_CASE("checkpoint: the same with a codebook") {
  const auto encoder = ec::encoder<ec::features(6)>(ec::Dense<3>{}, ec::VectorQuantizer<4>{.decay = 0.9, .restart = 0.1});
  const auto decoder = ec::decoder<ec::features(3)>(ec::Dense<6>{});
  using Model = ec::Autoencoder<std::decay_t<decltype(encoder)>, std::decay_t<decltype(decoder)>>;
  check_resume(Model{encoder, decoder, ec::Seed{1}}, Model{encoder, decoder, ec::Seed{2}},
               ec::MeanSquaredError{} + 0.25 * ec::Commitment{}, ec::Adam{.learning_rate = 0.01});
}

TEST_CASE("checkpoint: before the first step, and what can be set between steps") {
  const Folder folder;
  const auto path = folder.path / "checkpoint.safetensors";
  Small model{ec::Seed{1}}, second{ec::Seed{2}};
  SmallTrainer trainer{model, ec::MeanSquaredError{}, ec::Adam{}, one_thread};
  SmallTrainer other{second, ec::MeanSquaredError{}, ec::Adam{}, {.threads = 3, .seed = ec::Seed{3}, .clip = {.value = 1}}};
  trainer.set_learning_rate(0.1 + 0.2);  // no short number
  trainer.set_clip({.norm = 1e-7});
  trainer.freeze("encoder");
  trainer.set_rate("decoder.0.bias", 1.0 / 3);
  trainer.save(path);
  other.set_rate("decoder.0", 0);
  other.resume(path.string());  // another number of threads is no obstacle

  CHECK(second.parameters() == model.parameters());
  CHECK(other.snapshot().slots.size() == 2 * static_cast<std::size_t>(Small::parameter_count));
  CHECK(other.updates() == 0);
  CHECK(other.learning_rate() == 0.1 + 0.2);
  CHECK(other.clip().norm == 1e-7);
  CHECK(other.clip().value == ec::GradientClip::none);
  CHECK(other.rates() == trainer.rates());
  CHECK(other.rates().back() == std::pair<std::string, double>{"decoder.0.bias", 1.0 / 3});
  CHECK(other.threads() == 3);
  // The best moment is the one that it has come to.
  other.train_on_batch(samples(6, 4));
  other.restore_best();
  CHECK(second.parameters() == model.parameters());
}

TEST_CASE("checkpoint: the file has each block by name") {
  const SmallCheckpoint checkpoint;
  const ec::SafetensorsFile file = ec::read_safetensors(checkpoint.path);
  CHECK(file.tensors().size() == 12);  // four blocks, and Adam's two vectors
  const ec::TensorView* weight = file.find("parameters.decoder.0.weight");
  REQUIRE(weight != nullptr);
  CHECK(weight->dtype == ec::Dtype::F32);
  CHECK(weight->shape == std::vector<std::uint64_t>{4, 6});
  std::vector<float> values(24);
  ec::from_bytes(weight->bytes, std::span(values));
  Small model = checkpoint.model;
  CHECK(std::equal(values.begin(), values.end(), model.parameter("decoder.0.weight").data()));
  REQUIRE(file.find("slot.1.encoder.0.bias") != nullptr);
  CHECK(file.find("average.encoder.0.bias") == nullptr);
  CHECK(*file.text("trainer.encoder.0") == "Dense<4> -> (4)");
  CHECK(*file.text("trainer.optimizer.beta2") == "0.999");
  CHECK(*file.text("setting.learning_rate") == "0.01");
  CHECK(*file.text("setting.clip.norm") == "inf");
  CHECK(*file.text("counter.epochs") == "2");
  CHECK(*file.text("counter.updates") == "2");
  CHECK(file.text("trainer.optimizer.learning_rate") == nullptr);
}

TEST_CASE("checkpoint: another trainer refuses it, says what differs, and is unchanged") {
  const SmallCheckpoint checkpoint;
  const auto refused = [&]<class Model, class Part, class Opt>(Model model, Part part, Opt optimizer, ec::Seed seed,
                                                               std::initializer_list<std::string_view> parts) {
    ec::Trainer other{model, part, optimizer, {.threads = 1, .seed = seed}};
    checkpoint.refused_by(other, parts);
  };
  using Wider = ec::Autoencoder<ec::Encoder<ec::features(6), ec::Dense<3>, ec::Sigmoid>,
                                ec::Decoder<ec::features(3), ec::Dense<6>, ec::LeakyReLU>>;
  refused(
      Wider{}, ec::MeanSquaredError{}, ec::Adam{}, ec::Seed{3},
      {"small.safetensors", "another trainer", "nothing was changed",
       "encoder.0: expected Dense<3> -> (3), found Dense<4> -> (4)", "encoder.1: expected Sigmoid -> (3), found Tanh -> (4)",
       "decoder.1: expected LeakyReLU, slope = 0.3 -> (6), found nothing",
       "parameters.encoder.0.weight: expected F32 [6, 3], found F32 [6, 4]"});
  refused(Small{}, ec::MeanSquaredError{}, ec::AdamW{}, ec::Seed{3},
          {"optimizer: expected AdamW, found Adam", "optimizer.weight_decay: expected 0.01, found nothing"});
  refused(Small{}, ec::MeanSquaredError{}, ec::Adam{.beta1 = 0.5}, ec::Seed{4},
          {"optimizer.beta1: expected 0.5, found 0.9", "seed: expected 4, found 3"});
  refused(Small{}, 2 * ec::MeanSquaredError{}, ec::Adam{}, ec::Seed{3},
          {"objective.0: expected 2 * MeanSquaredError, reduction = 0, found 1 * MeanSquaredError, reduction = 0"});
  refused(Small{}, ec::MeanSquaredError{ec::Reduction::sum}, ec::Adam{}, ec::Seed{3},
          {"objective.0: expected 1 * MeanSquaredError, reduction = 1, found 1 * MeanSquaredError, reduction = 0"});
}

TEST_CASE("checkpoint: a file that is none, or that someone has changed") {
  SmallCheckpoint checkpoint;
  using Tensors = std::vector<ec::TensorView>;
  const auto text = [&](const char* name, const char* value, std::initializer_list<std::string_view> parts) {
    checkpoint.refused_after([&](ec::Metadata& texts, Tensors&) { texts[name] = value; }, parts);
  };
  text("format", "model", {"expected a checkpoint"});
  text("format_version", "2", {"version 1", "found version \"2\" of eigencoder \"0.1.0\""});
  text("trainer.seed", "three", {"seed: expected 3, found three"});
  text("trainer.encoder.0", "a\nb", {"encoder.0: expected Dense<4> -> (4), found \"a\\u000ab\""});
  text("trainer.encoder.9", "Dense<1>", {"encoder.9: expected nothing, found Dense<1>"});
  text("counter.updates", "-1", {"counter.updates: expected a whole number, found \"-1\""});
  text("counter.step", "18446744073709551616", {"counter.step: expected a whole number"});
  text("setting.learning_rate", "0.1x", {"setting.learning_rate: expected a number, found \"0.1x\""});
  text("setting.learning_rate", "-1", {"learning_rate must be finite and positive, found -1"});
  text("setting.learning_rate", "nan", {"learning_rate must be finite and positive, found nan"});
  text("setting.clip.norm", "0", {"norm must be positive, found 0"});
  text("setting.clip.value", "1e-300", {"small.safetensors: GradientClip: value must be from"});
  text("setting.rate.encoder.0.bias", "-0.5",
       {"setting.rate.encoder.0.bias: a factor of the learning rate must be finite and not negative, found -0.5"});
  text("setting.rate.encoder.0.bias", "inf", {"setting.rate.encoder.0.bias", "found inf"});
  for (const char* name :
       {"counter.epochs", "counter.shuffles", "setting.clip.value", "setting.rate.decoder.0.weight", "format_version"}) {
    checkpoint.refused_after([&](ec::Metadata& texts, Tensors&) { texts.erase(name); },
                             {"expected a text", name, "found none"});
  }
  const auto dropped = [&](const char* prefix, std::initializer_list<std::string_view> parts) {
    checkpoint.refused_after(
        [&](ec::Metadata&, Tensors& tensors) {
          std::erase_if(tensors, [&](const ec::TensorView& tensor) { return tensor.name.starts_with(prefix); });
        },
        parts);
  };
  dropped("parameters.encoder.0.weight", {"parameters.encoder.0.weight: expected F32 [6, 4], found nothing"});
  dropped("slot.1.", {"slot.1.decoder.0.weight: expected F32 [4, 6], found nothing"});
  dropped("slot.", {"expected the optimizer's vectors of a trainer after 2 updates, found none"});
  checkpoint.refused_after([](ec::Metadata&, Tensors& tensors) { tensors[0].dtype = ec::Dtype::I32; },
                           {"parameters.decoder.0.bias: expected F32 [6], found I32 [6]"});
  checkpoint.refused_after(
      [](ec::Metadata&, Tensors& tensors) {
        tensors.push_back({"more", ec::Dtype::F32, {0}, {}});
      },
      {"\"more\": expected nothing, found F32 [0]"});
}
