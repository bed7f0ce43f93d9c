// SPDX-License-Identifier: MIT
// A convolutional autoencoder that removes noise. In training its first layer adds new noise to every image in every step, and
// the targets are the clean images; a prediction takes images as noisy as they come.
#include "common/example.hpp"

namespace ec = eigencoder;

constexpr ec::GaussianNoise noise{0.5, ec::Clip{0, 1}};
constexpr auto encoder = ec::encoder<ec::image(28, 28)>(noise, ec::Conv2D<32, 3>{}, ec::ReLU{}, ec::MaxPool2D<2>{},
                                                        ec::Conv2D<32, 3>{}, ec::ReLU{}, ec::MaxPool2D<2>{});
constexpr auto decoder = ec::decoder<encoder.output>(ec::Conv2D<32, 3>{}, ec::ReLU{}, ec::UpSample2D<2>{}, ec::Conv2D<32, 3>{},
                                                     ec::ReLU{}, ec::UpSample2D<2>{}, ec::Conv2D<1, 3>{}, ec::Sigmoid{});

/// The images with noise like that of training, drawn once.
Eigen::MatrixXf with_noise(const Eigen::MatrixXf& images, ec::Seed seed) {
  const ec::Random random(seed, 0, 0);
  return Eigen::MatrixXf::NullaryExpr(images.rows(), images.cols(), [&](ec::Index pixel, ec::Index image) {
    return std::clamp(images(pixel, image) + static_cast<float>(noise.sigma * random.normal(image, pixel)), 0.0F, 1.0F);
  });
}

int main(int argc, char** argv) {
  example::Program program("05_denoising", "Trains a convolutional network to remove noise from images.");
  example::Options& options = program.options;
  options.batch_size = 128;

  return program.run(argc, argv, [&] {
    const auto [train, test] = program.load();
    const Eigen::MatrixXf noisy_test = with_noise(test.samples, ec::Seed{options.seed + 1});  // the same in every epoch
    ec::Autoencoder model{encoder, decoder, ec::Seed{options.seed}};
    static_assert(decltype(model)::parameter_count == 28'353);
    program.print(ec::summary(model) + '\n');

    ec::Trainer trainer{model, ec::BinaryCrossEntropy{}, ec::Adam{.learning_rate = options.learning_rate}, options.trainer()};
    ec::FitOptions<float> fit = options.fit(noisy_test);
    fit.validation_targets = test.samples;
    const ec::History history = trainer.fit(train.samples, fit);

    const ec::Index shown = std::min<ec::Index>(test.size(), 10);
    const Eigen::MatrixXf inputs = noisy_test.leftCols(shown), originals = test.samples.leftCols(shown);
    program.write("denoised.png", {{"noisy", inputs}, {"denoised", model.reconstruct(inputs)}, {"original", originals}},
                  test.shape);
    program.plot("loss.png", {{"", history}}, "binary cross-entropy");
    program.write_metrics(
        program.metrics(history, train.size(), test.size(), decltype(model)::parameter_count, trainer.threads()));
  });
}
