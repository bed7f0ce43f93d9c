// SPDX-License-Identifier: MIT
#include <cstdio>
#include <filesystem>

#include <eigencoder/eigencoder.hpp>

namespace ec = eigencoder;

namespace {

/// A small PNG without a library: zlib's stored blocks, which compress nothing. A pixel is a byte, or red, green, blue.
std::vector<std::byte> png(std::uint32_t width, std::uint32_t height, std::uint32_t channels) {
  const auto big_endian = [](std::uint32_t number) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift & 0xff);
    return bytes;
  };
  const auto chunk = [&](const std::string& kind, const std::string& data) {
    std::uint32_t rest = ~0U;  // CRC-32 of ISO 3309, as PNG has it
    for (const char byte : kind + data) {
      rest ^= static_cast<unsigned char>(byte);
      for (int bit = 0; bit < 8; ++bit) rest = rest >> 1 ^ (rest & 1 ? 0xedb88320U : 0U);
    }
    return big_endian(static_cast<std::uint32_t>(data.size())) + kind + data + big_endian(~rest);
  };
  std::string pixels;
  for (std::uint32_t row = 0; row < height; ++row) {
    pixels += '\0';  // no filter
    for (std::uint32_t i = 0; i < width * channels; ++i) pixels += static_cast<char>((row * 16 + i * 5) & 0xff);
  }
  std::uint32_t a = 1, b = 0;  // Adler-32
  for (const char byte : pixels) {
    a = (a + static_cast<unsigned char>(byte)) % 65521;
    b = (b + a) % 65521;
  }
  const auto size = static_cast<std::uint16_t>(pixels.size());
  std::string stored = "\x78\x01\x01";
  for (const int bits : {int{size}, int{size} ^ 0xffff}) {
    stored += static_cast<char>(bits & 0xff);
    stored += static_cast<char>(bits >> 8 & 0xff);
  }
  stored += pixels + big_endian(b << 16 | a);
  const std::string header =
      big_endian(width) + big_endian(height) + '\x08' + (channels == 1 ? '\0' : '\x02') + std::string(3, '\0');
  const std::string all = "\x89PNG\r\n\x1a\n" + chunk("IHDR", header) + chunk("IDAT", stored) + chunk("IEND", "");
  const auto bytes = std::as_bytes(std::span(all));
  return {bytes.begin(), bytes.end()};
}

using Encoder = ec::Encoder<ec::features(6), ec::Dense<3>, ec::Sigmoid>;
using Model = ec::Autoencoder<Encoder, ec::Decoder<Encoder::output, ec::Dense<6>>>;

}  // namespace

/// Two fits, logged for TensorBoard and by JsonLinesLogger; the pictures as files.
int main(int count, char** arguments) try {
  if (count != 2) return 2;
  const std::filesystem::path folder = arguments[1];
  const std::vector<std::byte> gray = png(5, 3, 1), colours = png(4, 7, 3);
  ec::write_file(folder / "gray.png", gray);
  ec::write_file(folder / "colours.png", colours);

  const ec::Random random(ec::Seed{11}, 0, 0);
  const Eigen::MatrixXf x =
      Eigen::MatrixXf::NullaryExpr(6, 100, [&](ec::Index i, ec::Index j) { return float(random.uniform(j, i)); });
  Model model{ec::Seed{1}};
  ec::Trainer trainer{
      model, ec::MeanSquaredError{} + 0.01 * ec::KLSparsity{} + 0.1 * ec::L2Weights{}, ec::Adam{}, {.threads = 1}};
  const ec::TensorBoard board{.folder = folder / "logs",
                              .images =
                                  [&] {
                                    return std::vector<ec::TensorBoard::Picture>{{"samples/gray", gray}, {"größer", colours}};
                                  },
                              .every = 2};
  const ec::LearningRate rate{ec::CosineDecay{.learning_rate = 1e-2, .steps = 100}};
  const auto worst = [](const auto& y, const auto& t) { return (y - t).cwiseAbs().maxCoeff(); };
  ec::FitOptions<float> options{.epochs = 3,
                                .batch_size = 16,
                                .validation = x.leftCols(30),
                                .metrics = {{"worst", worst}},
                                .callbacks = {rate, board, ec::JsonLinesLogger{folder / "first.jsonl"}},
                                .progress = ec::Progress::quiet};
  trainer.fit(x, options);
  options.validation = {};
  options.metrics.clear();
  options.callbacks.back() = ec::JsonLinesLogger{folder / "second.jsonl"};
  trainer.fit(x, options);
} catch (const ec::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
