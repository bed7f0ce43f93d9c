// SPDX-License-Identifier: MIT
// An autoencoder that removes noise. In training its first layer adds new noise to every image in every step, and the targets
// are the clean images; a prediction adds no noise.
#include <nlohmann/json.hpp>
#include <variant>

#include "common/example.hpp"

namespace ec = eigencoder;

/// One kind of noise of three, chosen when the program runs: a layer of our own, which passes every call to the chosen one.
struct AnyNoise {
  std::variant<ec::GaussianNoise, ec::MaskingNoise, ec::SaltAndPepperNoise> kind;

  static constexpr bool accepts(ec::Shape) { return true; }
  static constexpr ec::Shape output(ec::Shape in) { return in; }
  static constexpr ec::Needs needs(ec::Shape in) { return ec::GaussianNoise::needs(in); }
  static constexpr std::array<ec::Block, 0> parameters(ec::Shape) { return {}; }

  template <class S, ec::Mode M>
  void forward(ec::Forward<S, M> pass) const {
    std::visit([&](const auto& noise) { noise.forward(pass); }, kind);
  }
  template <class S, bool InputGradient>
  void backward(ec::Backward<S, InputGradient> pass) const {
    std::visit([&](const auto& noise) { noise.backward(pass); }, kind);
  }
};

AnyNoise noise_of(const std::string& name, double level) {
  if (name == "masking") return {ec::MaskingNoise{level}};
  if (name == "salt-pepper") return {ec::SaltAndPepperNoise{level}};
  return {ec::GaussianNoise{level, ec::Clip{0, 1}}};
}

auto dense(const AnyNoise& noise, ec::Seed seed) {
  const auto encoder = ec::encoder<ec::image(28, 28)>(noise, ec::Dense<512>{}, ec::ReLU{}, ec::Dense<128>{}, ec::ReLU{});
  const auto decoder = ec::decoder<ec::features(128)>(ec::Dense<512>{}, ec::ReLU{}, ec::Dense<784>{}, ec::Sigmoid{});
  return ec::Autoencoder{encoder, decoder, seed};
}

auto convolutional(const AnyNoise& noise, ec::Seed seed) {
  const auto encoder = ec::encoder<ec::image(28, 28)>(noise, ec::Conv2D<32, 3>{}, ec::ReLU{}, ec::MaxPool2D<2>{},
                                                      ec::Conv2D<32, 3>{}, ec::ReLU{}, ec::MaxPool2D<2>{});
  const auto decoder = ec::decoder<encoder.output>(ec::Conv2D<32, 3>{}, ec::ReLU{}, ec::UpSample2D<2>{}, ec::Conv2D<32, 3>{},
                                                   ec::ReLU{}, ec::UpSample2D<2>{}, ec::Conv2D<1, 3>{}, ec::Sigmoid{});
  ec::Autoencoder model{encoder, decoder, seed};
  static_assert(decltype(model)::parameter_count == 28'353);
  return model;
}

/// What each pool takes away comes back beside what the deeper layers make of it: nested skips, a U-Net.
auto unet(const AnyNoise& noise, ec::Seed seed) {
  const auto deepest = ec::skip(ec::MaxPool2D<2>{}, ec::Conv2D<32, 3>{}, ec::ReLU{}, ec::UpSample2D<2>{});
  const auto outer = ec::skip(ec::MaxPool2D<2>{}, ec::Conv2D<32, 3>{}, ec::ReLU{}, deepest, ec::Conv2D<16, 3>{}, ec::ReLU{},
                              ec::UpSample2D<2>{});
  const auto layers = ec::sequential<ec::image(28, 28)>(noise, ec::Conv2D<16, 3>{}, ec::ReLU{}, outer, ec::Conv2D<16, 3>{}, ec::ReLU{},
                                                        ec::Conv2D<1, 3>{}, ec::Sigmoid{});
  ec::Network model{layers, seed};
  static_assert(decltype(model)::parameter_count == 28'049);
  return model;
}

template <class Model>
Eigen::MatrixXf denoise(const Model& model, const Eigen::MatrixXf& images) {
  if constexpr (requires { model.reconstruct(images); }) return model.reconstruct(images);
  if constexpr (requires { model.predict(images); }) return model.predict(images);
}

template <class Model>
void train(const example::Program& program, Model model, const AnyNoise& noise) {
  const example::Options& options = program.options;
  const auto [train, test] = program.load();
  const Eigen::MatrixXf noisy_test = ec::corrupt(test.samples, noise, ec::Seed{options.seed + 1});  // the same in every epoch
  program.print(ec::summary(model) + '\n');

  ec::Trainer trainer{model, ec::BinaryCrossEntropy{}, ec::Adam{.learning_rate = options.learning_rate}, options.trainer()};
  ec::FitOptions<float> fit = options.fit(noisy_test);
  fit.validation_targets = test.samples;
  const ec::History history = program.fit(trainer, model, train.samples, fit);

  const auto error = [&clean = test.samples](const Eigen::MatrixXf& images) {
    return static_cast<double>((images - clean).array().square().mean());
  };
  const double noisy = error(noisy_test), denoised = error(denoise(model, noisy_test)),
               restored = error(denoise(model, test.samples));
  program.print(ec::message("MSE from the clean images: noisy ", noisy, ", denoised ", denoised, ", clean ones restored ",
                            restored, '\n'));

  auto metrics = program.metrics(history, train.size(), test.size(), Model::parameter_count, trainer.threads());
  metrics["noisy_mse"] = noisy;
  metrics["denoised_mse"] = denoised;
  metrics["clean_mse"] = restored;
  program.write_metrics(metrics);

  const ec::Index shown = std::min<ec::Index>(test.size(), 10);
  const Eigen::MatrixXf inputs = noisy_test.leftCols(shown), originals = test.samples.leftCols(shown);
  program.write("denoised.png", {{"noisy", inputs}, {"denoised", denoise(model, inputs)}, {"original", originals}},
                test.shape);
  program.plot("loss.png", {{"", history}}, "binary cross-entropy");
}

int main(int argc, char** argv) {
  example::Program program("05_denoising", "Trains a network to remove noise from images.");
  example::Options& options = program.options;
  options.batch_size = 128;
  std::string kind = "gaussian", model = "conv";
  double level = 0.5;
  program.add_choice("--noise", kind, {"gaussian", "masking", "salt-pepper"}, "what spoils the images");
  program.add_number("--level", level, "deviation of gaussian noise, share of pixels hit by the others");
  program.add_choice("--model", model, {"dense", "conv", "unet"}, "784-512-128-512-784, convolutions, or a U-Net of as many parameters");

  return program.run(argc, argv, [&] {
    const AnyNoise noise = noise_of(kind, level);
    const ec::Seed seed{options.seed};
    if (model == "dense") train(program, dense(noise, seed), noise);
    if (model == "conv") train(program, convolutional(noise, seed), noise);
    if (model == "unet") train(program, unet(noise, seed), noise);
  });
}
