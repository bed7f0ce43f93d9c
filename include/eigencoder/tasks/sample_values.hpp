// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/tasks/sample_errors.hpp"

namespace eigencoder {

namespace detail {

/// An objective that nothing is trained by, so that layers ask nothing of it.
template <class O>
struct Evaluated : O {
  static constexpr bool trains = false;
};

}  // namespace detail

/// The value of an objective at single samples that a model restores: what Trainer::evaluate finds for a set of that sample
/// alone, but that a loss by itself, such as MeanSquaredError, is that of the prediction, which draws nothing.
/// An objective that looks at latent codes draws them. The draws are the same for every sample: a sample has one value,
/// wherever it stands, and differences between samples are not of their draws.
///   ec::SampleValues values{model, ec::ImportanceWeighted<16, ec::Bernoulli>{}};
///   auto workspace = values.workspace();
///   const double nats = values.value(x, workspace);     // of one sample, input × 1, without touching the heap
///   const Eigen::VectorXd all = values.values(samples); // in parallel
/// Terms must be of a sample by itself, which a term with totals over the batch is not. The model must outlive this. Const
/// members are safe from many threads at once, each with its workspace.
template <class ModelType, ObjectivePart Part>
class SampleValues {
  using C = typename ModelType::Chain;
  using O = detail::Evaluated<decltype(as_objective(std::declval<Part>()))>;
  using P = Program<C, O>;
  static_assert(
      P::evaluation.phases == 1,
      "SampleValues needs terms that are of a sample by itself: this objective has one with totals over the batch, such "
      "as CalibratedGaussian or MaximumMeanDiscrepancy");
  static_assert(C::input.size() == C::output.size() && P::target == C::output,
                "SampleValues needs a model that restores its input, and terms whose targets are values");
  using First = typename O::template term<0>;
  /// One loss that is a sum over values: then there is nothing to draw, and batches are products of matrices.
  static constexpr bool sums_values = O::size == 1 && Loss<First> && needs_of<First>.element_weights;
  static constexpr Mode mode = sums_values ? Mode::predict : Mode::evaluate;

 public:
  using T = typename ModelType::Scalar;

  /// Memory for one sample at a time and for one thread.
  class Workspace {
   public:
    Workspace()
        : lane_(Lane<P>::memory(P::draws)),
          inputs_(static_cast<std::size_t>(C::input.size() * P::draws)),
          packed_(static_cast<std::size_t>(C::packed_at[C::size])),
          totals_(static_cast<std::size_t>(P::totals)),
          terms_(P::terms) {}

   private:
    friend SampleValues;
    LaneMemory<T> lane_;
    Arena<T> inputs_, packed_;
    std::vector<double> totals_, terms_;
    std::uint64_t prepared_ = 0;  ///< the version of the parameters that packed_ was derived from
  };

  /// Throws OptionError where a term's options are out of range.
  SampleValues(const ModelType& model, Part objective) : model_(&model), objective_{as_objective(objective)} {
    for_each_term([](const auto& weighted) {
      if constexpr (needs_of<typename std::decay_t<decltype(weighted)>::Term>.check) weighted.term.check();
    });
  }

  Workspace workspace() const { return {}; }

  /// Of one sample, input × 1. Throws ShapeError, and OptionError where a value is none that the loss is meant for.
  double value(const SamplesInPlace<T>& x, Workspace& workspace) const {
    if (x.rows() != C::input.size() || x.cols() != 1) {
      throw ShapeError(message("expected one sample of ", C::input.size(), " rows (shape ", to_string(C::input),
                               "), found a matrix of ", x.rows(), " × ", x.cols()));
    }
    const Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>> column(x.column(0), x.rows(), 1);
    check(Samples<T>(column));
    return run(column.data(), workspace);
  }

  /// Of N samples, input × N → N. Throws as value() does, and ShapeError if there are none.
  Eigen::VectorXd values(const Samples<T>& x) const {
    check_samples("inputs", x, C::input);
    check(x);
    if constexpr (sums_values) {
      const auto& [weight, term] = std::get<0>(objective_.terms);
      return weight * sample_errors(*model_, x, term).samples;
    } else {
      Eigen::VectorXd found(x.cols());
      const double operations = 2.0 * static_cast<double>(C::multiplications * P::draws) * static_cast<double>(x.cols());
      const std::size_t threads = useful_threads(operations, static_cast<std::size_t>(x.cols()));
      in_parallel(threads, [&](std::size_t thread) {
        constexpr Index size = C::input.size(), piece = std::max<Index>(32768 / size, 1);  // columns that are read at once
        Workspace workspace;
        Arena<T> memory(x.in_place() ? 0 : static_cast<std::size_t>(size * std::min(piece, x.cols())));
        const auto border = [&](std::size_t t) { return x.cols() * static_cast<Index>(t) / static_cast<Index>(threads); };
        for (Index j = border(thread), count = 0; j < border(thread + 1); j += count) {
          count = std::min(piece, border(thread + 1) - j);
          const T* const columns = x.columns_without_gaps(j, count, memory.data());
          for (Index k = 0; k < count; ++k) found[j + k] = run(columns + k * size, workspace);
        }
      });
      return found;
    }
  }

 private:
  template <class F>
  void for_each_term(F f) const {
    std::apply([&](const auto&... weighted) { (f(weighted), ...); }, objective_.terms);
  }

  static void check(const Samples<T>& x) {
    constexpr TargetRange targets = detail::target_range(std::type_identity<typename AsBase<O>::type>{}, C::output.channels);
    constexpr TargetRange inputs = detail::input_range<C>();
    if constexpr (inputs.term != nullptr) check_values("inputs", x, inputs);
    if constexpr (targets.term != nullptr) check_values("inputs", x, targets);
  }
  template <class>
  struct AsBase;
  template <class Base>
  struct AsBase<detail::Evaluated<Base>> {
    using type = Base;
  };

  double run(const T* x, Workspace& workspace) const {
    const T* const theta = model_->parameters().data();
    if (workspace.prepared_ != model_->version()) {
      prepare<C>(model_->layers(), theta, workspace.packed_.data());
      workspace.prepared_ = model_->version();
    }
    if constexpr (P::draws > 1) {
      for (Index k = 0; k < P::draws; ++k) std::copy_n(x, C::input.size(), workspace.inputs_.data() + k * C::input.size());
      x = workspace.inputs_.data();
    }
    constexpr std::uint64_t first_evaluation = 0x80000000;  // the draws of a Trainer's evaluation of a first batch
    std::fill(workspace.terms_.begin(), workspace.terms_.end(), 0.0);
    Execute<P, mode>::phase(0, Shard<P>(model_->layers(), objective_,
                                        {.memory = workspace.lane_,
                                         .parameters = {theta, model_->state().data(), workspace.packed_.data()},
                                         .x = x,
                                         .target = x,
                                         .columns = P::draws,
                                         .batch = P::draws,
                                         .share = workspace.totals_,
                                         .totals = workspace.totals_,
                                         .values = workspace.terms_,
                                         .seed = {},
                                         .step = first_evaluation}));
    double value = 0;
    auto term = workspace.terms_.begin();
    for_each_term([&](const auto& weighted) { value += weighted.weight * *term++; });
    return value;
  }

  const ModelType* model_;
  O objective_;
};

}  // namespace eigencoder
