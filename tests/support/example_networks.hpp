// SPDX-License-Identifier: MIT
#pragma once

#include <eigencoder/eigencoder.hpp>

/// The networks of examples 01 to 05, 08 and 10, in either scalar.
namespace networks {

namespace ec = eigencoder;

template <ec::Index Code>
using ShallowEncoder = ec::Encoder<ec::image(28, 28), ec::Dense<Code>, ec::ReLU>;
template <ec::Index Code>
using ShallowDecoder = ec::Decoder<ec::features(Code), ec::Dense<784>, ec::Sigmoid>;
template <class T>
using Simple = ec::Autoencoder<ShallowEncoder<32>, ShallowDecoder<32>, T>;
template <class T>
using Vanilla = ec::Autoencoder<ShallowEncoder<64>, ShallowDecoder<64>, T>;

using DeepEncoder = ec::Encoder<ec::image(28, 28), ec::Dense<512>, ec::ReLU, ec::Dense<256>, ec::ReLU, ec::Dense<128>, ec::ReLU,
                                ec::Dense<64>, ec::ReLU>;
using DeepDecoder = ec::Decoder<ec::features(64), ec::Dense<128>, ec::ReLU, ec::Dense<256>, ec::ReLU, ec::Dense<512>, ec::ReLU,
                                ec::Dense<784>, ec::Sigmoid>;
template <class T>
using Deep = ec::Autoencoder<DeepEncoder, DeepDecoder, T>;

using SymmetricEncoder =
    ec::Encoder<ec::image(8, 8), ec::Dense<32>, ec::ReLU, ec::Dense<32>, ec::ReLU, ec::Dense<16>, ec::ReLU>;
using SymmetricDecoder =
    ec::Decoder<ec::features(16), ec::Dense<32>, ec::ReLU, ec::Dense<32>, ec::ReLU, ec::Dense<64>, ec::ReLU>;
template <class T>
using Symmetric = ec::Autoencoder<SymmetricEncoder, SymmetricDecoder, T>;

using PoolingEncoder =
    ec::Encoder<ec::image(28, 28), ec::Conv2D<16, 3>, ec::ReLU, ec::MaxPool2D<2>, ec::Conv2D<8, 3>, ec::ReLU, ec::MaxPool2D<2>>;
using TransposingDecoder =
    ec::Decoder<ec::image(7, 7, 8), ec::ConvTranspose2D<16, 3, 2>, ec::ReLU, ec::ConvTranspose2D<1, 3, 2>, ec::Sigmoid>;
using UnpoolingDecoder = ec::Decoder<ec::image(7, 7, 8), ec::MaxUnpool2D<5, 2>, ec::Conv2D<16, 3>, ec::ReLU,
                                     ec::MaxUnpool2D<2, 2>, ec::Conv2D<1, 3>, ec::Sigmoid>;
template <class T>
using Transposing = ec::Autoencoder<PoolingEncoder, TransposingDecoder, T>;
template <class T>
using Unpooling = ec::Autoencoder<PoolingEncoder, UnpoolingDecoder, T>;

/// Without the noise, which is the data's business here.
using DenoisingEncoder = ec::Encoder<ec::image(28, 28), ec::Conv2D<32, 3>, ec::ReLU, ec::MaxPool2D<2>, ec::Conv2D<32, 3>,
                                     ec::ReLU, ec::MaxPool2D<2>>;
using DenoisingDecoder = ec::Decoder<ec::image(7, 7, 32), ec::Conv2D<32, 3>, ec::ReLU, ec::UpSample2D<2>, ec::Conv2D<32, 3>,
                                     ec::ReLU, ec::UpSample2D<2>, ec::Conv2D<1, 3>, ec::Sigmoid>;
template <class T>
using Denoiser = ec::Autoencoder<DenoisingEncoder, DenoisingDecoder, T>;

using VariationalEncoder = ec::Encoder<ec::image(28, 28), ec::Dense<512>, ec::ReLU>;
using VariationalDecoder = ec::Decoder<ec::features(2), ec::Dense<512>, ec::ReLU, ec::Dense<784>, ec::Sigmoid>;
template <class T>
using Variational = ec::VariationalAutoencoder<VariationalEncoder, ec::Latent<2>, VariationalDecoder, T>;

/// The rows of an image as 28 steps; the last output is the code, which the decoder is given at every step.
template <template <ec::Index, auto...> class Cell, class T>
using Recurrent = ec::Autoencoder<ec::Encoder<ec::sequence(28, 28), Cell<64>>,
                                  ec::Decoder<ec::features(64), ec::RepeatVector<28>, Cell<64, ec::Returns::sequence>, ec::Conv1D<28, 1>>, T>;
template <class T>
using LstmAutoencoder = Recurrent<ec::LSTM, T>;
template <class T>
using GruAutoencoder = Recurrent<ec::GRU, T>;

}  // namespace networks
