// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/core/version.hpp"
#include "eigencoder/files/atomic_file.hpp"
#include "eigencoder/models/summary.hpp"
#include "eigencoder/training/report.hpp"
#include "eigencoder/training/report_curves_impl.hpp"
#include "eigencoder/training/report_page.hpp"

namespace eigencoder {

namespace detail {

/// 75 → "1 min 15 s", 0.0042 → "4.2 ms"
inline std::string duration(double seconds) {
  if (!std::isfinite(seconds)) return short_number(seconds);
  if (seconds < 1) return short_number(std::round(seconds * 1e5) / 100, 3) + " ms";
  if (seconds < 60) return short_number(std::round(seconds * 100) / 100, 3) + " s";
  const long long whole = std::llround(seconds);
  if (whole < 3600) return message(whole / 60, " min ", whole % 60, " s");
  return message(whole / 3600, " h ", whole / 60 % 60, " min");
}

/// What a run came to, in words.
inline std::vector<ReportEntry> facts(const History& history) {
  const auto& epochs = history.epochs;
  std::vector<ReportEntry> found{{"Epochs", with_commas(std::ssize(epochs))}};
  if (epochs.empty()) return found;
  const std::size_t best = best_position(history);
  const bool any = best < epochs.size();
  found.emplace_back("Best epoch", any ? with_commas(epoch_numbers(history)[best]) : "none");
  found.emplace_back(epochs.back().validated ? "Best validation loss" : "Best training loss",
                     any ? short_number(judged(epochs[best]), 5) : "none");
  found.emplace_back("Last training loss", short_number(epochs.back().train.loss, 5));
  found.emplace_back("Last validation loss", epochs.back().validated ? short_number(epochs.back().validation.loss, 5) : "none");
  double seconds = 0, samples = 0;
  for (const EpochReport& epoch : epochs) {
    seconds += epoch.seconds;
    samples += epoch.seconds * epoch.samples_per_second;
  }
  found.emplace_back("Training time", duration(seconds));
  found.emplace_back("An epoch", duration(seconds / static_cast<double>(epochs.size())));
  const double rate = seconds > 0 ? samples / seconds : 0;
  found.emplace_back("Samples per second", std::abs(rate) < 1e15 ? with_commas(std::llround(rate)) : short_number(rate));
  return found;
}

/// Epochs whose losses are not finite, as a sentence, or nothing.
inline std::string not_finite(const History& history) {
  std::string which;
  Index count = 0;
  const std::vector<Index> numbers = epoch_numbers(history);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const EpochReport& epoch = history.epochs[i];
    if (std::isfinite(epoch.train.loss) && (!epoch.validated || std::isfinite(epoch.validation.loss))) continue;
    if (++count <= 5) which += message(count > 1 ? ", " : "", numbers[i]);
  }
  if (count == 0) return {};
  return message("The loss is not finite in ", count, " of ", numbers.size(), " epochs: ", which, count > 5 ? ", …" : "", ".");
}

/// Writes the page, a section at a time.
class ReportPage {
 public:
  explicit ReportPage(const Report& report) : report_(report), figures_(figures_of(report.history)) {}

  std::string write() {
    out_ = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
    // Nothing may be fetched, whatever a text holds.
    out_ +=
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        "script-src 'unsafe-inline'\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n";
    add("<title>", report_.title, "</title>\n<style>");
    out_ += report_style;
    add("</style>\n</head>\n<body>\n<main>\n<h1>", report_.title, "</h1>\n");
    remarks();
    results();
    curves();
    tables();
    pictures();
    if (!report_.summary.empty()) add("<h2>Model</h2>\n<div class=\"card\"><pre>", report_.summary, "</pre></div>\n");
    numbers();
    add("<footer>Eigencoder ", library(), "</footer>\n</main>\n");
    script();
    return std::move(out_) + "</body>\n</html>\n";
  }

 private:
  /// Markup, a text of anyone's, markup.
  void add(std::string_view before, std::string_view text, std::string_view after) {
    out_ += before;
    out_ += html_text(text);
    out_ += after;
  }

  static std::string library() {
#if defined(__clang__)
    const char* const compiler = "clang " __clang_version__;
#elif defined(__GNUC__)
    const char* const compiler = "g++ " __VERSION__;
#else
    const char* const compiler = "an unknown compiler";
#endif
    return message(version.major, '.', version.minor, '.', version.patch, " · Eigen ", EIGEN_WORLD_VERSION, '.',
                   EIGEN_MAJOR_VERSION, '.', EIGEN_MINOR_VERSION, " · ", compiler);
  }

  static std::string called(const ReportRun& run) { return run.name.empty() ? "" : run.name + ": "; }

  void remarks() {
    for (const std::string& note : report_.notes) add("<p>", note, "</p>\n");
    for (const ReportRun& run : report_.history) {
      const auto warn = [&](const std::string& text) {
        if (!text.empty()) add("<p class=\"warn\">", called(run) + text, "</p>\n");
      };
      if (!run.history.stopped.empty()) warn("Stopped early: " + run.history.stopped);
      warn(not_finite(run.history));
      for (const std::string& warning : run.history.warnings) warn(warning);
    }
  }

  /// One run as tiles, several as a table.
  void results() {
    if (report_.history.size() == 1 || report_.parameters > 0) {
      out_ += "<dl class=\"tiles\">\n";
      const auto tile = [&](const ReportEntry& fact) {
        add("<div class=\"card\"><dt>", fact.name, "</dt><dd>");
        add("", fact.value, "</dd></div>\n");
      };
      if (report_.parameters > 0) tile({"Parameters", with_commas(report_.parameters)});
      if (report_.history.size() == 1) {
        for (const ReportEntry& fact : facts(report_.history.front().history)) tile(fact);
      }
      out_ += "</dl>\n";
    }
    if (report_.history.size() < 2) return;
    out_ += "<h2>Runs</h2>\n<div class=\"card scroll runs\"><table>\n<tr><th>Run</th>";
    std::vector<std::string> heads;
    for (const ReportRun& run : report_.history) {
      for (const ReportEntry& fact : facts(run.history)) {
        if (std::find(heads.begin(), heads.end(), fact.name) == heads.end()) heads.push_back(fact.name);
      }
    }
    for (const std::string& head : heads) add("<th>", head, "</th>");
    out_ += "</tr>\n";
    for (const ReportRun& run : report_.history) {
      add("<tr><td>", run.name, "</td>");
      const std::vector<ReportEntry> found = facts(run.history);
      for (const std::string& head : heads) {
        const auto fact = std::find_if(found.begin(), found.end(), [&](const ReportEntry& one) { return one.name == head; });
        add("<td>", fact == found.end() ? "" : fact->value, "</td>");
      }
      out_ += "</tr>\n";
    }
    out_ += "</table></div>\n";
  }

  void curves() {
    if (figures_.figures.empty()) return;
    out_ +=
        "<h2>Curves</h2>\n<noscript><p>Curves are drawn by a script, which this browser does not run. Their numbers are in the "
        "table at "
        "the end.</p></noscript>\n<div id=\"curves\"></div>\n<p class=\"hint\">Drag over a figure to zoom into epochs; the "
        "mouse wheel "
        "zooms where a figure has been clicked; a double click shows all.</p>\n";
  }

  void tables() {
    if (report_.metrics.empty() && report_.options.empty()) return;
    out_ += "<div class=\"pairs\">\n";
    const auto table = [&](std::string_view title, const std::vector<ReportEntry>& entries) {
      if (entries.empty()) return;
      add("<section><h2>", title, "</h2>\n<div class=\"card\"><table class=\"names\">\n");
      for (const ReportEntry& entry : entries) {
        add("<tr><td>", entry.name, "</td><td>");
        add("", entry.value, "</td></tr>\n");
      }
      out_ += "</table></div></section>\n";
    };
    table("Metrics", report_.metrics);
    table("Options", report_.options);
    out_ += "</div>\n";
  }

  void pictures() {
    if (report_.pictures.empty()) return;
    out_ += "<h2>Pictures</h2>\n";
    for (std::size_t i = 0; i < report_.pictures.size(); ++i) {
      const ReportPicture& picture = report_.pictures[i];
      out_ += message("<figure class=\"card\"><img src=\"data:", media_type(picture, i), ";base64,", base64(picture.file));
      add("\" alt=\"", picture.caption, "\">");
      add("<figcaption>", picture.caption, "</figcaption></figure>\n");
    }
  }

  /// By the first bytes. Throws FileError.
  static std::string_view media_type(const ReportPicture& picture, std::size_t number) {
    const std::string_view bytes(reinterpret_cast<const char*>(picture.file.data()), picture.file.size());
    if (bytes.starts_with("\x89PNG\r\n\x1a\n")) return "image/png";
    if (bytes.starts_with("\xff\xd8\xff")) return "image/jpeg";
    throw FileError(message("write_report, picture ", number, " (\"", picture.caption,
                            "\"): expected the bytes of a PNG or JPEG file, found ", bytes.size(),
                            " bytes that begin as neither does"));
  }

  /// The numbers that are drawn, of no more epochs than can be read.
  void numbers() {
    const std::size_t count = figures_.epochs.size(), most = 200, every = (count + most - 1) / most;
    if (figures_.figures.empty()) return;
    out_ += message("<h2>Epochs</h2>\n<details id=\"numbers\" open><summary>",
                    every < 2 ? std::string("The numbers of each epoch")
                              : message("The numbers of each ", every, "th epoch, the best and the last"),
                    "</summary>\n<div class=\"card scroll\"><table>\n<tr><th></th>");
    for (const Figure& figure : figures_.figures) {
      out_ += message("<th colspan=\"", figure.curves.size(), '"');
      add(">", figure.title, "</th>");
    }
    out_ += "</tr>\n<tr><th>epoch</th>";
    for (const Figure& figure : figures_.figures) {
      for (const Curve& curve : figure.curves) add("<th>", curve.name, "</th>");
    }
    out_ += "</tr>\n";
    std::vector<Index> bests;
    for (const ReportRun& run : report_.history) {
      if (const std::size_t best = best_position(run.history); best < run.history.epochs.size())
        bests.push_back(epoch_numbers(run.history)[best]);
    }
    for (std::size_t i = 0; i < count; ++i) {
      const Index epoch = figures_.epochs[i];
      if (i % every != 0 && i + 1 != count && std::find(bests.begin(), bests.end(), epoch) == bests.end()) continue;
      out_ += message("<tr><td>", epoch, "</td>");
      for (const Figure& figure : figures_.figures) {
        for (const Curve& curve : figure.curves)
          out_ += message("<td>", curve.values[i] ? short_number(*curve.values[i], 5) : "", "</td>");
      }
      out_ += "</tr>\n";
    }
    out_ += "</table></div></details>\n";
  }

  void script() {
    if (figures_.figures.empty()) return;
    out_ += message("<script type=\"application/json\" id=\"data\">", figures_json(figures_, report_.history),
                    "</script>\n<script>", report_script, "</script>\n");
  }

  const Report& report_;
  Figures figures_;
  std::string out_;
};

}  // namespace detail

EIGENCODER_INLINE std::string to_html(const Report& report) { return detail::ReportPage(report).write(); }

EIGENCODER_INLINE void write_report(const std::filesystem::path& path, const Report& report) {
  write_file(path, to_html(report));
}

}  // namespace eigencoder
