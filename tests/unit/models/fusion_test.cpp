// SPDX-License-Identifier: MIT
#include "check_fusion.hpp"

using namespace eigencoder;
using fusion::check;

template <Shape In, class... L>
using ChainOf = Chain<float, In, static_cast<std::size_t>(-1), L...>;

TEST_CASE("fusion: what is marked") {
  using Pooled = ChainOf<image(8, 8), Conv2D<4, 3>, ReLU, MaxPool2D<2>, Conv2D<4, 3>, UpSample2D<2>, Conv2D<1, 3>, Sigmoid>;
  static_assert(Pooled::takes_over == std::array{false, false, true, false, false, true, false});
  static_assert(Pooled::parameter_count == 4 * 9 + 4 + 4 * 4 * 9 + 4 + 4 * 9 + 1);
  // Strides, dilations and unpadded borders look at the large image otherwise; linear interpolation makes another one.
  static_assert(!ChainOf<image(8, 8), UpSample2D<2>, Conv2D<4, 3, 2>>::takes_over[1]);
  static_assert(!ChainOf<image(8, 8), UpSample2D<2>, Conv2D<4, 3, 1, Padding::valid>>::takes_over[1]);
  static_assert(!ChainOf<image(8, 8), UpSample2D<2>, Conv2D<4, 3, 1, Dilation{2}>>::takes_over[1]);
  static_assert(!ChainOf<image(8, 8), UpSample2D<2, Interpolation::bilinear>, Conv2D<4, 3>>::takes_over[1]);
  static_assert(!ChainOf<image(8, 8), SiLU, MaxPool2D<2>>::takes_over[1]);
  // The code exists, whatever lies on both sides of it.
  static_assert(!Chain<float, image(8, 8), 1, UpSample2D<2>, Conv2D<4, 3>>::takes_over[1]);
}

TEST_CASE("fusion: an activation in the store of a convolution") {
  check<double, image(5, 7), Conv2D<17, 3>, ReLU, Conv2D<1, 3>, Tanh>();
  check<float, image(6, 3, 2), ConvTranspose2D<5, 3, 2>, LeakyReLU, ConvTranspose2D<16, 4, 2>, ELU>();
}

TEST_CASE("fusion: an activation and a max pool") {
  check<double, image(8, 6), Conv2D<3, 3>, ReLU, MaxPool2D<2>, Conv2D<2, 3>>();
  check<double, image(5, 5, 2), Conv2D<4, 2>, LeakyReLU, MaxPool2D<3, 2, Padding::same>, Conv2D<4, 3>, Softplus,
        MaxPool2D<2, 1>>();
}

TEST_CASE("fusion: a final sigmoid and binary cross-entropy") {
  check<float, image(4, 4), Conv2D<8, 3>, ReLU, UpSample2D<2>, Conv2D<1, 3>, Sigmoid>(BinaryCrossEntropy{});
}

TEST_CASE("fusion: an autoencoder, its encoder and its decoder alone") {
  using E = Encoder<image(8, 8), Conv2D<6, 3>, ReLU, MaxPool2D<2>, UpSample2D<2>>;
  using D = Decoder<E::output, Conv2D<4, 3>, ReLU, MaxPool2D<2>, UpSample2D<2>, Conv2D<1, 3>, Sigmoid>;
  const Autoencoder<E, D, double> model{Seed{3}};
  const Eigen::MatrixXd x = Eigen::MatrixXd::Random(64, 3);
  const Eigen::MatrixXd codes = model.encode(x);
  CHECK(model.decode(codes) == model.reconstruct(x));
  CHECK(model.decoder().predict(codes).isApprox(model.decode(codes), 1e-12));

  using FromTheCode = Decoder<image(4, 4, 6), UpSample2D<2>, Conv2D<4, 3>, ReLU, Conv2D<1, 3>>;
  const Autoencoder<Encoder<image(8, 8), Conv2D<6, 3>, MaxPool2D<2>>, FromTheCode, double> other{Seed{4}};
  CHECK(other.decode(other.encode(x)) == other.reconstruct(x));
  CHECK(other.decoder().predict(other.encode(x)).isApprox(other.reconstruct(x), 1e-12));
}

TEST_CASE("fusion: where values stop being finite is found among layers that run as one") {
  using Layers = Sequential<image(4, 4), Conv2D<2, 3>, Sigmoid, MaxPool2D<2>, UpSample2D<2>, Conv2D<1, 3>, Dense<2>>;
  Network<Layers> model{Seed{1}};
  Eigen::MatrixXf x = Eigen::MatrixXf::Ones(16, 3);
  CHECK(diagnose(model, Samples<float>(x)) == "every activation is finite, the loss itself is not.");
  model.parameter("layer.4.weight").setConstant(2e38F);
  CHECK(diagnose(model, Samples<float>(x)).find("after layer layer.4, Conv2D<1, 3") != std::string::npos);
}
