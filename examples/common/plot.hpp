// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
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

/// Writes a table as a CSV file, and draws it as a PNG of the same name where gnuplot is installed. Returns a line that says so.
inline std::string draw(const std::filesystem::path& png, const std::string& table, [[maybe_unused]] const std::string& size,
                        [[maybe_unused]] const std::string& script) {
  using eigencoder::message;
  const std::filesystem::path csv = std::filesystem::path(png).replace_extension(".csv");
  eigencoder::write_file(csv, std::string_view(table));

  const std::string csv_alone = message("wrote ", csv.string(), " (with gnuplot installed, its picture too)\n");
#if defined(__unix__) || defined(__APPLE__)
  if (std::system("command -v gnuplot >/dev/null 2>&1") != 0) return csv_alone;
  std::FILE* gnuplot = popen("gnuplot 2>/dev/null", "w");
  if (gnuplot == nullptr) return csv_alone;
  std::fprintf(gnuplot, "set terminal pngcairo size %s font 'sans,11'\nset output %s\nset datafile separator ','\ncsv = %s\n%s\n",
               size.c_str(), quoted(png.string()).c_str(), quoted(csv.string()).c_str(), script.c_str());
  if (pclose(gnuplot) != 0) return csv_alone;
  return message("wrote ", png.string(), '\n');
#else  // no popen
  return csv_alone;
#endif
}

/// Writes the losses of each epoch to a CSV file, and draws them beside it as a PNG where gnuplot is installed.
/// Returns lines that say what was written.
inline std::string plot_losses(const std::filesystem::path& png, const std::vector<Curve>& curves, const std::string& loss) {
  using eigencoder::message;
  std::string table = "epoch", plots;
  std::size_t epochs = 0, column = 1;
  for (const Curve& curve : curves) {
    for (const char* set : {"training", "validation"}) {
      const std::string title = curve.name.empty() ? set : curve.name + ", " + set;
      table += message(",\"", title, '"');
      plots += message(plots.empty() ? "" : ", ", "csv using 1:", ++column, " with linespoints lw 2 pt 7 ps 0.6 title ",
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
  return draw(png, table, "800,480",
              message("set xlabel 'epoch'\nset ylabel ", quoted(loss), "\nset grid lt 1 lc rgb '#dddddd'\nset key noenhanced\nset xtics 1,",
                      std::max<std::size_t>(epochs / 10, 1), "\nplot ", plots));
}

/// Draws codes of two values, as points coloured by class, and marks over them: a panel for each model. Classes are called by
/// their numbers where they have no names.
inline std::string plot_codes(const std::filesystem::path& png, const std::vector<Codes>& models, const Eigen::VectorXi& labels,
                              const std::vector<std::string>& class_names) {
  using eigencoder::message;
  const char* const colours[] = {"1f77b4", "ff7f0e", "2ca02c", "d62728", "9467bd", "8c564b", "e377c2", "7f7f7f", "bcbd22", "17becf"};
  const auto place = [](const Eigen::MatrixXf& places, Index j) { return message(places(0, j), ',', places(1, j)); };
  const int classes = labels.size() > 0 ? labels.maxCoeff() + 1 : 0;
  std::string table = "class", panels;
  for (std::size_t model = 0; model < models.size(); ++model) {
    const auto& [title, values, marks] = models[model];
    table += message(",\"", title, ", first\",\"", title, ", second\"");
    panels += message("set title ", quoted(title), "\nunset label\nunset arrow\n");
    for (const Mark& mark : marks) {
      for (Index j = 0; j + 1 < mark.places.cols(); ++j)
        panels += message("set arrow from ", place(mark.places, j), " to ", place(mark.places, j + 1), " nohead lw 2 front\n");
      for (Index j = 0; j < mark.places.cols(); ++j)
        panels += message("set label ", quoted(j == 0 ? mark.name : ""), " at ", place(mark.places, j),
                          " point pt 7 ps 0.8 lc rgb 'black' offset 0.6,0.6 front\n");
    }
    for (int label = 0; label < classes; ++label) {
      const auto known = static_cast<std::size_t>(label);
      // Points let half of what is below them through, and those of the legend, apart and outside, nothing.
      const std::string colour = colours[known % std::size(colours)];
      panels += message(label == 0 ? "plot " : ", ", "csv using ($1==", label, " ? $", 2 + 2 * model, " : NaN):", 3 + 2 * model,
                        " every ::1 with points pt 7 ps 0.4 lc rgb '#80", colour, "' notitle, NaN with points pt 7 ps 1 lc rgb '#",
                        colour, "' title ", quoted(known < class_names.size() ? class_names[known] : std::to_string(label)));
    }
    panels += '\n';
  }
  table += '\n';
  for (Index j = 0; j < labels.size(); ++j) {
    table += std::to_string(labels[j]);
    for (const Codes& model : models) table += message(',', model.values(0, j), ',', model.values(1, j));
    table += '\n';
  }
  return draw(png, table, message(640 * models.size(), ",560"),
              message("set key outside right samplen 1 noenhanced\nset title noenhanced\nset tics nomirror\nset multiplot layout 1,",
                      models.size(), "\n", panels, "unset multiplot"));
}

/// Draws series, each panel with its axis, `columns` panels in a row. A line's colour is that of its place in the panel; names stand
/// where they change from one panel to the next.
inline std::string plot_panels(const std::filesystem::path& png, const std::vector<Panel>& panels, Index columns, Index width,
                               Index height) {
  using eigencoder::message;
  const char* const styles[] = {"lw 1.5 lc rgb '#555555'", "lw 1.5 lc rgb '#d62728'", "lw 1.5 lc rgb '#1f77b4'", "lw 1.5 lc rgb '#2ca02c'"};
  const auto names = [](const Panel& panel) {
    std::string all;
    for (const Line& line : panel.lines) all += line.name + '\n';
    return all;
  };
  const char* const key = "set key tmargin right horizontal samplen 2 noenhanced\n";
  std::string table, script;
  std::vector<const Eigen::VectorXd*> values;
  Index rows = 0;
  for (std::size_t p = 0; p < panels.size(); ++p) {
    const Panel& panel = panels[p];
    const auto add = [&](const std::string& name, const Eigen::VectorXd& column) {
      table += message(table.empty() ? "\"" : ",\"", panel.title, panel.title.empty() ? "" : ", ", name, '"');
      values.push_back(&column);
      rows = std::max(rows, column.size());
    };
    const double first = panel.axis[0], last = panel.axis[panel.axis.size() - 1];
    script += message("unset object\nset title ", quoted(panel.title), "\nset xrange [", first, ':', last, "]\n",
                      panel.logarithmic ? "set logscale y\nset format y '10^{%L}'\n" : "unset logscale y\nset format y '%g'\n",
                      panel.lines.size() == 1 || (p > 0 && names(panel) == names(panels[p - 1])) ? "unset key\n" : key);
    for (const auto& [from, to] : panel.shaded) {
      if (to < first || from > last) continue;
      script += message("set object rectangle from ", std::max(from, first), ", graph 0 to ", std::min(to, last),
                        ", graph 1 fc rgb '#fbdcb4' fs solid noborder behind\n");
    }
    add("axis", panel.axis);
    const std::size_t axis = values.size();
    for (std::size_t i = 0; i < panel.lines.size(); ++i) {
      add(panel.lines[i].name, panel.lines[i].values);
      script += message(i == 0 ? "plot " : ", ", "csv using ", axis, ':', values.size(), " every ::1 with lines ",
                        styles[i % std::size(styles)], " title ", quoted(panel.lines[i].name));
    }
    script += '\n';
  }
  table += '\n';
  for (Index row = 0; row < rows; ++row) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i > 0) table += ',';
      if (row >= values[i]->size()) continue;
      const double value = (*values[i])[row];
      table += std::isnan(value) ? "NaN" : message(value);  // a gap in the line
    }
    table += '\n';
  }
  const Index panel_rows = (std::ssize(panels) + columns - 1) / columns;
  return draw(png, table, message(width * columns, ',', height * panel_rows),
              message("set title noenhanced\nset tics nomirror font ',9'\nset lmargin 7\nset multiplot layout ", panel_rows, ',', columns, "\n", script,
                      "unset multiplot"));
}

}  // namespace example
