// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/files/html.hpp"
#include "eigencoder/training/report_curves.hpp"

namespace eigencoder {

namespace detail {

EIGENCODER_INLINE std::string short_number(double value, int digits) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "∞" : "−∞";
  char digit[32];
  const std::string shortest(&digit[0], std::to_chars(digit, digit + sizeof digit, value).ptr);
  const std::string rounded(&digit[0],
                            std::to_chars(digit, digit + sizeof digit, value, std::chars_format::general, digits).ptr);
  return shortest.size() <= std::max<std::size_t>(rounded.size(), 7) ? shortest : rounded;
}

/// A line of a figure: a value for each epoch of its figure, or none.
struct Curve {
  std::string name;
  std::size_t run = 0;
  bool validation = false;
  std::vector<std::optional<double>> values{};
};

/// The curves of one quantity.
struct Figure {
  std::string title;
  std::vector<Curve> curves{};
  bool marks_best = false;  ///< the best epoch of each run is marked
};

/// What the figures of a report show, over the epochs that all have in common.
struct Figures {
  std::vector<Index> epochs{};
  std::vector<Figure> figures{};
};

/// Numbers of a history's epochs: those that it gives if they rise, as those of a fit do, else 1, 2, 3, …
inline std::vector<Index> epoch_numbers(const History& history) {
  std::vector<Index> numbers;
  for (const EpochReport& epoch : history.epochs) numbers.push_back(epoch.epoch);
  if (std::adjacent_find(numbers.begin(), numbers.end(), std::greater_equal<>()) != numbers.end()) {
    std::iota(numbers.begin(), numbers.end(), Index{1});
  }
  return numbers;
}

/// The loss that an epoch is judged by.
inline double judged(const EpochReport& epoch) { return epoch.validated ? epoch.validation.loss : epoch.train.loss; }

/// Position of the epoch with the least finite loss, or of none: as many as there are.
inline std::size_t best_position(const History& history) {
  std::size_t best = history.epochs.size();
  for (std::size_t i = 0; i < history.epochs.size(); ++i) {
    const double loss = judged(history.epochs[i]);
    if (std::isfinite(loss) && (best == history.epochs.size() || loss < judged(history.epochs[best]))) best = i;
  }
  return best;
}

/// Puts the curves of all runs together.
class FigureMaker {
 public:
  explicit FigureMaker(const std::vector<ReportRun>& runs) : runs_(runs) {
    for (const ReportRun& run : runs) {
      numbers_.push_back(epoch_numbers(run.history));
      made_.epochs.insert(made_.epochs.end(), numbers_.back().begin(), numbers_.back().end());
    }
    std::sort(made_.epochs.begin(), made_.epochs.end());
    made_.epochs.erase(std::unique(made_.epochs.begin(), made_.epochs.end()), made_.epochs.end());
  }

  /// A figure of value(run's history, epoch), a std::optional<double>, of training and, where `both`, of validation.
  template <class Value>
  void add(const std::string& title, bool both, Value value) {
    Figure figure{title, {}, false};
    for (std::size_t run = 0; run < runs_.size(); ++run) {
      for (const bool validation : {false, true}) {
        if (validation && !both) continue;
        Curve curve{both ? validation ? "validation" : "training" : "", run, validation, {}};
        if (!runs_[run].name.empty()) curve.name = runs_[run].name + (both ? ", " + curve.name : "");
        curve.values.resize(made_.epochs.size());
        bool any = false;
        for (std::size_t i = 0; i < numbers_[run].size(); ++i) {
          const std::optional<double> found = value(runs_[run].history, runs_[run].history.epochs[i], validation);
          const auto at = std::lower_bound(made_.epochs.begin(), made_.epochs.end(), numbers_[run][i]) - made_.epochs.begin();
          curve.values[static_cast<std::size_t>(at)] = found;
          any |= found.has_value();
        }
        if (any) figure.curves.push_back(std::move(curve));
      }
    }
    if (!figure.curves.empty()) made_.figures.push_back(std::move(figure));
  }

  Figures take() && { return std::move(made_); }

 private:
  const std::vector<ReportRun>& runs_;
  std::vector<std::vector<Index>> numbers_;
  Figures made_;
};

/// Names of terms or metrics of any run, each once, in the order in which they come.
template <class Names>
std::vector<std::string> all_names(const std::vector<ReportRun>& runs, Names names) {
  std::vector<std::string> all;
  for (const ReportRun& run : runs) {
    for (const std::string& name : names(run.history)) {
      if (std::find(all.begin(), all.end(), name) == all.end()) all.push_back(name);
    }
  }
  return all;
}

/// The value that belongs to a name in a list of values of the same order.
inline std::optional<double> named(const std::vector<std::string>& names, std::string_view name,
                                   const std::vector<double>& values) {
  const auto at = static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  if (at >= names.size() || at >= values.size()) return {};
  return values[at];
}

/// All figures of some runs.
inline Figures figures_of(const std::vector<ReportRun>& runs) {
  using Value = std::optional<double>;
  FigureMaker maker(runs);
  const auto evaluation = [](const EpochReport& epoch, bool validation) -> const Evaluation* {
    return !validation ? &epoch.train : epoch.validated ? &epoch.validation : nullptr;
  };
  maker.add("Loss", true, [&](const History&, const EpochReport& epoch, bool validation) -> Value {
    const Evaluation* const found = evaluation(epoch, validation);
    return found ? Value(found->loss) : Value();
  });
  const auto terms = all_names(runs, [](const History& history) { return history.terms; });
  for (const std::string& term : terms) {
    if (terms.size() == 1) break;  // the loss is that term
    maker.add(term, true, [&](const History& history, const EpochReport& epoch, bool validation) -> Value {
      const Evaluation* const found = evaluation(epoch, validation);
      return found ? named(history.terms, term, found->terms) : Value();
    });
  }
  for (const std::string& metric : all_names(runs, [](const History& history) { return history.metrics; })) {
    maker.add(metric, false, [&](const History& history, const EpochReport& epoch, bool) -> Value {
      return named(history.metrics, metric, epoch.metrics);
    });
  }
  maker.add("Learning rate", false,
            [](const History&, const EpochReport& epoch, bool) -> Value { return epoch.learning_rate; });
  maker.add("Gradient norm", false,
            [](const History&, const EpochReport& epoch, bool) -> Value { return epoch.gradient_norm; });
  maker.add("Samples per second", false,
            [](const History&, const EpochReport& epoch, bool) -> Value { return epoch.samples_per_second; });
  Figures figures = std::move(maker).take();
  if (!figures.figures.empty()) figures.figures.front().marks_best = true;
  return figures;
}

/// Positions of the epochs to draw, rising: all, or of every so many in a row the first, the last, and for each curve where it
/// is least and greatest and where it is not finite, so that no peak is lost.
inline std::vector<std::size_t> thinned(const Figure& figure, std::size_t count, std::size_t most = 1000) {
  std::vector<std::size_t> kept;
  if (count <= most) {
    for (std::size_t i = 0; i < count; ++i) kept.push_back(i);
    return kept;
  }
  const std::size_t buckets = std::max<std::size_t>(most / (2 + 2 * figure.curves.size()), 1);
  for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
    const std::size_t first = count * bucket / buckets, end = count * (bucket + 1) / buckets;
    kept.insert(kept.end(), {first, end - 1});
    for (const Curve& curve : figure.curves) {
      std::optional<std::size_t> least, greatest, odd;
      for (std::size_t i = first; i < end; ++i) {
        if (!curve.values[i]) continue;
        const double value = *curve.values[i];
        if (!std::isfinite(value)) {
          if (!odd) odd = i;
          continue;
        }
        if (!least || value < *curve.values[*least]) least = i;
        if (!greatest || value > *curve.values[*greatest]) greatest = i;
      }
      for (const auto& at : {least, greatest, odd})
        if (at) kept.push_back(*at);
    }
  }
  std::sort(kept.begin(), kept.end());
  kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
  return kept;
}

/// The figures as the page's script reads them.
inline std::string figures_json(const Figures& figures, const std::vector<ReportRun>& runs) {
  std::string out = "[";
  for (const Figure& figure : figures.figures) {
    const std::vector<std::size_t> kept = thinned(figure, figures.epochs.size());
    out += message(out.size() > 1 ? ",\n" : "", "{\"title\":", html_json_string(figure.title), ",\"x\":[");
    for (const std::size_t i : kept) out += message(i == kept.front() ? "" : ",", figures.epochs[i]);
    out += "],\"curves\":[";
    for (const Curve& curve : figure.curves) {
      out += message(&curve == &figure.curves.front() ? "" : ",", "{\"name\":", html_json_string(curve.name),
                     ",\"run\":", curve.run, ",\"dash\":", curve.validation ? 1 : 0);
      const History& history = runs[curve.run].history;
      if (const std::size_t best = best_position(history);
          figure.marks_best && best < history.epochs.size() && curve.validation == history.epochs[best].validated) {
        out += message(",\"best\":", epoch_numbers(history)[best]);
      }
      out += ",\"y\":[";
      for (const std::size_t i : kept) {
        const std::optional<double>& value = curve.values[i];
        out += message(i == kept.front() ? "" : ",", !value                  ? "null"
                                                     : std::isfinite(*value) ? short_number(*value)
                                                                             : html_json_string(short_number(*value)));
      }
      out += "]}";
    }
    out += "]}";
  }
  return out + ']';
}

}  // namespace detail

}  // namespace eigencoder
