// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/eigencoder.hpp"
#include "eigencoder/files/code_file.hpp"
#include "eigencoder/files/jpeg.hpp"
#include "eigencoder/files/png.hpp"

// What 18_compression, which trains a codec, shares with 18_encode and 18_decode, which use it.
namespace codec {

namespace ec = eigencoder;
using ec::Index;
using Eigen::MatrixXf;

constexpr ec::Shape garment = ec::image(28, 28), patch = ec::image(16, 16);
constexpr const char *garments = "garments", *photographs = "photographs";  // as files of models name them

/// How many values a code has. Those that are not worth their bits become 0 in training, and then take none.
template <ec::Shape In>
constexpr Index code_size = In == garment ? 48 : 96;

template <ec::Shape In>
using Encoder =
    ec::Encoder<In, ec::Dense<512>, ec::GELU, ec::Dense<256>, ec::GELU, ec::Dense<code_size<In>>, ec::EntropyBottleneck>;
template <ec::Shape In>
using Decoder =
    ec::Decoder<ec::features(code_size<In>), ec::Dense<256>, ec::GELU, ec::Dense<512>, ec::GELU, ec::Dense<In.size()>>;
template <ec::Shape In>
using Model = ec::Autoencoder<Encoder<In>, Decoder<In>>;

/// An encoder that rounds to multiples of `step`.
template <ec::Shape In>
Encoder<In> encoder(double step) {
  Encoder<In> layers;
  std::get<ec::EntropyBottleneck>(layers.layers) = ec::EntropyBottleneck{step};
  return layers;
}

/// In grey.
inline ec::Image read_picture(const std::filesystem::path& path) {
  return path.extension() == ".png" ? ec::read_png(path, {.channels = 1}) : ec::read_jpeg(path, {.channels = 1});
}

/// Patches of a grey picture, row by row, one a column, as many as are whole, `stride` pixels apart; values from 0 to 1.
inline MatrixXf cut(const ec::Image& picture, Index stride = patch.width) {
  const Index down = (picture.height - patch.height) / stride + 1, across = (picture.width - patch.width) / stride + 1;
  if (picture.height < patch.height || picture.width < patch.width)
    throw ec::ShapeError(ec::message("expected a picture of at least ", patch.height, " x ", patch.width, " pixels, found ",
                                     picture.height, " x ", picture.width));
  MatrixXf patches(patch.size(), down * across);
  for (Index j = 0; j < patches.cols(); ++j)
    for (Index i = 0; i < patches.rows(); ++i) {
      const Index y = j / across * stride + i / patch.width, x = j % across * stride + i % patch.width;
      patches(i, j) = static_cast<float>(picture.pixels[static_cast<std::size_t>(y * picture.width + x)]) / 255;
    }
  return patches;
}

/// The picture whose patches these are, `across` of them side by side, as values from 0 to 1, row by row.
inline MatrixXf join(const MatrixXf& patches, Index across) {
  const Index width = across * patch.width;
  MatrixXf picture(patches.size(), 1);
  for (Index j = 0; j < patches.cols(); ++j)
    for (Index i = 0; i < patches.rows(); ++i)
      picture((j / across * patch.height + i / patch.width) * width + j % across * patch.width + i % patch.width) =
          patches(i, j);
  return picture;
}

/// What decoded values show: pixels are from 0 to 1.
inline MatrixXf clipped(const MatrixXf& values) { return values.cwiseMax(0).cwiseMin(1); }

}  // namespace codec
