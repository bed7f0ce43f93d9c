// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/core/random.hpp"
#include "eigencoder/files/atomic_file.hpp"
#include "eigencoder/training/find_learning_rate.hpp"

namespace eigencoder {

namespace detail {

struct SvgPlot {
  static constexpr double width = 640, height = 400, left = 70, right = 20, top = 20, bottom = 50;
  double x_low, x_high, y_low, y_high;  ///< of log₁₀ of the rates, and of losses
  std::string body{};

  /// To some significant digits, whatever the locale is.
  static std::string number(double value, int precision = 6) {
    char digits[32];
    return {digits, std::to_chars(digits, digits + sizeof digits, value, std::chars_format::general, precision).ptr};
  }
  double x(double rate) const { return left + (std::log10(rate) - x_low) / (x_high - x_low) * (width - left - right); }
  double y(double loss) const { return height - bottom - (loss - y_low) / (y_high - y_low) * (height - top - bottom); }

  void text(double at_x, double at_y, const std::string& anchor, const std::string& words) {
    body += "<text x=\"" + number(at_x) + "\" y=\"" + number(at_y) + "\" text-anchor=\"" + anchor + "\">" + words + "</text>\n";
  }
  void line(double x1, double y1, double x2, double y2, const std::string& style) {
    body += "<line x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) + "\" y2=\"" + number(y2) + "\" " +
            style + "/>\n";
  }
  void curve(const std::vector<double>& rates, const std::vector<double>& losses, const std::string& style) {
    body += "<polyline fill=\"none\" clip-path=\"url(#plot)\" " + style + " points=\"";
    for (std::size_t i = 0; i < rates.size(); ++i) {
      if (!std::isfinite(losses[i])) continue;
      const double above = y_high + (y_high - y_low);  // far outside is outside
      body += number(x(rates[i])) + ',' + number(y(std::min(losses[i], above))) + ' ';
    }
    body += "\"/>\n";
  }
  std::string document() const {
    const std::string box = "x=\"" + number(left) + "\" y=\"" + number(top) + "\" width=\"" + number(width - left - right) +
                            "\" height=\"" + number(height - top - bottom) + "\"";
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + number(width) + ' ' + number(height) +
           "\" font-family=\"sans-serif\" font-size=\"13\" fill=\"#383c42\">\n<rect width=\"100%\" height=\"100%\" "
           "fill=\"#fff\"/>\n"
           "<clipPath id=\"plot\"><rect " +
           box + "/></clipPath>\n<rect " + box + " fill=\"none\" stroke=\"#383c42\"/>\n" + body + "</svg>\n";
  }
};

/// Takes the samples in a random order, batch by batch, in another one each time all have been.
class RandomBatches {
 public:
  RandomBatches(Seed seed, Index samples, Index batch_size)
      : seed_(seed), order_(static_cast<std::size_t>(samples)), size_(std::min(batch_size, samples)), at_(samples) {
    std::iota(order_.begin(), order_.end(), Index{0});
  }
  Index size() const { return size_; }
  /// The numbers of the samples of the next batch.
  const Index* next() {
    const auto samples = static_cast<Index>(order_.size());
    if (at_ + size_ > samples) {
      const Random random(seed_, pass_++, stream(RandomStream::shuffles));
      for (Index i = samples - 1; i > 0; --i) {
        const auto other = random.below(i + 1, 0, i);
        std::swap(order_[static_cast<std::size_t>(i)], order_[static_cast<std::size_t>(other)]);
      }
      at_ = 0;
    }
    const Index* const batch = order_.data() + at_;
    at_ += size_;
    return batch;
  }

 private:
  Seed seed_;
  std::vector<Index> order_;
  Index size_, at_;
  std::uint64_t pass_ = 0;
};

/// Puts a trainer back to what it was.
template <class T>
struct PutBack {
  TrainerOf<T>& trainer;
  Snapshot<T> before = trainer.snapshot();
  double rate = trainer.learning_rate();

  explicit PutBack(TrainerOf<T>& any) : trainer(any) {}
  PutBack(const PutBack&) = delete;
  PutBack& operator=(const PutBack&) = delete;
  ~PutBack() {
    trainer.restore(before);
    trainer.set_learning_rate(rate);
  }
};

EIGENCODER_INLINE void check(const FindLearningRateOptions& options) {
  const auto require = [](bool fine, const char* option, const char* expected, double found) {
    if (!fine) throw OptionError(message("find_learning_rate: ", option, " must be ", expected, ", found ", found));
  };
  require(options.lowest > 0 && std::isfinite(options.lowest), "lowest", "finite and positive", options.lowest);
  require(options.highest > options.lowest && std::isfinite(options.highest), "highest", "finite and above lowest",
          options.highest);
  require(options.steps >= 10, "steps", "at least 10", static_cast<double>(options.steps));
  require(options.batch_size >= 1, "batch_size", "at least 1", static_cast<double>(options.batch_size));
  require(options.smoothing >= 0 && options.smoothing < 1, "smoothing", "in [0, 1)", options.smoothing);
  require(options.divergence > 1, "divergence", "above 1", options.divergence);
}

}  // namespace detail

EIGENCODER_INLINE void LearningRateCurve::write_svg(const std::filesystem::path& path) const {
  if (rates.size() < 2) throw OptionError(message("write_svg: expected a curve of at least 2 rates, found ", rates.size()));
  const auto turn = std::min_element(smoothed.begin(), smoothed.end());
  const double lowest = std::min(*turn, *std::min_element(losses.begin(), losses.end()));
  const double highest = *std::max_element(smoothed.begin(), turn + 1);  // before it diverges
  const double span = std::max(highest - lowest, 1e-3 * std::abs(highest) + 1e-12);
  detail::SvgPlot plot{std::log10(rates.front()), std::log10(rates.back()), lowest - 0.1 * span, highest + 0.3 * span};
  const double floor = plot.height - plot.bottom;
  for (double decade = std::ceil(plot.x_low - 1e-9); decade <= plot.x_high + 1e-9; ++decade) {
    const double x = plot.x(std::pow(10, decade));
    plot.line(x, floor, x, floor + 5, "stroke=\"#383c42\"");
    plot.text(x, floor + 20, "middle", "1e" + detail::SvgPlot::number(decade));
  }
  const double power = std::pow(10, std::floor(std::log10(span / 3))), rough = span / 3 / power;
  const double step = power * (rough < 2 ? 1 : rough < 5 ? 2 : 5);
  for (double k = std::ceil(plot.y_low / step); k * step <= plot.y_high; ++k) {
    const double y = plot.y(k * step);
    plot.line(plot.left - 5, y, plot.left, y, "stroke=\"#383c42\"");
    plot.text(plot.left - 8, y + 4, "end", detail::SvgPlot::number(k * step));
  }
  plot.text((plot.left + plot.width - plot.right) / 2, plot.height - 10, "middle", "learning rate");
  plot.text(plot.left + 8, floor - 10, "start", "loss of the batch, and smoothed");
  plot.curve(rates, losses, "stroke=\"#b8c4d6\"");
  plot.curve(rates, smoothed, "stroke=\"#1f77b4\" stroke-width=\"2\"");
  if (std::isfinite(suggestion) && suggestion >= rates.front()) {
    const double x = plot.x(suggestion);
    plot.line(x, plot.top, x, floor, "stroke=\"#d62728\" stroke-dasharray=\"5 4\"");
    plot.text(x + 6, plot.top + 16, "start", detail::SvgPlot::number(suggestion, 3));
  }
  write_file(path, plot.document());
}

template <class T>
LearningRateCurve find_learning_rate(TrainerOf<T>& trainer, const Samples<std::type_identity_t<T>>& inputs,
                                     const Samples<std::type_identity_t<T>>& targets, const FindLearningRateOptions& options) {
  detail::check(options);
  if (inputs.cols() < 1 || targets.cols() != inputs.cols()) {
    throw ShapeError(
        message("find_learning_rate: expected samples with as many targets, found ", inputs.cols(), " and ", targets.cols()));
  }
  const detail::PutBack<T> put_back(trainer);
  for (const double rate : {options.highest, options.lowest}) trainer.set_learning_rate(rate);

  LearningRateCurve curve;
  detail::RandomBatches batches(trainer.seed(), inputs.cols(), trainer.share(options.batch_size));
  const auto scalars = [&](Index rows) { return Arena<T>(static_cast<std::size_t>(rows * batches.size())); };
  const bool restored = targets == inputs;
  Arena<T> x = scalars(inputs.rows()), y = scalars(restored ? 0 : targets.rows());
  const auto view = [&](const Arena<T>& values, Index rows) { return MatrixView<const T>(values.data(), rows, batches.size()); };
  double sum = 0, weight = 0;
  std::size_t best = 0;
  for (Index i = 0; i < options.steps; ++i) {
    const double part = static_cast<double>(i) / static_cast<double>(options.steps - 1);
    const double rate = options.lowest * std::pow(options.highest / options.lowest, part);
    const Index* const order = batches.next();
    for (Index j = 0; j < batches.size(); ++j) {
      inputs.copy_column(order[j], x.data() + j * inputs.rows());
      if (!restored) targets.copy_column(order[j], y.data() + j * targets.rows());
    }
    trainer.set_learning_rate(rate);
    double loss = 0;
    try {
      loss = trainer.train_on_batch(view(x, inputs.rows()), restored ? view(x, inputs.rows()) : view(y, targets.rows()));
    } catch (const NonFiniteError&) {
      if (i == 0) throw;
      break;  // it has diverged
    }
    sum = options.smoothing * sum + loss;
    weight = options.smoothing * weight + 1;
    curve.rates.push_back(rate);
    curve.losses.push_back(loss);
    curve.smoothed.push_back(sum / weight);
    if (curve.smoothed.back() < curve.smoothed[best]) best = curve.smoothed.size() - 1;
    const double least = curve.smoothed[best];
    if (curve.smoothed.back() > least + (options.divergence - 1) * std::abs(least)) break;
  }
  if (best > 0) curve.suggestion = curve.rates[best] / 10;
  return curve;
}

}  // namespace eigencoder
