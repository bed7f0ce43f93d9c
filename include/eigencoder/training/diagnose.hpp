// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "eigencoder/engine/run_layer.hpp"
#include "eigencoder/models/model.hpp"

namespace eigencoder {

namespace detail {

/// The search for the first value of a forward pass that is not finite, in one layer after the other, and the memory that they need.
template <class T>
class Diagnosis {
 public:
  explicit Diagnosis(const NetworkLayout& layout);
  ~Diagnosis();
  Diagnosis(const Diagnosis&) = delete;
  Diagnosis& operator=(const Diagnosis&) = delete;

  const std::string& found() const { return found_; }  ///< where it is, or empty
  Index columns() const { return columns_; }

  /// Of the samples whose numbers `order` holds; if it is empty, of all, which are numbered first, first + 1, …
  void look_at_inputs(const Samples<T>& inputs, std::span<const Index> order, Index first);
  void look_at_parameters(const Parameters<T>& parameters);
  /// Keeps activation i, what the next layer is to read, for a layer that joins it.
  void keep_activation(std::size_t i) { joined_[i] = x_; }
  /// Layer i's operands and memory: `joined`, the activation that it joins; `source`, the layer that it links to; −1: none.
  LayerMemory<T> memory(std::size_t i, const Needs& needs, Index output, Index joined, Index source);
  /// Looks at what layer i has made, which is then what the next one reads.
  void look_after(std::size_t i, std::string (*name)());

 private:
  static bool finite(const T* values, Index count) { return VectorView<const T>(values, count).allFinite(); }

  const NetworkLayout& layout_;
  Index columns_ = 0;
  Arena<T> x_{}, y_{}, scratch_{}, scratch_per_sample_{};
  std::vector<Arena<T>> joined_, caches_;
  std::string found_{};
};

}  // namespace detail

/// Tells where the first NaN or infinity of a forward pass is: in the inputs, in a parameter, or in the output of which layer.
/// Looks at the samples whose numbers `order` holds; if it is empty, at all, which are then numbered first, first + 1, …
template <class C>
std::string diagnose(const Model<C>& model, const Samples<typename C::Scalar>& inputs, std::span<const Index> order = {},
                     Index first = 0) {
  using T = typename C::Scalar;
  Arena<T> packed(static_cast<std::size_t>(C::packed_at[C::size]));
  const Parameters<T> parameters{model.parameters().data(), model.state().data(), packed.data()};
  detail::Diagnosis<T> diagnosis(layout_of<C>);
  diagnosis.look_at_inputs(inputs, order, first);
  diagnosis.look_at_parameters(parameters);
  if (!diagnosis.found().empty()) return diagnosis.found();

  // Layer by layer, as in inference but without fusion, so that every activation exists and can be checked.
  prepare<C>(model.layers(), parameters.theta, packed.data());
  C::for_each_layer([&]<std::size_t I>() {
    if constexpr (C::joined[I]) diagnosis.keep_activation(I);
    if constexpr (!C::taken_over(I)) {
      if (!diagnosis.found().empty()) return;
      using S = typename C::template stage<I>;
      const Index joined = C::joins[I] ? static_cast<Index>(C::joined_by(I)) : -1, source = C::joins[I] ? no_link : C::links[I];
      run_forward<C, I, S, Mode::predict>(model.layers(), parameters,
                                          diagnosis.memory(I, S::needs, S::out.size(), joined, source == no_link ? -1 : source),
                                          {.columns = diagnosis.columns(), .batch = diagnosis.columns()});
      diagnosis.look_after(I, type_name<typename C::template layer<I>>);
    }
  });
  return diagnosis.found().empty() ? "every activation is finite, the loss itself is not." : diagnosis.found();
}

}  // namespace eigencoder

#ifdef EIGENCODER_COMPILED_KERNELS
namespace eigencoder::detail {
extern template class Diagnosis<float>;
extern template class Diagnosis<double>;
}  // namespace eigencoder::detail
#else
#include "eigencoder/training/diagnose_impl.hpp"
#endif
