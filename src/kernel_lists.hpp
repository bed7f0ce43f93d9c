// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "eigencoder/kernels/bfloat16_convolution.hpp"
#include "eigencoder/kernels/compact_weights.hpp"
#include "eigencoder/kernels/convolution_gradient.hpp"
#include "eigencoder/kernels/depthwise.hpp"
#include "eigencoder/kernels/nearest.hpp"
#include "eigencoder/kernels/pooling.hpp"
#include "eigencoder/kernels/resampling.hpp"
#include "eigencoder/kernels/sparse.hpp"
#include "eigencoder/layers/activation.hpp"
#include "eigencoder/layers/batch_norm.hpp"
#include "eigencoder/layers/dropout.hpp"
#include "eigencoder/layers/entropy_bottleneck.hpp"
#include "eigencoder/layers/gaussian_sample.hpp"
#include "eigencoder/layers/gru.hpp"
#include "eigencoder/layers/join.hpp"
#include "eigencoder/layers/k_sparse.hpp"
#include "eigencoder/layers/layer_norm.hpp"
#include "eigencoder/layers/lstm.hpp"
#include "eigencoder/layers/random_mask.hpp"
#include "eigencoder/layers/scale.hpp"
#include "eigencoder/layers/simple_rnn.hpp"
#include "eigencoder/layers/softmax.hpp"
#include "eigencoder/losses/categorical_cross_entropy.hpp"
#include "eigencoder/losses/contractive.hpp"
#include "eigencoder/losses/gaussian_kl.hpp"
#include "eigencoder/losses/huber.hpp"
#include "eigencoder/losses/likelihood.hpp"
#include "eigencoder/losses/mmd.hpp"
#include "eigencoder/losses/rate.hpp"
#include "eigencoder/optimizers/adam.hpp"
#include "eigencoder/optimizers/sgd.hpp"

// Which kernels the component has: those that say `compiled`, in groups of which each is a file. One that is missing here is an
// undefined reference to Compiled<…>::levels in a program that uses it.
namespace eigencoder::kernels {

/// Types, as a list.
template <class... Types>
struct TypeList {};

template <class... Lists>
struct Joined;
template <class... Types>
struct Joined<TypeList<Types...>> {
  using type = TypeList<Types...>;
};
template <class... A, class... B, class... Rest>
struct Joined<TypeList<A...>, TypeList<B...>, Rest...> : Joined<TypeList<A..., B...>, Rest...> {};
template <class... Lists>
using Join = typename Joined<Lists...>::type;

template <template <class> class ListOf>
using FloatAndDouble = Join<ListOf<float>, ListOf<double>>;

template <class List>
inline constexpr std::size_t length = 0;
template <class... Types>
inline constexpr std::size_t length<TypeList<Types...>> = sizeof...(Types);

template <class List>
using Functions = std::array<Function, length<List>>;

// Products

template <class T>
using ProductsOf =
    TypeList<detail::Product<T, false, false>, detail::Product<T, false, true>, detail::Product<T, true, false>,
             detail::ProductWithVector<T>, detail::AddColumns<T>, detail::SquareRows<T>>;
using CompactProducts =
    TypeList<detail::QuantiseColumns, detail::CompactProduct<WeightFormat::bfloat16>, detail::CompactProduct<WeightFormat::int8>>;
using Products = Join<FloatAndDouble<ProductsOf>, CompactProducts>;

// Convolutions

template <class T>
using ConvolutionsOf =
    TypeList<detail::PackCorrelate<T>, detail::PackCorrelateTranspose<T>, detail::Correlate<T>, detail::CorrelateTranspose<T>,
             detail::AddCorrelateGradient<T>, detail::AddCorrelateTransposeGradient<T>, detail::AddSum<T>>;
using Convolutions = FloatAndDouble<ConvolutionsOf>;

// Products and convolutions in bfloat16

using Bfloat16 = TypeList<detail::ProductInBfloat16<float>, detail::ConvolutionInBfloat16<detail::Correlate<float>, float>,
                          detail::ConvolutionInBfloat16<detail::CorrelateTranspose<float>, float>,
                          detail::GradientInBfloat16<float, false>, detail::GradientInBfloat16<float, true>>;

// Pooling, resampling and depthwise convolutions

template <class T>
using PixelsOf = TypeList<detail::MaxPool<T, false>, detail::MaxPool<T, true>, detail::PutInPlace<T>, detail::TakeFromPlace<T>,
                          detail::SumWindows<T>, detail::SpreadWindows<T>, detail::EnlargeBilinear<T>, detail::ReduceBilinear<T>,
                          detail::Depthwise<T>, detail::AddDepthwiseGradient<T>>;
using Pixels = FloatAndDouble<PixelsOf>;

// Activations

using CompiledActivations = TypeList<Identity, ReLU, LeakyReLU, ELU, Sigmoid, Tanh, Softplus, Softsign>;
using CompiledInputActivations = TypeList<SiLU, GELU>;

template <class T, class List, class InputList>
struct ActivationsFrom;
template <class T, class... F, class... InputF>
struct ActivationsFrom<T, TypeList<F...>, TypeList<InputF...>> {
  using type = Join<TypeList<ApplyWritten<T, F>...>, TypeList<DifferentiateWritten<T, F>...>,
                    TypeList<detail::Transform<T, eigencoder::detail::Activated<F>, 1>...>,
                    TypeList<detail::Transform<T, eigencoder::detail::TimesDerivative<F>, 2>...>,
                    TypeList<ApplyWritten<T, InputF>...>, TypeList<detail::Transform<T, eigencoder::detail::Activated<InputF>, 1>...>,
                    TypeList<detail::Transform<T, eigencoder::detail::TimesSlope<InputF>, 2>...>>;
};
template <class T>
using ActivationsOf = typename ActivationsFrom<T, CompiledActivations, CompiledInputActivations>::type;
using Activations = FloatAndDouble<ActivationsOf>;

// Recurrences

template <class Cell, class T>
using RecurrencesOfCell = TypeList<detail::PackRecurrenceForward<Cell, T>, detail::PackRecurrenceBackward<Cell, T>,
                                   detail::ForwardSteps<Cell, T>, detail::BackwardSteps<Cell, T>>;
template <class T>
using RecurrencesOf = Join<RecurrencesOfCell<eigencoder::detail::LSTMCell, T>, RecurrencesOfCell<eigencoder::detail::GRUCell, T>,
                           RecurrencesOfCell<eigencoder::detail::SimpleRNNCell, T>>;
using Recurrences = FloatAndDouble<RecurrencesOf>;

// Updates of parameters

template <class T>
using UpdatesOf =
    TypeList<detail::SumSquares<T>, detail::AddValues<T>, eigencoder::detail::UpdateStretch<T, Adam::slots, Adam::Step>,
             eigencoder::detail::UpdateStretch<T, AdamW::slots, AdamW::Step>, eigencoder::detail::UpdateStretch<T, SGD::slots, SGD>>;
using Updates = FloatAndDouble<UpdatesOf>;

// Losses: value alone, with its gradient, and with the gradient added. Penalties always add it.

template <class T, class F, std::size_t Also = 0>
using LossOf = TypeList<detail::SumPointwise<false, false, T, F, Also>, detail::SumPointwise<true, false, T, F, Also>,
                        detail::SumPointwise<true, true, T, F, Also>>;
template <class T, class... F>
using LossesWithWeights = Join<LossOf<T, F>..., LossOf<T, eigencoder::detail::Counted<F>, 1>...>;
template <class T, class... F>
using Penalties = Join<TypeList<detail::SumPointwise<false, false, T, eigencoder::detail::OfValue<F>, 0>,
                                detail::SumPointwise<true, true, T, eigencoder::detail::OfValue<F>, 0>>...>;
template <class T, class Targets>
using CrossEntropyOf =
    TypeList<detail::SoftmaxCrossEntropy<false, false, T, Targets>, detail::SoftmaxCrossEntropy<true, false, T, Targets>,
             detail::SoftmaxCrossEntropy<true, true, T, Targets>>;
template <class T>
using LossesOf = Join<LossesWithWeights<T, eigencoder::detail::OfDifference<eigencoder::detail::Square>,
                                        eigencoder::detail::OfDifference<eigencoder::detail::Absolute>, Huber::At,
                                        BinaryCrossEntropyOnLogits::At, BinaryCrossEntropy::At, Gaussian::At, Laplace::At>,
                      LossOf<T, CategoricalCrossEntropy::At>,
                      Penalties<T, eigencoder::detail::Square, eigencoder::detail::Absolute,
                                eigencoder::detail::DivergenceOfMean, eigencoder::detail::DivergenceOfLogVariance>,
                      CrossEntropyOf<T, ChannelTargets<T>>, CrossEntropyOf<T, ClassTargets<T>>>;

template <class T, class List>
struct ContractiveFrom;
template <class T, class... F>
struct ContractiveFrom<T, TypeList<F...>> {
  using type = TypeList<detail::Transform<T, eigencoder::detail::AddSquaredSlope<F>, 2>...,
                        detail::Transform<T, eigencoder::detail::AddSlopeGradient<F>, 3>...,
                        detail::Transform<T, eigencoder::detail::AddSquaredSlope<NoActivation>, 2>,
                        detail::Transform<T, eigencoder::detail::AddProduct, 3>>;
};
template <class T>
using CodeLossesOf = Join<typename ContractiveFrom<T, CompiledActivations>::type, TypeList<CompareCodes<T>>>;
using Losses = Join<FloatAndDouble<LossesOf>, FloatAndDouble<CodeLossesOf>>;

// Random draws

template <class T>
using DrawsOf =
    TypeList<detail::TransformDraws<Uniform, T, Drawn, 0>, detail::TransformDraws<Normal, T, Drawn, 0>,
             detail::TransformDraws<Uniform, T, DrawnFactor, 0>, detail::TransformDraws<Uniform, T, DrawnBelow, 0>,
             detail::TransformDraws<Normal, T, Scaled, 0>, detail::TransformDraws<Uniform, T, eigencoder::detail::ClearHit, 1>,
             detail::TransformDraws<Normal, T, GaussianNoise::AddNoise, 1>,
             detail::Transform<T, GaussianNoise::BetweenBounds, 2>,
             detail::TransformDraws<Uniform, T, SaltAndPepperNoise::Replace, 1>,
             detail::TransformDraws<Normal, T, GaussianSample::Sample, 2>,
             detail::TransformDraws<Normal, T, GaussianSample::LogVarianceGradient, 2>,
             detail::TransformDraws<Uniform, T, EntropyBottleneck::AddUniform, 1>,
             detail::Transform<T, EntropyBottleneck::Round, 1>, detail::Transform<T, eigencoder::detail::Hide, 2>,
             detail::Transform<T, eigencoder::detail::HiddenOrSeen, 1>, detail::Transform<T, Scaled, 1>>;
using Draws = FloatAndDouble<DrawsOf>;

// Values of channels, and of sparse vectors

template <class T, class F, std::size_t ByChannel, std::size_t In>
using Transformed = detail::TransformChannels<T, F, ByChannel, In>;
template <class T, class F, std::size_t ByChannel, std::size_t In>
using Summed = detail::SumChannels<T, F, ByChannel, In>;
template <class T, class List>
struct ChannelsFrom;
template <class T, class... F>
struct ChannelsFrom<T, TypeList<F...>> {
  using type =
      Join<TypeList<Transformed<T, Affine<F>, 2, 1>...>, TypeList<Transformed<T, eigencoder::detail::TimesFactor<F>, 1, 1>...>,
           TypeList<Transformed<T, eigencoder::detail::NormalisedGradient<F>, 3, 2>...>,
           TypeList<Transformed<T, eigencoder::detail::TimesFactorAndSlope<F>, 1, 2>...>, TypeList<NormalisePixels<T, F>...>,
           TypeList<NormalisedPixelsGradient<T, F>...>, TypeList<detail::Transform<T, eigencoder::detail::SumThen<F>, 2>...>>;
};
template <class T>
using FusedOf = typename ChannelsFrom<T, Join<TypeList<NoActivation>, CompiledActivations>>::type;
template <class T>
using ChannelsOf =
    TypeList<Summed<T, eigencoder::detail::DifferencesFrom, 1, 1>, Summed<T, eigencoder::detail::ProductsFrom, 1, 2>,
             Summed<T, eigencoder::detail::ProductsWithInput, 0, 2>, Transformed<T, SpatialDropout2D::KeepChannel, 1, 1>,
             Summed<T, Rate::Nats<false>, 1, 1>, Summed<T, Rate::Nats<true>, 1, 1>, Transformed<T, Rate::AddGradient, 1, 2>,
             SoftmaxChannels<T>, SoftmaxGradient<T>, detail::Transform<T, eigencoder::detail::WhereKept, 2>,
             detail::LargestScores<T>, detail::AddEntries<T>, detail::AnswerEntries<T>, detail::AddOuter<T>>;
using Channels = Join<FloatAndDouble<FusedOf>, FloatAndDouble<ChannelsOf>>;

}  // namespace eigencoder::kernels

/// Calls group(name, list) for every file, and for those that are compiled for v4 with AVX-512 BF16 alone: v4_bf16.
#define EIGENCODER_KERNEL_GROUPS(group) \
  group(products, Products)             \
  group(convolutions, Convolutions)     \
  group(pixels, Pixels)                 \
  group(activations, Activations)       \
  group(recurrences, Recurrences)       \
  group(updates, Updates)               \
  group(losses, Losses)                 \
  group(draws, Draws)                   \
  group(channels, Channels)
#define EIGENCODER_BFLOAT16_GROUPS(group) group(bfloat16, Bfloat16)
