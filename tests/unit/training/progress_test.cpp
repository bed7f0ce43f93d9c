// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include <eigencoder/training/progress.hpp>

namespace ec = eigencoder;

TEST_CASE("progress: durations as a person would say them") {
  const auto said = [](double seconds) { return ec::detail::readable_seconds(seconds); };
  CHECK(said(0.00041) == "0.41ms");
  CHECK(said(0.003) == "3ms");
  CHECK(said(0.0994) == "99ms");
  CHECK(said(0.0996) == "0.1s");
  CHECK(said(9.94) == "9.9s");
  CHECK(said(9.96) == "10s");
  CHECK(said(59.4) == "59s");
  CHECK(said(75) == "1m15s");
  CHECK(said(3660) == "1h01m");
  CHECK(said(0) == "0ms");
}

TEST_CASE("progress: the bar's line is shorter than the terminal, and keeps what matters most") {
  const ec::detail::ProgressDisplay display(ec::Progress::bar, 10, {});
  const ec::BatchReport report{.epoch = 2, .epochs = 10, .samples = 500, .total = 1000, .loss = 0.25, .seconds = 0.5};
  CHECK(display.bar(report, 200) == "epoch  2/10 [============            ] 1000 samples/s  loss 0.25  8.5s left");
  CHECK(display.bar(report, 80) == "epoch  2/10 [============            ] 1000 samples/s  loss 0.25  8.5s left");
  CHECK(display.bar(report, 60) == "epoch  2/10 [====    ] 1000 samples/s  loss 0.25  8.5s left");
  CHECK(display.bar(report, 55) == "epoch  2/10 1000 samples/s  loss 0.25  8.5s left");
  CHECK(display.bar(report, 45) == "epoch  2/10 [====    ]  loss 0.25  8.5s left");
  CHECK(display.bar(report, 25) == "epoch  2/10  loss 0.25");
  CHECK(display.bar(report, 20) == "epoch  2/10 [==   ]");
  CHECK(display.bar(report, 12) == "epoch  2/10");
  for (ec::Index columns = 1; columns < 100; ++columns) CHECK(std::ssize(display.bar(report, columns)) < columns);

  ec::BatchReport of_source = report;  // of a BatchSource that does not say how many there are
  of_source.total = 0;
  CHECK(display.bar(of_source, 80) == ec::message("epoch  2/10 1000 samples/s  loss 0.25  ", report.samples, " samples"));
  of_source.total = report.samples - 1;  // of one that has more
  CHECK(display.bar(of_source, 80).find("[========================]") != std::string::npos);
}

TEST_CASE("progress: an epoch's line is shorter than the terminal, and keeps losses, metrics, rate and terms in this order") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  ec::EpochReport report{.epoch = 2,
                         .train = {.loss = 0.31, .terms = {0.28, 0.3}},
                         .validation = {.loss = 0.5, .terms = {0.45, 0.5}},
                         .validated = true,
                         .metrics = {24.1234567, nan},
                         .seconds = 1.5,
                         .samples_per_second = 8000};
  const ec::detail::ProgressDisplay display(ec::Progress::lines, 10, {"First", "Second"}, {"psnr", "ssim"});
  CHECK(display.line(report, 200) ==
        "epoch  2/10  loss 0.31 (First 0.28, Second 0.3)  validation 0.5 (First 0.45, Second 0.5)  psnr 24.123  ssim nan"
        "  8000 samples/s  1.5s");
  CHECK(display.line(report, std::numeric_limits<ec::Index>::max()) == display.line(report, 200));
  CHECK(display.line(report, 90) == "epoch  2/10  loss 0.31  validation 0.5  psnr 24.123  ssim nan  8000 samples/s  1.5s");
  CHECK(display.line(report, 70) == "epoch  2/10  loss 0.31  validation 0.5  psnr 24.123  ssim nan");
  CHECK(display.line(report, 55) == "epoch  2/10  loss 0.31  validation 0.5  psnr 24.123");
  CHECK(display.line(report, 45) == "epoch  2/10  loss 0.31  validation 0.5");
  CHECK(display.line(report, 25) == "epoch  2/10  loss 0.31");
  for (ec::Index columns = 1; columns < 150; ++columns) CHECK(std::ssize(display.line(report, columns)) < columns);

  report.validated = false;
  report.validation = {};
  report.metrics.clear();
  CHECK(display.line(report, 200) == "epoch  2/10  loss 0.31 (First 0.28, Second 0.3)  8000 samples/s  1.5s");
}
