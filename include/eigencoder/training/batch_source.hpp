// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <span>
#include <type_traits>
#include <utility>

#include "eigencoder/core/stage.hpp"

namespace eigencoder {

/// A function that fills the next batch of a BatchSource: columns 0, 1, … of `inputs`, and of `targets` and `weights` if it
/// takes them. It returns how many columns it has filled; fewer than there are, also 0, end the epoch.
///   [](ec::MatrixView<float> inputs) -> ec::Index { … }                                    restores the inputs
///   [](ec::MatrixView<float> inputs, ec::MatrixView<float> targets) -> ec::Index { … }
///   [](ec::MatrixView<float> inputs, ec::MatrixView<float> targets, std::span<float> weights) -> ec::Index { … }
template <class T>
class FillBatch {
 public:
  using Matrix = MatrixView<T>;

  FillBatch() = default;
  template <class F>
  requires(!std::same_as<std::remove_cvref_t<F>, FillBatch>)
      FillBatch(F&& function)  // NOLINT(bugprone-forwarding-reference-overload): as std::function has it
      : targets_(!fills<F, Matrix>), weights_(fills<F, Matrix, Matrix, std::span<T>>) {
    constexpr bool inputs = fills<F, Matrix>, targets = fills<F, Matrix, Matrix>,
                   weights = fills<F, Matrix, Matrix, std::span<T>>;
    static_assert(
        inputs || targets || weights,
        "a BatchSource is filled by a function of (MatrixView<T> inputs), (inputs, MatrixView<T> targets) or (inputs, "
        "targets, std::span<T> weights), T as the model's scalar, that returns how many columns it has filled");
    constexpr bool copies = std::copy_constructible<std::decay_t<F>>;
    static_assert(copies, "the function that fills a BatchSource must be one that can be copied: let it capture what cannot, such "
                          "as a std::unique_ptr, by reference or by std::shared_ptr");
    if constexpr (!copies) {
    } else if constexpr (inputs) {
      function_ = [f = std::forward<F>(function)](Matrix x, Matrix, std::span<T>) mutable { return Index(f(x)); };
    } else if constexpr (targets) {
      function_ = [f = std::forward<F>(function)](Matrix x, Matrix y, std::span<T>) mutable { return Index(f(x, y)); };
    } else if constexpr (weights) {
      function_ = std::forward<F>(function);
    }
  }

  explicit operator bool() const { return static_cast<bool>(function_); }
  bool targets() const { return targets_; }  ///< it fills targets; otherwise they are the inputs
  bool weights() const { return weights_; }  ///< it fills weights of the samples; otherwise all are 1
  /// What is not filled may be empty.
  Index operator()(Matrix inputs, Matrix targets, std::span<T> weights) const { return function_(inputs, targets, weights); }

 private:
  template <class F, class... Arguments>
  static constexpr bool fills = std::is_invocable_r_v<Index, std::decay_t<F>&, Arguments...>;

  std::function<Index(Matrix, Matrix, std::span<T>)> function_;
  bool targets_ = false, weights_ = false;
};

/// Batches of your own making, for Trainer::fit in place of samples: from a database, a decoder of images, a generator.
///   ec::BatchSource<float> source{.fill = [&](ec::MatrixView<float> inputs) { return stream.read(inputs); },
///                                 .begin_epoch = [&](std::uint64_t) { stream.rewind(); }};
///   trainer.fit(source, {.epochs = 10, .batch_size = 256, .validation = held_out});
/// The batches are trained on as they come: what FitOptions says of order and of the whole set is not for them. With
/// FitOptions::check_data every batch is looked at for NaN, infinity and values outside the loss's range. An exception of these
/// functions ends the fit and comes out of it; the model is then what it was after the last step.
template <class T>
struct BatchSource {
  FillBatch<T> fill{};
  /// Called before the first batch of an epoch, with 0, 1, 2, …, which go on from fit to fit of one trainer and after a
  /// checkpoint: what a shuffle may depend on. None: an epoch goes on where the last one ended.
  std::function<void(std::uint64_t number)> begin_epoch{};
  /// Batches an epoch at most. 0: an epoch ends when `fill` ends it, and progress does not say how much is left.
  Index steps_per_epoch = 0;
  /// Call the functions on a thread that makes the next batch while one is trained on. They then must not share anything
  /// unguarded with callbacks and metrics. false: on the thread that called fit, between two steps.
  bool ahead = false;
};

}  // namespace eigencoder
