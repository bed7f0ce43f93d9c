// SPDX-License-Identifier: MIT
#pragma once

#include "check_layer.hpp"
#include "golden/totals.hpp"

// BatchNorm and LayerNorm against PyTorch, over the shapes of normalisation.json.
namespace layers {

template <class T>
constexpr double normalised_tolerance = sizeof(T) == 4 ? 2e-5 : 1e-11;

/// gamma and beta as in the file; forward, backward, and backward without dx.
template <class Run, class T>
void check_normalisation(const nlohmann::json& entry, Run& run, const Matrix<T>& x) {
  const double tolerance = normalised_tolerance<T>;
  const Index batch = x.cols(), channels = run.theta.size() / 2;
  golden::fill(1000, 2, -0.5, run.theta.head(channels));
  golden::fill(1001, 2, -0.5, run.theta.tail(channels));
  const Matrix<T> dy = uniform<T>(x.rows(), batch, 2, 4, -1), y = run.forward(x);
  if (!entry.contains("y")) return;
  golden::check_totals(entry["y"], y, tolerance);
  // Over one channel dx is 0: what is left is the rounding of gamma dy, times 1 / √epsilon.
  golden::check_totals(entry["dx"], run.backward(x, y, dy), channels == 1 ? 32 * tolerance : tolerance);
  golden::check_totals(entry["dgamma"], run.dtheta.head(channels), tolerance);
  golden::check_totals(entry["dbeta"], run.dtheta.tail(channels), tolerance);
  CHECK(run.backward_in_place(x, y, dy) == run.backward(x, y, dy));

  const Matrix<T> thrice = run.dtheta;
  run.template backward<false>(x, y, dy);
  CHECK(relative_error<T>(run.dtheta, thrice.template cast<double>() * (4.0 / 3)) < tolerance);
}

/// check.operator()<In>(entry) for every entry of the file, in float for some: one channel, few, and many that do and do not
/// fill packets.
template <class T, class Check>
void for_entries(const nlohmann::json& entries, Check check) {
  std::size_t found = 0;
  const auto on = [&]<ec::Shape In>() {
    for (const nlohmann::json& entry : entries) {
      if (entry["shape"] != nlohmann::json{In.height, In.width, In.channels}) continue;
      CAPTURE(ec::to_string(In), entry["batch"]);
      check.template operator()<In>(entry);
      ++found;
    }
  };
  on.template operator()<ec::features(33)>();
  on.template operator()<ec::image(5, 3)>();
  on.template operator()<ec::image(4, 7, 3)>();
  on.template operator()<ec::image(2, 5, 17)>();
  on.template operator()<ec::image(3, 2, 32)>();
  CHECK(found >= 5);
  if constexpr (std::is_same_v<T, double>) {
    on.template operator()<ec::features(1)>();
    on.template operator()<ec::features(13)>();
    on.template operator()<ec::image(28, 28)>();
    on.template operator()<ec::image(9, 1, 2)>();
    on.template operator()<ec::sequence(8, 5)>();
    on.template operator()<ec::image(3, 3, 16)>();
    CHECK(found == entries.size());
  }
}

}  // namespace layers
