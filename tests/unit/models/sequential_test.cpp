// SPDX-License-Identifier: MIT
#include <cstring>

#include "support/catch.hpp"
#include <eigencoder/eigencoder.hpp>

namespace ec = eigencoder;

namespace {

template <class Layer>
bool by_default(const Layer& made) {
  if constexpr (std::is_empty_v<Layer>) return true;
  const Layer expected{};
  return std::memcmp(&made, &expected, sizeof(Layer)) == 0;  // of doubles alone: no gaps
}

/// Checks a list that is made by default, on its own and within a model.
template <class R>
void check_options() {
  INFO(ec::type_name<R>());
  const auto check = [](const auto& layers) {
    std::apply([](const auto&... made) { CHECK((by_default(made) && ...)); }, layers);
  };
  R left_out;
  check(left_out.layers);
  check(R{}.layers);
  static constexpr R constant{};
  check(constant.layers);
}

/// Every layer with options after Before, in pairs and all in a row.
template <ec::Shape In, class Before>
void check_after() {
  check_options<ec::Sequential<In, Before, ec::LeakyReLU>>();
  check_options<ec::Sequential<In, Before, ec::ELU>>();
  check_options<ec::Sequential<In, Before, ec::BatchNorm>>();
  check_options<ec::Sequential<In, Before, ec::LayerNorm>>();
  check_options<ec::Sequential<In, Before, ec::VectorQuantizer<3>>>();
  check_options<ec::Encoder<In, Before, ec::BatchNorm, Before, ec::ELU, ec::Dense<2>, ec::LayerNorm, ec::LeakyReLU>>();
}

template <ec::Shape In, class... Before>
void check_after_each() {
  (check_after<In, Before>(), ...);
}

}  // namespace

TEST_CASE("sequential: a list made by default has its layers' options, whatever layer lies before") {
  check_after_each<ec::features(32), ec::Dense<3>, ec::Identity, ec::ReLU, ec::Sigmoid, ec::Tanh, ec::Softplus, ec::SiLU,
                   ec::GELU, ec::Softmax, ec::KSparse<2>, ec::GaussianSample, ec::TiedDense<0, ec::features(32)>>();
  check_after_each<ec::image(4, 4, 2), ec::Conv2D<2, 1>, ec::ConvTranspose2D<2, 1>, ec::DepthwiseConv2D<1>, ec::MaxPool2D<2>,
                   ec::AvgPool2D<2>, ec::GlobalAvgPool2D, ec::MaxUnpool2D<0, 2>, ec::UpSample2D<2>,
                   ec::UpSample2D<2, ec::Interpolation::bilinear>, ec::ZeroPad2D<ec::Border{1, 1, 1, 1}>,
                   ec::Crop2D<ec::Border{1, 0, 1, 0}>, ec::Reshape<ec::image(4, 4, 2)>,
                   ec::TiedConv2D<0, ec::image(4, 4, 2), 1>>();
  check_after_each<ec::sequence(16, 2), ec::Conv1D<2, 1>, ec::ConvTranspose1D<2, 1>, ec::MaxPool1D<2>, ec::AvgPool1D<2>,
                   ec::UpSample1D<2>>();
}
