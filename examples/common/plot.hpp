// SPDX-License-Identifier: MIT
#pragma once

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "common/example.hpp"

namespace example {

/// 'it''s', as gnuplot quotes.
inline std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char character : text) out += character == '\'' ? std::string("''") : std::string(1, character);
  return out + "'";
}

/// Writes the losses of each epoch to a CSV file, and draws them beside it as a PNG where gnuplot is installed.
/// Returns lines that say what was written.
inline std::string plot_losses(std::filesystem::path png, const std::vector<Curve>& curves, const std::string& loss) {
  using eigencoder::message;
  const std::filesystem::path csv = std::filesystem::path(png).replace_extension(".csv");
  std::string table = "epoch", plots;
  std::size_t epochs = 0, column = 1;
  for (const Curve& curve : curves) {
    for (const char* set : {"training", "validation"}) {
      const std::string title = curve.name.empty() ? set : curve.name + ", " + set;
      table += message(",\"", title, '"');
      plots += message(plots.empty() ? "" : ", ", quoted(csv.string()), " using 1:", ++column, " with linespoints lw 2 pt 7 ps 0.6 title ",
                       quoted(title));
    }
    epochs = std::max(epochs, curve.history.epochs.size());
  }
  table += '\n';
  for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
    table += std::to_string(epoch + 1);
    for (const Curve& curve : curves) {
      const bool there = epoch < curve.history.epochs.size();
      table += there ? message(',', curve.history.epochs[epoch].train.loss, ',', curve.history.epochs[epoch].validation.loss) : ",,";
    }
    table += '\n';
  }
  eigencoder::write_file(csv, std::string_view(table));

  const std::string csv_alone = message("wrote ", csv.string(), " (with gnuplot installed, its picture too)\n");
  if (std::system("command -v gnuplot >/dev/null 2>&1") != 0) return csv_alone;
  std::FILE* gnuplot = popen("gnuplot 2>/dev/null", "w");
  if (gnuplot == nullptr) return csv_alone;
  std::fprintf(gnuplot,
               "set terminal pngcairo size 800,480 font 'sans,11'\nset output %s\nset datafile separator ','\n"
               "set xlabel 'epoch'\nset ylabel %s\nset grid lc rgb '#dddddd'\nset key noenhanced\nset xtics 1,%zu\nplot %s\n",
               quoted(png.string()).c_str(), quoted(loss).c_str(), std::max<std::size_t>(epochs / 10, 1), plots.c_str());
  if (pclose(gnuplot) != 0) return csv_alone;
  return message("wrote ", png.string(), '\n');
}

}  // namespace example
