// SPDX-License-Identifier: MIT
// Half of a codec: images to a file of codes, by the encoder that 18_compression saves. 18_decode has the other half.
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string>

#include "18_codec.hpp"
#include "eigencoder/data/idx.hpp"

namespace ec = eigencoder;
using Eigen::MatrixXf;

constexpr const char* usage =
    "18_encode: writes images as a file of codes.\n"
    "Usage: 18_encode ENCODER IMAGES CODES [STEP]\n"
    "  ENCODER  encoder.safetensors, as 18_compression has written it\n"
    "  IMAGES   of garments an IDX file, t10k-images-idx3-ubyte.gz; of photographs a picture, .png or .jpg\n"
    "  CODES    the file to be written\n"
    "  STEP     a larger one makes a smaller file and a coarser picture; without, the one of the encoder's training\n";

/// Codes of the samples, one a column, by the encoder in the file.
template <ec::Shape In>
void encode(const std::string& file, const MatrixXf& samples, ec::Index across, const char* step_text, const std::string& out) {
  ec::CodeFile codes{.shape = codec::Encoder<In>::output, .across = across, .values = {}};
  ec::load_values(file, {{"step", codes.step}, {"model", codes.model}});
  ec::Network<codec::Encoder<In>> encoder{codec::encoder<In>(codes.step)};
  ec::load(encoder, file);
  if (step_text) {
    const char* const end = step_text + std::strlen(step_text);
    if (const auto [stop, fault] = std::from_chars(step_text, end, codes.step);
        fault != std::errc() || stop != end || !(codes.step > 0 && codes.step < 1e9))
      throw ec::OptionError(ec::message("STEP: expected a number above 0, found ", step_text));
    ec::Network<codec::Encoder<In>> other{codec::encoder<In>(codes.step)};
    other.set_parameters(encoder.parameters());
    codes.values = ec::quantize(other.predict(samples), codes.step);
  } else {
    codes.values = ec::quantize(encoder.predict(samples), codes.step);
  }
  const std::vector<std::byte> bytes = ec::encode_code_file(codes);
  ec::write_file(out, bytes);
  std::printf("%s: %td images or patches of %td pixels, %zu bytes, %.4f bits a pixel\n", out.c_str(), samples.cols(),
              samples.rows(), bytes.size(), 8 * static_cast<double>(bytes.size()) / static_cast<double>(samples.size()));
}

int main(int argc, char** argv) try {
  if (argc == 2 && std::strcmp(argv[1], "--help") == 0) return std::fputs(usage, stdout) < 0;
  if (argc != 4 && argc != 5) {
    std::fputs(usage, stderr);
    return 1;
  }
  const std::string file = argv[1], images = argv[2];
  const std::string set = ec::load_values(file, {})["set"];
  const char* const step = argc == 5 ? argv[4] : nullptr;
  if (set == codec::garments) {
    const ec::Idx found = ec::read_idx(images);
    if (found.type != ec::IdxType::uint8 || found.dimensions.size() != 3 || found.dimensions[1] != 28 ||
        found.dimensions[2] != 28)
      throw ec::FileError(images + ": expected grey images of 28 x 28 pixels, found another set");
    encode<codec::garment>(file, found.matrix() / 255, 0, step, argv[3]);
  } else if (set == codec::photographs) {
    const ec::Image picture = codec::read_picture(images);
    encode<codec::patch>(file, codec::cut(picture), picture.width / codec::patch.width, step, argv[3]);
  } else {
    throw ec::FileError(file + ": expected the encoder of 18_compression, which says of what set it is, found none");
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "18_encode: %s\n", error.what());
  return 1;
}
