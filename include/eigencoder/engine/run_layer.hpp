// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/engine/steps.hpp"

// Fills the passes of one layer from raw memory: the one place where a layer of a chain is called.
namespace eigencoder {

/// The parameters of a network and what is derived from them, as raw memory laid out by the chain.
template <class T>
struct Parameters {
  const T* theta = nullptr;
  const T* state = nullptr;
  const T* packed = nullptr;
  bool forward_only = false;  ///< `packed` has what forward reads alone
  Precision precision = Precision::float32;
};

/// Where layer I's operands and working memory lie for some columns. What the layer has not asked for may be null.
template <class T>
struct LayerMemory {
  const T* x = nullptr;
  T* y = nullptr;
  T* cache = nullptr;
  T* scratch = nullptr;
  T* scratch_per_sample = nullptr;
  const T* source_cache = nullptr;  ///< of the layer it links to
  const T* joined = nullptr;        ///< the activation that it joins
  const T* targets = nullptr;       ///< in training, of the network
  T* carry = nullptr;               ///< in a stream, what the layer keeps between calls
  const T* dy = nullptr;            ///< backward alone, as are the following
  T* dx = nullptr;
  T* djoined = nullptr;   ///< added to
  T* gradient = nullptr;  ///< of the whole theta
};

/// What layer I needs to know of the batch.
struct LayerBatch {
  Index columns = 0, batch = 0;  ///< in this call, and in the whole batch
  Random random{};
  std::span<const double> sums{}, dsums{};  ///< this layer's totals
  std::span<double> tallies{};              ///< and its share of the tallies
  const Index* lengths = nullptr;           ///< of the network's inputs in these columns; null: they have all steps
};

namespace detail {

template <class C>
constexpr Index packed_at(std::size_t i, bool forward_only) {
  return forward_only ? C::forward_packed_at[i] : C::packed_at[i];
}

/// The lengths of what layer I reads, if it asks for them. Where this has none, such as a vector that is repeated, those of the
/// sequence that the layer makes of it.
template <class C, std::size_t I, class S>
auto lengths_of(const LayerBatch& batch) {
  if constexpr (S::needs.lengths) {
    using Of = Steps<C>;
    constexpr std::size_t at = Of::template known<C::reads(I)> ? C::reads(I) : Of::template known<I> ? I : I + 1;
    return Of::template lengths<at>(batch.lengths);
  } else {
    return Absent<asked_for::lengths>{};
  }
}

template <class C, std::size_t I, class S, class T>
SourceView<S> source_view(const T* theta, const LayerMemory<T>& memory, Index columns) {
  using Source = typename S::Source;
  if constexpr (std::is_void_v<Source>) {
    return {};
  } else if constexpr (S::needs.joins) {
    return {.y = MatrixView<const T>(memory.joined, Source::out.size(), columns),
            .dy = decltype(SourceView<S>::dy)(memory.djoined, Source::out.size(), columns)};
  } else {
    constexpr Index at = C::theta_at[static_cast<std::size_t>(C::links[I])];
    return {.theta = Source::Trainable::views(theta + at),
            .dtheta = Source::Trainable::views(memory.gradient ? memory.gradient + at : nullptr),
            .cache = MatrixView<const T>(memory.source_cache, Source::needs.cache, columns)};
  }
}

}  // namespace detail

/// Derives what layers keep packed from theta: C::packed_at[C::size] scalars, or, for forward alone, C::forward_packed_at[C::size].
template <class C>
void prepare(const typename C::Layers& layers, const typename C::Scalar* theta, typename C::Scalar* packed,
             bool forward_only = false) {
  C::for_each_layer([&]<std::size_t I>() {
    using S = typename C::template stage<I>;
    if constexpr (S::needs.packed > 0) {
      C::template recipe<I>(layers).prepare(
          Prepare<S>{.theta = S::Trainable::views(theta + C::theta_at[I]),
                     .source = detail::source_view<C, I, S>(theta, LayerMemory<typename C::Scalar>{}, 0),
                     .packed = VectorView<typename C::Scalar>(packed + detail::packed_at<C>(I, forward_only),
                                                              S::needs.packed - (forward_only ? S::needs.backward_packed : 0))});
    }
  });
}

/// A shard's share of the totals that layer I needs before forward, and before backward.
template <class C, std::size_t I, class S>
void run_gather(const typename C::Layers& layers, const LayerMemory<typename C::Scalar>& memory, const LayerBatch& batch,
                std::span<double> share) {
  using T = typename C::Scalar;
  C::template recipe<I>(layers).gather(
      Gather<S>{.x = MatrixView<const T>(memory.x, S::in.size(), batch.columns),
                .sums = share,
                .lengths = detail::lengths_of<C, I, S>(batch)});
}
template <class C, std::size_t I, class S>
void run_gather_backward(const typename C::Layers& layers, const Parameters<typename C::Scalar>& parameters,
                         const LayerMemory<typename C::Scalar>& memory, const LayerBatch& batch, std::span<double> share) {
  using T = typename C::Scalar;
  C::template recipe<I>(layers).gather_backward(
      GatherBackward<S>{.theta = S::Trainable::views(parameters.theta + C::theta_at[I]),
                        .x = MatrixView<const T>(memory.x, S::in.size(), batch.columns),
                        .dy = MatrixView<const T>(memory.dy, S::out.size(), batch.columns),
                        .sums = batch.sums,
                        .dsums = share,
                        .batch = batch.batch,
                        .lengths = detail::lengths_of<C, I, S>(batch)});
}

/// Totals of a batch → layer I's running state, once a step.
template <class C, std::size_t I, class S>
void run_settle(const typename C::Layers& layers, typename C::Scalar* state, Index batch, std::span<const double> sums,
                std::span<const double> tallies) {
  C::template recipe<I>(layers).settle(
      Settle<S>{.state = S::Running::views(state + C::state_at[I]), .sums = sums, .batch = batch, .tallies = tallies});
}

/// The same of all layers that have some, of the totals of a step in which the tallies begin at tallies_begin.
template <class C>
void settle(const typename C::Layers& layers, typename C::Scalar* state, Index batch, std::span<const double> totals,
            Index tallies_begin) {
  C::for_each_layer([&]<std::size_t I>() {
    using S = typename C::template stage<I>;
    if constexpr (S::Running::count > 0) {
      run_settle<C, I, S>(layers, state, batch, detail::part(totals, C::sums_at[I], S::needs.sums),
                          detail::part(totals, tallies_begin + C::tallies_at[I], S::needs.tallies));
    }
  });
}

/// Layer I of a chain forward, x → y. S is its stage, with the epilogue that it applies.
template <class C, std::size_t I, class S, Mode M>
void run_forward(const typename C::Layers& layers, const Parameters<typename C::Scalar>& parameters,
                 const LayerMemory<typename C::Scalar>& memory, const LayerBatch& batch) {
  using T = typename C::Scalar;
  if constexpr (M != Mode::train && S::needs.training_only) {
    if (memory.x != memory.y) std::copy_n(memory.x, S::in.size() * batch.columns, memory.y);
  } else {
    using Pass = Forward<S, M>;
    C::template recipe<I>(layers).forward(
        Pass{.theta = S::Trainable::views(parameters.theta + C::theta_at[I]),
             .state = S::Running::views(parameters.state + C::state_at[I]),
             .packed = decltype(Pass::packed)(parameters.packed + detail::packed_at<C>(I, parameters.forward_only), S::needs.packed - S::needs.backward_packed),
             .source = detail::source_view<C, I, S>(parameters.theta, memory, batch.columns),
             .x = MatrixView<const T>(memory.x, S::in.size(), batch.columns),
             .y = MatrixView<T>(memory.y, S::out.size(), batch.columns),
             .cache = decltype(Pass::cache)(memory.cache, S::needs.cache, batch.columns),
             .scratch = decltype(Pass::scratch)(memory.scratch, S::needs.scratch),
             .scratch_per_sample =
                 decltype(Pass::scratch_per_sample)(memory.scratch_per_sample, S::needs.scratch_per_sample, batch.columns),
             .random = batch.random,
             .sums = batch.sums,
             .tallies = decltype(Pass::tallies)(batch.tallies),
             .batch = batch.batch,
             .lengths = detail::lengths_of<C, I, S>(batch),
             .carry = decltype(Pass::carry)(memory.carry),
             .targets = decltype(Pass::targets)(memory.targets, S::out.size(), batch.columns),
             .precision = parameters.precision,
             .epilogue = applied_layer<typename S::Epilogue, I + 1>(layers)});
    detail::clear_padding<C, I + 1>(memory.y, batch.columns, batch.lengths);
  }
}

namespace detail {

template <class C, std::size_t I, class S, bool InputGradient>
Backward<S, InputGradient> backward_pass(const typename C::Layers& layers, const Parameters<typename C::Scalar>& parameters,
                                         const LayerMemory<typename C::Scalar>& memory, const LayerBatch& batch) {
  using T = typename C::Scalar;
  using Pass = Backward<S, InputGradient>;
  return {.theta = S::Trainable::views(parameters.theta + C::theta_at[I]),
          .dtheta = S::Trainable::views(memory.gradient ? memory.gradient + C::theta_at[I] : nullptr),
          .packed = decltype(Pass::packed)(parameters.packed + C::packed_at[I], S::needs.packed),
          .source = detail::source_view<C, I, S>(parameters.theta, memory, batch.columns),
          .x = decltype(Pass::x)(memory.x, S::in.size(), batch.columns),
          .y = decltype(Pass::y)(memory.y, S::out.size(), batch.columns),
          .dy = MatrixView<const T>(memory.dy, S::out.size(), batch.columns),
          .dx = decltype(Pass::dx)(memory.dx, S::in.size(), batch.columns),
          .cache = decltype(Pass::cache)(memory.cache, S::needs.cache, batch.columns),
          .scratch = decltype(Pass::scratch)(memory.scratch, std::max(S::needs.scratch, S::needs.backward_scratch)),
          .scratch_per_sample =
              decltype(Pass::scratch_per_sample)(memory.scratch_per_sample, S::needs.scratch_per_sample, batch.columns),
          .random = batch.random,
          .sums = batch.sums,
          .dsums = batch.dsums,
          .batch = batch.batch,
          .lengths = detail::lengths_of<C, I, S>(batch),
          .targets = decltype(Pass::targets)(memory.targets, S::out.size(), batch.columns),
          .precision = parameters.precision,
          .previous = applied_layer<typename S::Previous, C::reads(I) - 1>(layers)};
}

}  // namespace detail

/// Layer I of a chain backward, dy → gradient, and dx if InputGradient.
template <class C, std::size_t I, class S, bool InputGradient>
void run_backward(const typename C::Layers& layers, const Parameters<typename C::Scalar>& parameters,
                  const LayerMemory<typename C::Scalar>& memory, const LayerBatch& batch) {
  C::template recipe<I>(layers).backward(detail::backward_pass<C, I, S, InputGradient>(layers, parameters, memory, batch));
}

/// Layer I of a chain backward, dy → gradient alone: columns [begin, end) of its first block, and with the last the other blocks.
template <class C, std::size_t I, class S>
void run_parameter_gradient(const typename C::Layers& layers, const LayerMemory<typename C::Scalar>& memory, Index columns,
                            Index begin, Index end, bool add, Precision precision) {
  using T = typename C::Scalar;
  using Pass = ParameterGradient<S>;
  C::template recipe<I>(layers).parameter_gradient(Pass{.dtheta = S::Trainable::views(memory.gradient + C::theta_at[I]),
                                                        .x = decltype(Pass::x)(memory.x, S::in.size(), columns),
                                                        .dy = MatrixView<const T>(memory.dy, S::out.size(), columns),
                                                        .begin = begin,
                                                        .end = end,
                                                        .add = add,
                                                        .precision = precision});
}

/// Layer I of a chain backward, dy → dx alone.
template <class C, std::size_t I, class S>
void run_input_gradient(const typename C::Layers& layers, const Parameters<typename C::Scalar>& parameters,
                        const LayerMemory<typename C::Scalar>& memory, const LayerBatch& batch) {
  const auto pass = detail::backward_pass<C, I, S, true>(layers, parameters, memory, batch);
  if constexpr (S::Trainable::count > 0) {
    C::template recipe<I>(layers).input_gradient(pass);
  } else {
    C::template recipe<I>(layers).backward(pass);
  }
}

}  // namespace eigencoder
