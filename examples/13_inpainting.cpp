// SPDX-License-Identifier: MIT
// Inpainting: a network restores what is hidden of an image. In training its first layer hides another part of every image in
// every step, and the loss counts what is hidden alone. What it restores stands beside fillings that learn nothing, or the mean
// image.
#include <cstdio>

#include "common/example.hpp"
#include <eigencoder/tasks/hole_filling.hpp>
#include <eigencoder/tasks/hole_metrics.hpp>
#include <nlohmann/json.hpp>

namespace ec = eigencoder;
using Eigen::MatrixXf;

constexpr ec::Shape frame = ec::image(28, 28);
constexpr double outside = -1;  // what hidden pixels become: no pixel is that dark, so the network sees where the hole is

/// Dense layers guess the whole image; convolutions make the result of the guess and of what is seen.
auto network(const ec::MaskOptions& masks, ec::Seed seed) {
  const ec::RandomMask hidden{masks, outside, ec::MaskWeights{.hidden = 1, .seen = 0}};
  const auto guess =
      ec::skip(ec::Dense<512>{}, ec::ReLU{}, ec::Dense<512>{}, ec::ReLU{}, ec::Dense<784>{}, ec::Reshape<frame>{});
  const auto layers = ec::sequential<frame>(hidden, guess, ec::Conv2D<32, 3>{}, ec::ReLU{}, ec::Conv2D<16, 3>{}, ec::ReLU{},
                                            ec::Conv2D<1, 3>{}, ec::Sigmoid{});
  return ec::Network{layers, seed};
}

struct Kind {
  std::string name;
  ec::MaskOptions masks;
};
const std::vector<Kind> kinds{{"box", {.kind = ec::MaskKind::box}},
                              {"pixels", {.kind = ec::MaskKind::pixels}},
                              {"half", {.kind = ec::MaskKind::half}},
                              {"strokes", {.kind = ec::MaskKind::strokes}},
                              {"all", {.kind = ec::MaskKind::any}}};

/// A way to restore images, by its name, that of its figures in metrics.json and that of its row in the picture.
struct Method {
  std::string name, key, picture;
  std::function<MatrixXf(const MatrixXf& masks)> restore;  ///< all test images, with the seen pixels as they are
};

template <class Model>
void run(const example::Program& program, Model model, const std::string& mask, const ec::MaskOptions& training) {
  const example::Options& options = program.options;
  const auto [train, test] = program.load();
  const MatrixXf& originals = test.samples;
  const auto masks_of = [&, count = test.size()](const ec::MaskOptions& masks, std::uint64_t number) {
    return ec::random_masks(masks, frame, count, ec::Seed{options.seed + 1 + number});
  };
  program.print(ec::summary(model) + '\n');

  // Predictions hide nothing: what is validated on is hidden beforehand, the same in every epoch.
  const MatrixXf masks = masks_of(training, 0), hidden = ec::hide(originals, masks, frame, outside),
                 weights = ec::mask_weights(masks, frame);
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{.learning_rate = options.learning_rate}, options.trainer()};
  ec::FitOptions<float> fit = options.fit(hidden);
  fit.validation_targets = originals;
  fit.validation_element_weights = weights;
  const ec::Index steps = options.epochs * ((train.size() + options.batch_size - 1) / options.batch_size);
  fit.callbacks.push_back(ec::LearningRate{ec::CosineDecay{.learning_rate = options.learning_rate, .steps = steps}});
  const ec::History history = program.fit(trainer, model, train.samples, fit);

  const MatrixXf mean_image = train.samples.rowwise().mean();
  const std::vector<Method> methods{
      {"mean of what is seen", "seen_mean", "seen mean", [&](const MatrixXf& m) { return ec::mean_fill(originals, m, frame); }},
      {"mean image of training", "mean_image", "mean image",
       [&](const MatrixXf& m) { return ec::composite(originals, m, frame, mean_image.replicate(1, m.cols())); }},
      {"diffusion from the border", "diffusion", "diffusion",
       [&](const MatrixXf& m) { return ec::diffusion_fill(originals, m, frame); }},
      {"network", "network", "restored", [&](const MatrixXf& m) {
         return ec::composite(originals, m, frame, model.predict(ec::hide(originals, m, frame, outside)));
       }}};

  auto metrics = program.metrics(history, train.size(), test.size(), Model::parameter_count, trainer.threads());
  const ec::Index pictured = std::min<ec::Index>(test.size(), 16);
  std::vector<ec::ImageRow> rows;
  program.print("what is hidden   restored by                   PSNR in the hole   SSIM in the hole\n");
  for (const Kind& kind : kinds) {
    if (kind.name != mask && mask != "all") continue;
    const MatrixXf m = masks_of(kind.masks, 1);
    metrics[kind.name + "_hidden"] = static_cast<double>(m.mean());
    if (kind.name == mask) rows.emplace_back("masked", ec::hide(originals, m, frame, 0.5).leftCols(pictured));
    for (const Method& method : methods) {
      const MatrixXf restored = method.restore(m);
      const double psnr = ec::hole_peak_signal_noise_ratio(originals, restored, m, frame, 1),
                   ssim = ec::hole_structural_similarity(originals, restored, m, frame, 1);
      metrics[kind.name + '_' + method.key + "_psnr"] = psnr;
      metrics[kind.name + '_' + method.key + "_ssim"] = ssim;
      char line[128];
      std::snprintf(line, sizeof line, "%-16s %-28s %11.2f dB %18.3f\n", kind.name.c_str(), method.name.c_str(), psnr, ssim);
      program.print(line);
      if (kind.name == mask) rows.emplace_back(method.picture, restored.leftCols(pictured));
    }
  }
  program.write_metrics(metrics);

  rows.emplace_back("original", originals.leftCols(pictured));
  program.write("restored.png", rows, frame, {.columns = pictured});
  program.plot("loss.png", {{"", history}}, "squared error of what is hidden, by all pixels");
}

int main(int argc, char** argv) {
  example::Program program(
      "13_inpainting",
      "Trains a network to restore what is hidden of an image: boxes, single pixels, halves, strokes. Prints "
      "the PSNR and the SSIM of what it restores beside fillings with a mean and with diffusion from the border.");
  program.options.batch_size = 64;
  program.options.epochs = 40;
  std::string mask = "all";
  program.add_choice(
      "--mask", mask, {"box", "pixels", "half", "strokes", "all"},
      "what is hidden, in training and in the test; all: one of the four for each image, with figures of each kind too");
  return program.run(argc, argv, [&] {
    const auto chosen = std::find_if(kinds.begin(), kinds.end(), [&](const Kind& kind) { return kind.name == mask; });
    run(program, network(chosen->masks, ec::Seed{program.options.seed}), mask, chosen->masks);
  });
}
