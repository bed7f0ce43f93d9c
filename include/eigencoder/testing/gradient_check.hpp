// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "eigencoder/engine/execute.hpp"
#include "eigencoder/engine/layer_runner.hpp"

// Checks hand-written derivatives against finite differences, for a user's own layers and losses as for the library's. Free of any
// test framework: each check returns the worst entry, by name.
namespace eigencoder {

/// The entry whose analytic and numeric derivatives differ most. The error is relative to the larger of the two and of the root
/// mean square of its block's gradient, so that entries near zero are judged by the company they keep; what the differences' own rounding explains is not counted.
struct GradientReport {
  double error = 0;
  std::string where = "nothing was checked";  ///< "weight[17]", "input[3, sample 2]"
  double analytic = 0, numeric = 0;
  Index checked = 0;

  std::string text() const {
    return message(where, ": analytic ", analytic, ", numeric ", numeric, ", relative error ", error, " (worst of ", checked, ")");
  }
};

struct GradientCheckOptions {
  Index batch = 7;
  Seed seed{1};                ///< of parameters, inputs and upstream gradients
  double low = -1, high = 1;   ///< range of the random inputs (of a loss: of y)
  double difference = 1e-4;    ///< step of the central differences
  Index entries_per_block = 0; ///< of a large model: check this many of each block; 0: all
  std::vector<Index> lengths{}; ///< of sequences: steps of each sample; none: all
};

namespace detail {

using CheckMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic>;
using CheckVector = Eigen::Matrix<double, Eigen::Dynamic, 1>;

/// What gradients are filled with beforehand: a layer must add to them.
inline constexpr double poison = 0.625;

inline CheckMatrix random_matrix(Index rows, Index cols, double low, double high, const Random& random, Index stream) {
  return CheckMatrix::NullaryExpr(rows, cols, [&](Index i, Index j) { return low + (high - low) * random.uniform(stream, i + rows * j); });
}

/// Each column `times` times, one beside the other.
inline CheckMatrix repeat_columns(const Eigen::Ref<const CheckMatrix>& columns, Index times) {
  CheckMatrix repeated(columns.rows(), columns.cols() * times);
  for (Index j = 0; j < repeated.cols(); ++j) repeated.col(j) = columns.col(j / times);
  return repeated;
}

/// ∂f/∂values[i] numerically, for `count` entries evenly spread (0: all), against the analytic gradient.
template <class F, class Name>
void compare(GradientReport& worst, double* values, const CheckVector& analytic, Index count, double h, F f, Name name) {
  const Index size = analytic.size();
  if (size == 0) return;
  const double typical = std::sqrt(analytic.squaredNorm() / static_cast<double>(size));
  const Index checked = count == 0 ? size : std::min(count, size);
  for (Index k = 0; k < checked; ++k) {
    const Index i = k * size / checked;
    const double kept = values[i];
    values[i] = kept + h;
    const double above = f();
    values[i] = kept - h;
    const double below = f();
    values[i] = kept;
    const double numeric = (above - below) / (2 * h);
    const double rounding = 4 * std::numeric_limits<double>::epsilon() * std::max(std::abs(above), std::abs(below)) / h;
    const double difference = std::max(std::abs(numeric - analytic[i]) - rounding, 0.0);
    const double scale = std::max({std::abs(numeric), std::abs(analytic[i]), typical, std::numeric_limits<double>::min()});
    const bool finite = std::isfinite(analytic[i]) && std::isfinite(numeric);
    const double error = finite ? difference / scale : std::numeric_limits<double>::infinity();
    if (worst.checked++ == 0 || error > worst.error) {
      worst.error = error;
      worst.where = name(i);
      worst.analytic = analytic[i];
      worst.numeric = numeric;
    }
  }
}

}  // namespace detail

/// Checks every parameter and every input of a layer in double, on random values: check_layer_gradient<image(5, 3)>(Dense<4>{}).
/// Gradients start poisoned, so that one that overwrites where it should add is found too.
template <Shape In, Recipe Layer>
GradientReport check_layer_gradient(const Layer& layer, const GradientCheckOptions& options = {}) {
  static_assert(Layer::needs(In).link == no_link, "a layer that borrows from another is checked inside a model, by check_model_gradient");
  using C = LayersAlone<double, In, Layer>;
  using S = typename C::template stage<0>;
  LayerRunner<C> run(std::tuple{layer});
  const Random random = run.random = Random(options.seed, 1, 0);
  run.theta = detail::random_matrix(S::Trainable::size, 1, -0.5, 0.5, random, 3);
  run.state = detail::random_matrix(S::Running::size, 1, 0.5, 1.5, random, 4);
  run.lengths = options.lengths;
  if (S::needs.targets) run.targets = detail::random_matrix(S::out.size(), options.batch, options.low, options.high, random, 5);
  const Index* const lengths = options.lengths.empty() ? nullptr : options.lengths.data();
  detail::CheckMatrix x = detail::random_matrix(S::in.size(), options.batch, options.low, options.high, random, 1);
  detail::CheckMatrix dy = detail::random_matrix(S::out.size(), options.batch, -1, 1, random, 2);
  detail::clear_padding<C, 0>(x.data(), x.cols(), lengths);
  detail::clear_padding<C, 1>(dy.data(), dy.cols(), lengths);
  const detail::CheckMatrix y = run.forward(x);

  run.dtheta.setConstant(detail::poison);
  detail::CheckMatrix dx = run.backward(x, y, dy);
  detail::CheckVector dtheta = run.dtheta;
  // Without the input's gradient the parameters' must be the same, but for how the compiler rounds.
  run.dtheta.setConstant(detail::poison);
  run.template backward<false>(x, y, dy);
  if (!run.dtheta.isApprox(dtheta, 1e-12)) dtheta.setConstant(std::numeric_limits<double>::quiet_NaN());
  dtheta.array() -= detail::poison;

  // A function of x and theta whose derivatives are what backward gives.
  const auto sum = [&] {
    detail::CheckMatrix inputs = x;
    detail::clear_padding<C, 0>(inputs.data(), x.cols(), lengths);
    return run.forward(inputs).cwiseProduct(dy).sum();
  };
  GradientReport worst;
  for (const auto& entry : S::Trainable::entries) {
    detail::compare(worst, run.theta.data() + entry.offset, dtheta.segment(entry.offset, entry.block.size()),
                    options.entries_per_block, options.difference, sum,
                    [&](Index i) { return message(entry.block.name, '[', i, ']'); });
  }
  detail::clear_padding<C, 0>(dx.data(), dx.cols(), lengths);
  detail::compare(worst, x.data(), dx.reshaped(), options.entries_per_block, options.difference, sum,
                  [&](Index i) { return message("input[", i % In.size(), ", sample ", i / In.size(), ']'); });
  return worst;
}

/// The same on odd shapes of every kind that the layer accepts, vectors, images and sequences, and on batches of 1 and 7.
template <Recipe Layer>
GradientReport check_layer_gradient(const Layer& layer, GradientCheckOptions options = {}) {
  GradientReport worst;
  const auto on = [&]<Shape In>() {
    if constexpr (Layer::accepts(In)) {
      for (const Index batch : {1, 7}) {
        options.batch = batch;
        const GradientReport report = check_layer_gradient<In>(layer, options);
        const Index checked = worst.checked + report.checked;
        if (worst.checked == 0 || report.error > worst.error) {
          worst = report;
          worst.where = message("shape ", to_string(In), ", batch ", batch, ", ", report.where);
        }
        worst.checked = checked;
      }
    }
  };
  on.template operator()<features(1)>();
  on.template operator()<features(13)>();
  on.template operator()<image(5, 3)>();
  on.template operator()<image(3, 4, 5)>();
  on.template operator()<image(6, 6, 2)>();
  on.template operator()<sequence(5, 3)>();
  return worst;
}

/// Checks the gradient of a loss in double, on `features` values a sample and random targets in [0, 1].
template <Loss Term>
GradientReport check_loss_gradient(const Term& loss, Index features, const GradientCheckOptions& options = {}) {
  const Random random(options.seed, 1, 0);
  detail::CheckMatrix y = detail::random_matrix(features, options.batch, options.low, options.high, random, 1);
  const detail::CheckMatrix target = detail::random_matrix(features, options.batch, 0, 1, random, 2);
  detail::CheckMatrix dy = detail::CheckMatrix::Constant(features, options.batch, detail::poison), sum = dy;
  constexpr double weight = 1.75;
  const auto run = [&]<bool Gradient, bool Accumulate>(detail::CheckMatrix& gradient) {
    return weight * loss(LossPass<LossStage<Term, double>, Gradient, Accumulate>{
                        .y = {y.data(), features, options.batch},
                        .target = {target.data(), features, options.batch},
                        .dy = {gradient.data(), features, options.batch},
                        .batch = options.batch,
                        .weight = weight});
  };
  run.template operator()<true, false>(dy);
  run.template operator()<true, true>(sum);  // adds to the poison what the other has written over it
  if (((sum.array() - detail::poison - dy.array()).abs() > 1e-14).any()) dy.setConstant(std::numeric_limits<double>::quiet_NaN());
  GradientReport worst;
  detail::compare(worst, y.data(), dy.reshaped(), options.entries_per_block, options.difference,
                  [&] { return run.template operator()<false, false>(sum); },
                  [&](Index i) { return message("y[", i % features, ", sample ", i / features, ']'); });
  return worst;
}

/// Checks every parameter of a whole model (in double) under an objective, on given samples: noise repeated, batch sums and links
/// included. Parameters of Frozen layers have no gradient and are left out. The model comes back as it was.
template <class ModelType, ObjectivePart Part>
GradientReport check_model_gradient(ModelType& model, const Part& part, const Eigen::Ref<const detail::CheckMatrix>& inputs,
                                    const Eigen::Ref<const detail::CheckMatrix>& targets, const GradientCheckOptions& options = {}) {
  using C = typename ModelType::Chain;
  static_assert(std::is_same_v<typename C::Scalar, double>, "gradients are checked in double");
  const auto objective = as_objective(part);
  using P = Program<C, std::decay_t<decltype(objective)>>;

  // Every sample is repeated as often as its code is drawn.
  detail::CheckMatrix x = detail::repeat_columns(inputs, P::draws);
  const detail::CheckMatrix target = detail::repeat_columns(targets, P::draws);
  std::vector<Index> lengths;
  for (const Index length : options.lengths) lengths.insert(lengths.end(), static_cast<std::size_t>(P::draws), length);
  detail::clear_padding<C, 0>(x.data(), x.cols(), lengths.empty() ? nullptr : lengths.data());
  LaneMemory<double> lane = Lane<P>::memory(x.cols());
  Arena<double> shared(static_cast<std::size_t>(P::shared_at[P::terms] * x.cols()));
  detail::CheckVector gradient = detail::CheckVector::Constant(C::parameter_count, detail::poison);
  Arena<double> packed(static_cast<std::size_t>(C::packed_at[C::size]));
  std::vector<double> shares(static_cast<std::size_t>(P::totals)), totals = shares, values(P::terms);

  const auto loss = [&] {
    const auto* const theta = model.parameters().data();
    prepare<C>(model.layers(), theta, packed.data());
    std::fill(shares.begin(), shares.end(), 0.0);
    std::fill(values.begin(), values.end(), 0.0);
    const Shard<P> shard(model.layers(), objective,
                        {.memory = lane,
                         .parameters = {theta, model.state().data(), packed.data()},
                         .gradient = gradient.data(),
                         .x = x.data(),
                         .target = target.data(),
                         .lengths = lengths.empty() ? nullptr : lengths.data(),
                         .first = 0,
                         .columns = x.cols(),
                         .batch = x.cols(),
                         .share = shares,
                         .totals = totals,
                         .values = values,
                         .shared = shared.data(),
                         .seed = options.seed,
                         .step = 1});
    for (int phase = 0; phase < P::training.phases; ++phase) {
      Execute<P, Mode::train>::phase(phase, shard);
      P::total(true, phase, shares, 1, totals);
    }
    double sum = 0;
    std::size_t k = 0;
    std::apply([&](const auto&... terms) { ((sum += terms.weight_in(1) * values[k++]), ...); }, objective.terms);
    return sum;
  };

  loss();
  const detail::CheckVector analytic = gradient.array() - detail::poison;
  GradientReport worst;
  const double* const first = model.parameters().data();
  model.for_each_block([&](const std::string& name, const Block& block, auto view) {
    if (!block.trainable) return;
    const Index offset = view.data() - first;
    const auto layer = std::upper_bound(C::theta_at.begin(), C::theta_at.end(), offset) - C::theta_at.begin() - 1;
    if (C::frozen[static_cast<std::size_t>(layer)]) return;
    detail::compare(worst, view.data(), analytic.segment(offset, view.size()), options.entries_per_block,
                    options.difference, loss, [&](Index i) { return message(name, '[', i, ']'); });
  });
  return worst;
}

}  // namespace eigencoder
