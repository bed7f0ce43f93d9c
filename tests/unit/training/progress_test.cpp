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
}
