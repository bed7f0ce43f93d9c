// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <span>

#include "eigencoder/core/version.hpp"
#include "eigencoder/engine/inference.hpp"
#include "eigencoder/layers/activation.hpp"
#include "eigencoder/layers/batch_norm.hpp"
#include "eigencoder/layers/bidirectional.hpp"
#include "eigencoder/layers/condition.hpp"
#include "eigencoder/layers/conv2d.hpp"
#include "eigencoder/layers/conv_transpose2d.hpp"
#include "eigencoder/layers/dense.hpp"
#include "eigencoder/layers/depthwise_conv2d.hpp"
#include "eigencoder/layers/dropout.hpp"
#include "eigencoder/layers/embedding.hpp"
#include "eigencoder/layers/frozen.hpp"
#include "eigencoder/layers/gaussian_sample.hpp"
#include "eigencoder/layers/gru.hpp"
#include "eigencoder/layers/join.hpp"
#include "eigencoder/layers/k_sparse.hpp"
#include "eigencoder/layers/layer_norm.hpp"
#include "eigencoder/layers/lstm.hpp"
#include "eigencoder/layers/noise.hpp"
#include "eigencoder/layers/pooling.hpp"
#include "eigencoder/layers/recurrent_decoder.hpp"
#include "eigencoder/layers/repeat_vector.hpp"
#include "eigencoder/layers/resampling.hpp"
#include "eigencoder/layers/reshaping.hpp"
#include "eigencoder/layers/reverse_steps.hpp"
#include "eigencoder/layers/scale.hpp"
#include "eigencoder/layers/simple_rnn.hpp"
#include "eigencoder/layers/softmax.hpp"
#include "eigencoder/layers/tied_conv2d.hpp"
#include "eigencoder/layers/tied_dense.hpp"
#include "eigencoder/layers/time_distributed.hpp"
#include "eigencoder/layers/vector_quantizer.hpp"

// Models whose weights are constants of the program: what a header written by export_header includes. It needs no heap, no files,
// no exceptions and no RTTI.
namespace eigencoder {

/// The working memory of an EmbeddedModel: for one sample at a time, and with what layers keep packed. All zero at first: static,
/// it takes RAM and no space in the program.
template <class C>
struct EmbeddedMemory {
  alignas(64) std::array<typename C::Scalar, static_cast<std::size_t>(InferencePlan<C>::scalars(1))> scalars{};
  const void* prepared_for = nullptr;  ///< the parameters that `packed` was derived from
};

/// A trained network over constants, which it does not own: `model` of a header that export_header has written. C is its Chain.
///   float x[784], code[32];
///   model.encode(x, code);
/// Each member takes one sample, and gives the bits that the member of the same name of Network or Autoencoder gives. x and y are
/// spans of fixed sizes, which arrays convert to, and must not overlap. The first call derives what layers keep packed from
/// theta. One memory serves one thread; another thread takes `model.with(its_own)`.
template <class C>
class EmbeddedModel {
  static constexpr std::size_t code_at = C::code < C::size ? C::code : 0;

 public:
  using Chain = C;
  using Scalar = typename C::Scalar;
  using Memory = EmbeddedMemory<C>;
  using Theta = std::array<Scalar, static_cast<std::size_t>(C::parameter_count)>;  ///< in the order of Model::parameters()
  using State = std::array<Scalar, static_cast<std::size_t>(C::state_count)>;      ///< in that of Model::state()

  static constexpr Shape input = C::input, output = C::output;
  static constexpr bool is_autoencoder = code_at > 0;

  /// Activation i of one sample, to read and to write.
  template <std::size_t I>
  using Read = std::span<const Scalar, static_cast<std::size_t>(C::shapes[I].size())>;
  template <std::size_t I>
  using Write = std::span<Scalar, static_cast<std::size_t>(C::shapes[I].size())>;

  constexpr EmbeddedModel(const Theta& theta, const State& state, Memory& memory,
                          const typename C::Layers& layers = detail::by_default<typename C::Layers>)
      : theta_(theta.data()), state_(state.data()), memory_(&memory), layers_(layers) {}

  /// The same model in another memory.
  constexpr EmbeddedModel with(Memory& memory) const {
    EmbeddedModel other = *this;
    other.memory_ = &memory;
    return other;
  }

  /// Through all layers.
  void predict(Read<0> x, Write<C::size> y) const { run<0, C::size>(x, y); }

  void reconstruct(Read<0> x, Write<C::size> y) const requires is_autoencoder { run<0, C::size>(x, y); }
  void encode(Read<0> x, Write<code_at> codes) const requires is_autoencoder { run<0, code_at>(x, codes); }
  void decode(Read<code_at> codes, Write<C::size> y) const requires is_autoencoder {
    static_assert(C::decodes_alone,
                  "this decoder reads what the encoder has kept of the same sample (such as a pool's indices, or an activation "
                  "that it joins): codes alone cannot be decoded, use reconstruct");
    run<code_at, C::size>(codes, y);
  }

 private:
  template <std::size_t From, std::size_t To>
  void run(Read<From> x, Write<To> y) const {
    const Inference<C> inference(memory_->scalars.data(), 1);
    if (memory_->prepared_for != theta_) {
      inference.prepare(layers_, theta_);
      memory_->prepared_for = theta_;
    }
    inference.template run<From, To>(layers_, {theta_, state_, nullptr}, x.data(), y.data(), 1);
  }

  const Scalar *theta_, *state_;
  Memory* memory_;
  typename C::Layers layers_;
};

}  // namespace eigencoder
