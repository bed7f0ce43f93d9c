// SPDX-License-Identifier: MIT
// A file that is loaded as a model, and described. It is refused by an Error, or its model predicts.
#include <cstddef>
#include <cstdint>

#include <eigencoder/eigencoder.hpp>
#include <eigencoder/io/describe.hpp>
#include <eigencoder/io/model_file.hpp>

namespace ec = eigencoder;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using Encoder = ec::Encoder<ec::features(3), ec::Dropout, ec::Dense<2>, ec::LeakyReLU>;
  using Decoder = ec::Decoder<ec::features(2), ec::Dense<3>, ec::BatchNorm>;
  static const ec::Autoencoder made{ec::encoder<ec::features(3)>(ec::Dropout{0.5}, ec::Dense<2>{}, ec::LeakyReLU{}), Decoder{}};
  static const auto whole = ec::detail::model_facts(made);
  static const auto half = ec::detail::model_facts(made.decoder());
  using Model = ec::Autoencoder<Encoder, Decoder>;
  const std::byte* const bytes = reinterpret_cast<const std::byte*>(data);
  try {
    const ec::SafetensorsFile file = ec::parse_safetensors({bytes, bytes + size});
    const std::string name = "a file";
    ec::detail::describe(file, name);
    double number = 0;
    ec::Standardizer<float> scaler;
    Eigen::MatrixXd matrix;
    Eigen::RowVectorXf row;
    for (const ec::LoadedValue& value : std::vector<ec::LoadedValue>{{"n", number}, {"s", scaler}, {"m", matrix}, {"m", row}}) {
      try {
        ec::detail::prepare_values(file, {value}, name).front()();
      } catch (const ec::Error&) {
      }
    }
    for (const ec::detail::ModelFacts* facts : {&whole, &half}) {
      for (const bool check : {true, false}) {
        try {
          ec::detail::Contents<float> contents{std::vector<float>(Model::parameter_count),
                                               std::vector<float>(Model::state_count)};
          const ec::LoadOptions options{.in_order = !check, .check_layers = check, .non_finite = size % 2 == 0};
          ec::detail::ModelReader(file, *facts, options, name).read(contents);
        } catch (const ec::Error&) {
        }
      }
    }
  } catch (const ec::Error&) {
  }
  return 0;
}
