// SPDX-License-Identifier: MIT
// report SCRATCH_FOLDER: trains a small network and writes reports for report.py to open in a browser.
#include <cmath>
#include <cstdio>
#include <limits>

#include <eigencoder/eigencoder.hpp>
#include <eigencoder/training/report.hpp>

namespace ec = eigencoder;

namespace {

ec::EpochReport epoch(ec::Index number, double train, double validation) {
  ec::EpochReport report;
  report.epoch = number;
  report.train = {train, {0.8 * train, 0.2 * train}};
  report.validation = {validation, {0.8 * validation, 0.2 * validation}};
  report.validated = true;
  report.gradient_norm = 0.5 + 1.0 / static_cast<double>(number);
  report.seconds = 1.5;
  report.samples_per_second = 20000 + 500 * std::sin(static_cast<double>(number));
  return report;
}

ec::History decaying(ec::Index epochs, double rate) {
  ec::History history{.terms = {"BinaryCrossEntropy", "GaussianKL"}};
  for (ec::Index i = 1; i <= epochs; ++i) {
    const double t = static_cast<double>(i) / static_cast<double>(epochs), wave = 0.01 * std::sin(37.0 * t);
    history.epochs.push_back(epoch(i, 0.3 + std::exp(-rate * t), 0.33 + std::exp(-rate * t) + 0.1 * t * t + wave));
  }
  return history;
}

/// A network that is trained here, with pictures.
void trained(const std::filesystem::path& folder) {
  using Encoder = ec::Encoder<ec::image(8, 8), ec::Dense<12>, ec::ReLU>;
  using Model = ec::Autoencoder<Encoder, ec::Decoder<Encoder::output, ec::Dense<64>, ec::Sigmoid>>;
  Eigen::MatrixXf x(64, 600);
  for (ec::Index j = 0; j < x.cols(); ++j)
    for (ec::Index i = 0; i < 64; ++i)
      x(i, j) = static_cast<float>(0.5 + 0.5 * std::sin(0.4 * static_cast<double>(i % 8) + 0.5 * static_cast<double>(i / 8) +
                                                        0.3 * static_cast<double>(j)));
  Model model{ec::Seed{1}};
  ec::Trainer trainer{model, ec::BinaryCrossEntropy{}, ec::Adam{}, {.threads = 1}};
  const ec::History history =
      trainer.fit(x, {.epochs = 40, .batch_size = 32, .validation_fraction = 0.2, .progress = ec::Progress::quiet});
  const Eigen::MatrixXf shown = x.leftCols(8);
  ec::write_report(
      folder / "trained.html",
      {.title = "Waves of 8 × 8 pixels",
       .history = {history},
       .summary = ec::summary(model),
       .parameters = Model::parameter_count,
       .options =
           {{"optimizer", "Adam"}, {"learning rate", 1e-3}, {"batch size", 32}, {"epochs", 40}, {"seed", 1}, {"shuffle", true}},
       .metrics = {{"validation loss", history.last().validation.loss}, {"samples", x.cols()}},
       .pictures =
           {
#ifdef EIGENCODER_HAS_PNG
               {"Originals above reconstructions",
                ec::image_grid({{"original", shown}, {"reconstruction", model.reconstruct(shown)}}, ec::image(8, 8))}
#endif
           },
       .notes = {"Trained by the tests of the library, on one thread."}});
}

}  // namespace

int main(int, char** argv) {
  const std::filesystem::path folder = argv[1];
  trained(folder);

  ec::History stopped = decaying(60, 6);
  stopped.stopped = "EarlyStopping: no validation loss below 0.41 for 10 epochs";
  stopped.warnings = {"GaussianKL: 14 of 16 dimensions carry less than 0.01 nats: the posterior has collapsed"};
  ec::write_report(folder / "runs.html",
                   {.title = "Two runs, compared",
                    .history = {{"β = 1", decaying(80, 4)}, {"β = 4", stopped}},
                    .options = {{"<b>bold</b>", "\"quoted\" & 'single'"}, {"</script><script>alert(1)</script>", "\xff\xfe"}},
                    .notes = {"<script>document.title = 'broken'</script>"}});

  ec::History odd = decaying(30, 3);
  odd.epochs[9].train.loss = std::numeric_limits<double>::quiet_NaN();
  odd.epochs[10].validation.loss = std::numeric_limits<double>::infinity();
  odd.epochs[10].train.loss = -1;
  ec::write_report(folder / "odd.html", {.title = "Losses that are not finite", .history = {odd}});
  ec::write_report(folder / "one.html", {.title = "One epoch", .history = {decaying(1, 1)}});
  ec::write_report(folder / "none.html", {.title = "No epoch", .history = {ec::History{}}});
  ec::write_report(folder / "many.html", {.title = "10,000 epochs", .history = {decaying(10000, 8)}});
  std::puts("6 reports");
}
