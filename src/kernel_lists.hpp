// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "eigencoder/kernels/convolution_gradient.hpp"
#include "eigencoder/layers/activation.hpp"
#include "eigencoder/layers/gru.hpp"
#include "eigencoder/layers/lstm.hpp"
#include "eigencoder/layers/simple_rnn.hpp"
#include "eigencoder/optimizers/adam.hpp"
#include "eigencoder/optimizers/sgd.hpp"

// Which kernels the component has: those that say `compiled`, in groups of which each is a file. One that is missing here is an
// undefined reference to Compiled<…>::levels in a program that uses it.
namespace eigencoder::kernels {

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
using Products = FloatAndDouble<ProductsOf>;

// Convolutions

template <class T>
using ConvolutionsOf =
    TypeList<detail::PackCorrelate<T>, detail::PackCorrelateTranspose<T>, detail::Correlate<T>, detail::CorrelateTranspose<T>,
             detail::AddCorrelateGradient<T>, detail::AddCorrelateTransposeGradient<T>, detail::AddSum<T>>;
using Convolutions = FloatAndDouble<ConvolutionsOf>;

// Activations

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

}  // namespace eigencoder::kernels

/// Calls group(name, list) for every file.
#define EIGENCODER_KERNEL_GROUPS(group) \
  group(products, Products)             \
  group(convolutions, Convolutions)     \
  group(activations, Activations)       \
  group(recurrences, Recurrences)       \
  group(updates, Updates)
