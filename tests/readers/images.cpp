// SPDX-License-Identifier: MIT
// readers_images FOLDER: reads every PNG and JPEG file there and writes its pixels as NAME.npy, in grey as NAME.grey.npy and
// resized to 17 × 23 as NAME.small.npy; images.py compares them with Pillow's.
#include <cstdio>
#include <filesystem>
#include <vector>

#include "eigencoder/data/npy.hpp"
#include "eigencoder/files/jpeg.hpp"
#include "eigencoder/files/png.hpp"

namespace ec = eigencoder;
namespace fs = std::filesystem;

namespace {

void write(const fs::path& path, const ec::Image& image) {
  const Eigen::Map<const Eigen::Matrix<std::uint8_t, Eigen::Dynamic, 1>> pixels(image.pixels.data(), std::ssize(image.pixels));
  const Eigen::Matrix<std::uint8_t, Eigen::Dynamic, Eigen::Dynamic> column = pixels;
  ec::write_npy(path, column, ec::image(image.height, image.width, image.channels));
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 2;
  try {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(arguments[1])) files.push_back(entry.path());
    for (const fs::path& file : files) {
      const auto read = [&](ec::ImageOptions options) {
        return file.extension() == ".png" ? ec::read_png(file, options) : ec::read_jpeg(file, options);
      };
      if (file.extension() != ".png" && file.extension() != ".jpg") continue;
      const ec::Image image = read({});
      write(file.string() + ".npy", image);
      write(file.string() + ".grey.npy", read({.channels = 1}));
      write(file.string() + ".small.npy", ec::resize(image, 17, 23));
      ec::write_png(file.string() + ".again", image);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
