// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "eigencoder/training/history.hpp"

namespace eigencoder {

/// What a fit is about to do.
struct FitPlan {
  Index epochs = 0;  ///< that it will train, at most
  Index steps_per_epoch = 0;  ///< 0: a BatchSource that does not say
  std::uint64_t first_update = 0;    ///< how many updates there were before it
  std::vector<std::string> terms{};  ///< names of the objective's terms
  std::vector<std::string> metrics{};  ///< names of FitOptions::metrics
  bool validates = false;

  std::uint64_t steps() const { return static_cast<std::uint64_t>(epochs) * static_cast<std::uint64_t>(steps_per_epoch); }
};

/// The state of a fit after a batch.
struct BatchReport {
  Index epoch = 0, epochs = 0;   ///< 1, 2, 3, … of how many
  Index samples = 0, total = 0;  ///< seen in this epoch, and in an epoch; total 0: a BatchSource that does not say
  double loss = 0;               ///< mean over the epoch so far
  double seconds = 0;            ///< since the epoch began
  double gradient_norm = 0;      ///< ‖gradient‖₂ of this batch, before clipping
  double batch_loss = 0;         ///< of this batch, before its step
};

/// A trainer without its types: what callbacks, which are not templates, know of it.
class AnyTrainer {
 public:
  virtual ~AnyTrainer() = default;

  virtual double learning_rate() const = 0;
  /// From the next step on. Throws OptionError.
  virtual void set_learning_rate(double rate) = 0;
  /// Of the parameters, so far.
  virtual std::uint64_t updates() const = 0;
  /// Epochs that have been trained to their end, by all fits so far.
  virtual std::uint64_t epochs() const = 0;

  /// The best moment of the fit that runs, or of the last one (Best): its loss, and after which epoch of it that was.
  virtual double best_loss() const = 0;
  virtual Index best_epoch() const = 0;
  /// Goes back there with model and optimizer.
  virtual void restore_best() = 0;

  /// Writes a checkpoint: all that training has changed. Throws FileError.
  virtual void save(const std::filesystem::path& path) const = 0;

  /// Ends the fit that runs, after the step that it is at; History::stopped then tells the reason.
  void stop(std::string reason) { stop_ = reason.empty() ? "no reason was given" : std::move(reason); }

 protected:
  std::string stop_{};  ///< empty while the fit goes on
};

/// Whether a fit goes on: what a callback returns.
enum class Training { go_on, stop };

/// Functions that a fit calls on its own thread, between steps, in the order of FitOptions::callbacks. Any may be empty. All
/// that comes ready-made, such as EarlyStopping, converts to one. after_fit also comes where the fit has been stopped, and not
/// where it throws.
struct Callback {
  std::function<void(AnyTrainer&, const FitPlan&)> before_fit{};
  std::function<void(const BatchReport&)> after_batch{};
  std::function<Training(const EpochReport&)> after_epoch{};
  std::function<void(const History&)> after_fit{};
  /// Where ranks train together, only the first calls them: they print, or write files. What changes the training is of all ranks.
  bool first_rank_alone = false;
};

/// Keras's name for a callback made of functions.
using LambdaCallback = Callback;

}  // namespace eigencoder
