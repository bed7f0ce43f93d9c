// SPDX-License-Identifier: MIT
// Writes four networks as headers, and what they predict as a fifth: embedded_export folder
#include <bit>
#include <cstdint>
#include <filesystem>
#include <string>

#include "input.hpp"
#include <eigencoder/io/export_header.hpp>
#include <eigencoder/models/autoencoder.hpp>
#include <eigencoder/models/branches.hpp>
#include <eigencoder/models/frozen_layers.hpp>
#include <eigencoder/models/mirror.hpp>

namespace ec = eigencoder;

namespace {

/// Parameters and state away from what they begin with; variances stay positive.
template <class M>
void fill(M& model) {
  using T = typename M::Scalar;
  const auto vector = [](ec::Index size, T low, std::size_t stream) {
    Eigen::Matrix<T, Eigen::Dynamic, 1> values(size);
    for (ec::Index i = 0; i < size; ++i) values[i] = low + static_cast<T>(ec::Random(ec::Seed{7}, 0, stream).uniform(0, i));
    return values;
  };
  model.set_parameters(vector(M::parameter_count, T(-0.4), 0));
  model.set_state(vector(M::state_count, T(0.1), 1));
}

/// The bits of a prediction, as an array of C++.
template <class Matrix>
std::string bits(const std::string& name, const Matrix& y) {
  using T = typename Matrix::Scalar;
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  std::string text = ec::message("constexpr std::uint", 8 * sizeof(T), "_t ", name, "[] = {");
  for (const T value : y.reshaped()) text += ec::message(std::bit_cast<Bits>(value), "u, ");
  return text + "};\n";
}

template <class M>
std::string exported(M& model, const std::filesystem::path& folder, const std::string& name) {
  fill(model);
  ec::export_header(model, folder / (name + ".hpp"), {.name = name});
  typename M::Matrix x(M::input.size(), 1);
  for (ec::Index i = 0; i < x.size(); ++i) x(i, 0) = input<typename M::Scalar>(static_cast<std::size_t>(i));
  const typename M::Matrix code = model.encode(x);
  return bits(name + "_code", code) + bits(name + "_y", model.reconstruct(x));
}

}  // namespace

int main(int, char** argv) {
  const std::filesystem::path folder = argv[1];
  std::string expected = "#include <cstdint>\n";

  using Dense = ec::Autoencoder<ec::Encoder<ec::image(28, 28), ec::Dense<32>, ec::ReLU>,
                                ec::Decoder<ec::features(32), ec::Dense<784>, ec::Sigmoid>>;
  Dense dense;
  expected += exported(dense, folder, "dense");

  const auto encoder = ec::encoder<ec::image(12, 12, 2)>(ec::Conv2D<4, 3, 1, ec::Init::he_normal>{}, ec::BatchNorm{0.9, 1e-5},
                                                         ec::LeakyReLU{0.1}, ec::MaxPool2D<2>{}, ec::Conv2D<3, 3>{});
  const auto decoder = ec::decoder<ec::image(6, 6, 3)>(ec::ConvTranspose2D<4, 3, 2>{}, ec::BatchNorm{}, ec::Tanh{},
                                                       ec::Conv2D<2, 3>{}, ec::Sigmoid{});
  ec::Autoencoder convolutional(encoder, decoder);
  expected += exported(convolutional, folder, "convolutional");

  // In double, with links, joins, layers that act in training alone, and settings within settings.
  const auto joined_encoder = ec::encoder<ec::features(10)>(
      ec::GaussianNoise{0.1, ec::Clip{0, 1}}, ec::Dense<8>{}, ec::ELU{0.7},
      ec::residual(ec::Dense<8>{}, ec::LayerNorm{1e-5}, ec::GELU{}), ec::Dropout{0.25}, ec::Dense<3, ec::Bias::none>{});
  const auto joined_decoder = ec::decoder<ec::features(3)>(
      ec::Dense<8>{}, ec::Softmax{}, ec::Frozen<ec::BatchNorm>{{0.5, 0.01}}, ec::TiedDense<1, ec::features(10)>{});
  ec::Autoencoder<std::remove_const_t<decltype(joined_encoder)>, std::remove_const_t<decltype(joined_decoder)>, double> joined(
      joined_encoder, joined_decoder);
  expected += exported(joined, folder, "joined");

  const auto temporal_encoder = ec::encoder<ec::sequence(6, 1)>(ec::Embedding<5, 3>{}, ec::ReverseSteps{},
                                                                ec::GRU<4, ec::Returns::sequence, ec::Truncation{3}>{},
                                                                ec::Bidirectional<ec::SimpleRNN<3>>{});
  const auto temporal_decoder = ec::decoder<ec::features(6)>(
      ec::RepeatVector<6>{}, ec::LSTM<5, ec::Returns::sequence>{ec::RecurrentDropout{0.1}}, ec::TimeDistributed{ec::LayerNorm{0.01}},
      ec::TimeDistributed<ec::Dense<2>>{}, ec::LSTM<4, ec::Returns::state>{}, ec::RecurrentDecoder<ec::LSTM<4>, 6, 1>{});
  ec::Autoencoder temporal(temporal_encoder, temporal_decoder);
  expected += exported(temporal, folder, "temporal");

  ec::write_file(folder / "expected.hpp", expected);
}
