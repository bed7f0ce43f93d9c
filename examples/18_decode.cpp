// SPDX-License-Identifier: MIT
// Half of a codec: a file of codes to pictures, by the decoder that 18_compression saves. 18_encode has the other half.
#include <cstdio>
#include <cstring>
#include <string>

#include "18_codec.hpp"
#include "eigencoder/io/png.hpp"

namespace ec = eigencoder;
using Eigen::MatrixXf;

constexpr const char* usage =
    "18_decode: makes pictures of a file of codes.\n"
    "Usage: 18_decode DECODER CODES PICTURE\n"
    "  DECODER  decoder.safetensors, as 18_compression has written it with the encoder of the codes\n"
    "  CODES    a file that 18_encode has written\n"
    "  PICTURE  the PNG file to be written; of garments, the first hundred\n";

template <ec::Shape In>
void decode(const std::string& file, const std::string& from, const std::string& out) {
  ec::CodeFileOptions expected{.shape = codec::Decoder<In>::input};
  ec::Network<codec::Decoder<In>> decoder;
  ec::load(decoder, file, {.values = {{"model", expected.model}}});
  const ec::CodeFile codes = ec::read_code_file(from, expected);
  const MatrixXf images = codec::clipped(decoder.predict(ec::dequantize(codes.values, codes.step)));
  if (images.cols() == 0) throw ec::FileError(from + ": expected codes of one image at least, found none");
  if constexpr (In == codec::patch) {
    if (codes.across == 0) throw ec::FileError(from + ": expected the patches of a picture, found images by themselves");
    const ec::Index down = images.cols() / codes.across;
    const MatrixXf picture = codec::join(images, codes.across);
    ec::Image image{down * codec::patch.height, codes.across * codec::patch.width, 1, {}};
    for (const float value : picture.reshaped()) image.pixels.push_back(static_cast<std::uint8_t>(255 * value + 0.5F));
    ec::write_png(out, image);
  } else {
    std::vector<ec::ImageRow> rows;
    for (ec::Index at = 0; at < std::min<ec::Index>(100, images.cols()); at += 10)
      rows.push_back({"", images.middleCols(at, std::min<ec::Index>(10, images.cols() - at))});
    ec::write_image_grid(out, rows, In);
  }
  std::printf("%s: from %td codes\n", out.c_str(), images.cols());
}

int main(int argc, char** argv) try {
  if (argc == 2 && std::strcmp(argv[1], "--help") == 0) return std::fputs(usage, stdout) < 0;
  if (argc != 4) {
    std::fputs(usage, stderr);
    return 1;
  }
  const std::string file = argv[1];
  const std::string set = ec::load_values(file, {})["set"];
  if (set == codec::garments) {
    decode<codec::garment>(file, argv[2], argv[3]);
  } else if (set == codec::photographs) {
    decode<codec::patch>(file, argv[2], argv[3]);
  } else {
    throw ec::FileError(file + ": expected the decoder of 18_compression, which says of what set it is, found none");
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "18_decode: %s\n", error.what());
  return 1;
}
