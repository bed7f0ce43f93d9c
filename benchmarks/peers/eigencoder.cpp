// SPDX-License-Identifier: MIT
// Eigencoder itself, as a peer of benchmarks/compare.
#include "common.hpp"
#include "support/example_networks.hpp"
#include <eigencoder/eigencoder.hpp>

namespace ec = eigencoder;

namespace {

using Matrix = Eigen::Map<const Eigen::MatrixXf>;
using Bytes = Eigen::Matrix<std::uint8_t, Eigen::Dynamic, Eigen::Dynamic>;

Matrix as_matrix(const std::vector<float>& samples, ec::Index width) {
  return {samples.data(), width, static_cast<ec::Index>(samples.size()) / width};
}

/// Inputs, and targets where they are others.
struct Set {
  std::vector<float> inputs, targets;

  template <class Model>
  static Set read(peers::Task& task, const std::string& name) {
    Set set{task.samples(name + "-inputs", Model::input.size()), {}};
    if (task.has_other_targets()) set.targets = task.samples(name, Model::output.size());
    return set;
  }
  const std::vector<float>& wanted() const { return targets.empty() ? inputs : targets; }
};

/// Weights are units × inputs by columns here, which is inputs × units by rows. In the file each has its biases behind it.
template <class Model>
Model first_model(const peers::Task& task) {
  Model model;
  std::vector<ec::MatrixView<float>> weights, biases;
  model.for_each_block(
      [&](const std::string&, const ec::Block& block, auto view) { (block.cols > 0 ? weights : biases).push_back(view); });
  const auto first = task.first_parameters(Model::parameter_count);
  const float* from = first.data();
  for (std::size_t k = 0; k < weights.size(); ++k) {
    for (ec::MatrixView<float>& block : {std::ref(weights[k]), std::ref(biases[k])}) {
      std::copy_n(from, block.size(), block.data());
      from += block.size();
    }
  }
  return model;
}

/// The pixels as they were before somebody divided them by 255.
Bytes bytes(peers::Task& task, const std::string& set, ec::Index width) {
  Bytes all(width, task.size(set));
  ec::Index j = 0;
  task.for_each_sample(set, width, [&](const std::vector<float>& pixels) {
    all.col(j++) = (Eigen::Map<const Eigen::VectorXf>(pixels.data(), width).array() * 255.0F).round().cast<std::uint8_t>();
  });
  return all;
}

template <class Model, class Loss>
void train(peers::Task& task, peers::Result& result, ec::Index batch_size, const ec::Samples<float>& inputs,
           const ec::Samples<float>& targets, ec::Precision precision = ec::Precision::float32) {
  const ec::Seed seed{static_cast<std::uint64_t>(task.count("seed"))};
  auto model = first_model<Model>(task);
  ec::Trainer trainer{model,
                      Loss{},
                      ec::Adam{.learning_rate = 1e-3, .epsilon = 1e-7},
                      {.threads = static_cast<std::size_t>(task.count("threads")), .seed = seed, .precision = precision}};

  // The clock stands outside, so that shuffling counts, as it does for everybody.
  std::vector<double> ends;
  const ec::Callback clock{.after_batch = [&](const ec::BatchReport&) { task.first_step_done(); },
                           .after_epoch =
                               [&](const ec::EpochReport&) {
                                 ends.push_back(peers::now());
                                 return ec::Training::go_on;
                               }};
  trainer.fit(
      inputs, targets,
      {.epochs = task.count("epochs"), .batch_size = batch_size, .callbacks = {clock}, .progress = ec::Progress::quiet});

  result.add("peak_memory_mib", peers::peak_memory_mib());
  result.add("images_per_second",
             static_cast<double>(inputs.cols() * (task.count("epochs") - 1)) / (ends.back() - ends.front()));
  result.add("first_step_seconds", task.first_step_seconds());
  const Set test = Set::read<Model>(task, "test");
  result.add(
      "validation_loss",
      trainer.evaluate(as_matrix(test.inputs, Model::input.size()), as_matrix(test.wanted(), Model::output.size())).loss);
}

template <class Model>
void infer(peers::Task& task, peers::Result& result) {
  const std::vector<float> samples = task.samples("test-inputs", Model::input.size());
  const Matrix x = as_matrix(samples, Model::input.size());
  const auto model = first_model<Model>(task);
  auto one = model.workspace(1), many = model.workspace(peers::inference_batch);
  Eigen::MatrixXf y(Model::output.size(), peers::inference_batch);
  peers::time_inference(
      task, result, [&](long i) { model.reconstruct(x.col(i), y.col(0), one); },
      [&] { model.reconstruct(x.leftCols(peers::inference_batch), y, many); });
}

template <class Model, class Loss>
void work(peers::Task& task, peers::Result& result, ec::Index batch_size) {
#ifdef EIGENCODER_COMPILED_KERNELS
  const std::string peer = "eigencoder-portable";
#else
  const std::string peer = "eigencoder";
#endif
  result.add_version(peer, ec::message(ec::version.major, '.', ec::version.minor, '.', ec::version.patch, " on ", name(ec::simd())));
  const std::string way = task.text("way");
  if (way == "fit" || way == "fit-bfloat16") {
    const Set set = Set::read<Model>(task, "train");
    return train<Model, Loss>(task, result, batch_size, as_matrix(set.inputs, Model::input.size()),
                              as_matrix(set.wanted(), Model::output.size()),
                              way == "fit" ? ec::Precision::float32 : ec::Precision::bfloat16);
  }
  if (way == "fit-bytes") {
    const Bytes inputs = bytes(task, "train-inputs", Model::input.size());
    const Bytes targets = task.has_other_targets() ? bytes(task, "train", Model::output.size()) : Bytes();
    return train<Model, Loss>(task, result, batch_size, inputs, targets.size() > 0 ? targets : inputs);
  }
  if (way == "reconstruct") return infer<Model>(task, result);
  throw std::runtime_error("there is no way " + way);
}

}  // namespace

int main(int argc, char** argv) {
  return peers::run(argc, argv, [](peers::Task& task, peers::Result& result) {
    const std::string name = task.text("work");
    if (name == "M1") return work<networks::Simple<float>, ec::BinaryCrossEntropy>(task, result, 256);
    if (name == "M2") return work<networks::Deep<float>, ec::MeanSquaredError>(task, result, 256);
    if (name == "M3") return work<networks::Denoiser<float>, ec::BinaryCrossEntropy>(task, result, 128);
    if (name == "M4") return work<networks::Variational<float>, ec::Elbo<ec::Bernoulli>>(task, result, 128);
    if (name == "M5") return work<networks::Symmetric<float>, ec::MeanSquaredError>(task, result, 32);
    if (name == "M6") return work<networks::LstmAutoencoder<float>, ec::MeanSquaredError>(task, result, 128);
    if (name == "M7") return work<networks::GruAutoencoder<float>, ec::MeanSquaredError>(task, result, 128);
    throw std::runtime_error("there is no work " + name);
  });
}
