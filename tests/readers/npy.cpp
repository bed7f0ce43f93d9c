// SPDX-License-Identifier: MIT
// readers_npy FOLDER: writes NPY files for NumPy, and says of every file that NumPy has put there what is in it; npy.py checks
// both.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "eigencoder/data/npz.hpp"
#include "eigencoder/data/samples_on_disk.hpp"

namespace ec = eigencoder;
namespace fs = std::filesystem;

namespace {

void print(std::string line, const Eigen::MatrixXd& values) {
  for (ec::Index i = 0; i < values.size(); ++i) {
    char digits[40];
    std::snprintf(digits, sizeof digits, " %.17g", values(i));
    line += digits;
  }
  std::puts(line.c_str());
}

/// One line a file: its name, type, order, dimensions, and all values in C order with one sample after the other.
void describe(const std::string& name, const ec::NpyArray& array) {
  std::string line = ec::message(name, ' ', ec::to_string(array.type), ' ', array.fortran_order ? "F" : "C", " (");
  for (const ec::Index extent : array.dimensions) line += ec::message(extent, ",");
  print(line + ")", array.dimensions.empty() ? Eigen::MatrixXd() : array.matrix<double>());
}

/// The same of samples that are read in place: how many, and the values that they stand for.
void describe(const std::string& name, const ec::ColumnReader<double>& samples) {
  Eigen::MatrixXd values(samples.rows(), samples.cols());
  for (ec::Index j = 0; j < samples.cols(); ++j) samples.read(j, 0, samples.rows(), values.col(j).data());
  print(ec::message(name, ' ', samples.cols()), values);
}

/// A line that says why not, where `work` throws.
template <class Work>
void attempt(const std::string& name, const Work& work) {
  try {
    work();
  } catch (const ec::Error& error) {
    std::printf("%s refused %s\n", name.c_str(), error.what());
  }
}

template <class T>
void write(const fs::path& folder, const std::string& type) {
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> x(6, 4);  // NumPy's arange(24).reshape(4, 6), modulo 2 for bool
  for (ec::Index i = 0; i < x.size(); ++i) x(i) = static_cast<T>(std::same_as<T, bool> ? i % 2 : i);
  ec::write_npy(folder / ("ours_" + type + "_matrix.npy"), x);
  ec::write_npy(folder / ("ours_" + type + "_image.npy"), x, ec::image(1, 2, 3));
  ec::write_npy(folder / ("ours_" + type + "_images.npy"), x, ec::image(2, 3));
  ec::write_npy(folder / ("ours_" + type + "_sequence.npy"), x, ec::sequence(3, 2));
  ec::write_npy(folder / ("ours_" + type + "_vector.npy"), x.reshaped().eval());
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 2;
  try {
    const fs::path folder = arguments[1];
    write<bool>(folder, "bool");
    write<std::int8_t>(folder, "int8");
    write<std::uint8_t>(folder, "uint8");
    write<std::int16_t>(folder, "int16");
    write<std::uint16_t>(folder, "uint16");
    write<std::int32_t>(folder, "int32");
    write<std::uint32_t>(folder, "uint32");
    write<std::int64_t>(folder, "int64");
    write<std::uint64_t>(folder, "uint64");
    write<float>(folder, "float32");
    write<double>(folder, "float64");

    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder))
      if (entry.path().filename().string().starts_with("theirs")) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
      const std::string name = file.filename().string();
      attempt(name, [&] {
        if (file.extension() == ".npz")
          for (const auto& [array, contents] : ec::read_npz(file)) describe(name + ':' + array, contents);
        else
          describe(name, ec::read_npy(file));
      });
      attempt("disk:" + name, [&] { describe("disk:" + name, *ec::samples_on_disk<double>(file)); });
    }
    const auto set = ec::load_npz(folder / "theirs_set.npz", "x_train", {.labels = "y_train"});
    std::printf("set %s %td %.9g %d\n", ec::to_string(set.shape).c_str(), set.size(), static_cast<double>(set.samples(5, 2)),
                set.labels[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
