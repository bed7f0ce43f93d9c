// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "eigencoder/training/report_curves.hpp"

namespace eigencoder {

/// A line of a report's table: an option or a metric. Numbers are shown with six significant digits at most, in no locale.
struct ReportEntry {
  std::string name, value;

  template <class V>
  ReportEntry(std::string called, const V& found) : name(std::move(called)) {
    if constexpr (std::same_as<V, bool>) {
      value = found ? "yes" : "no";
    } else if constexpr (std::integral<V>) {
      value = std::to_string(found);
    } else if constexpr (std::same_as<V, float>) {
      value = detail::short_number(static_cast<double>(found), 6);
    } else if constexpr (std::floating_point<V>) {
      value = detail::short_number(found);
    } else {
      value = found;
    }
  }
};

/// A picture of a report: the bytes of a PNG or JPEG file, such as read_file("loss.png") gives, or an Image with io/png.hpp
/// included, which is encoded.
struct ReportPicture {
  std::string caption;
  std::vector<std::byte> file;

  ReportPicture(std::string text, std::vector<std::byte> bytes) : caption(std::move(text)), file(std::move(bytes)) {}
  template <class Image>
  requires requires(const Image& image) { image.pixels; }
  ReportPicture(std::string text, const Image& image) : caption(std::move(text)), file(encode_png(image)) {}
};

/// What a report shows; what is left out is not shown. Texts are UTF-8; what is none is shown as �, and no text is markup.
struct Report {
  std::string title = "Training report";
  std::vector<ReportRun> history{};    ///< {history}, or {{"name", first}, {"other name", second}} in common figures
  std::string summary{};               ///< of the model: ec::summary(model)
  Index parameters = 0;                ///< of the model; 0: not shown
  std::vector<ReportEntry> options{};  ///< what it was trained with: {{"learning rate", 1e-3}, {"optimizer", "Adam"}}
  std::vector<ReportEntry> metrics{};  ///< what it came to
  std::vector<ReportPicture> pictures{};
  std::vector<std::string> notes{};  ///< paragraphs at the top
};

/// The report as the text of an HTML page. Throws FileError for a picture that is neither PNG nor JPEG.
std::string to_html(const Report& report);

/// Writes a report of a run: one HTML file that needs nothing else, neither a network nor a server, and is readable without
/// JavaScript. It holds results, curves, options, metrics, pictures, the model, warnings and why a fit was stopped, and with
/// what it was built.
///
///     ec::write_report("report.html", {.title = "784-32-784",
///                                      .history = {history},
///                                      .summary = ec::summary(model),
///                                      .options = {{"optimizer", "Adam"}, {"learning rate", 1e-3}},
///                                      .metrics = {{"test loss", trainer.evaluate(x_test).loss}}});
///
/// Throws what to_html and write_file throw.
void write_report(const std::filesystem::path& path, const Report& report);

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/training/report_impl.hpp"
#endif
