// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include "eigencoder/models/compact_dense.hpp"
#include "eigencoder/models/conditional_variational_autoencoder.hpp"

namespace eigencoder {

namespace detail {

/// A list of layers with compact ones in it. In the network of chain C the list stands from layer First on.
template <WeightFormat W, class C, std::size_t First, class List,
          class Positions = std::make_index_sequence<std::tuple_size_v<decltype(List::layers)>>>
struct CompactList;
template <WeightFormat W, class C, std::size_t First, template <Shape, class...> class List, Shape In, class... L,
          std::size_t... I>
struct CompactList<W, C, First, List<In, L...>, std::index_sequence<I...>> {
  using type = List<In, CompactLayerOf<W, C, First + I>...>;

  static constexpr type of(const typename C::Layers& layers) { return {{std::tuple{layer<First + I>(layers)...}}}; }

 private:
  template <std::size_t At>
  static constexpr CompactLayerOf<W, C, At> layer(const typename C::Layers& layers) {
    if constexpr (becomes_compact<W, C, At>) {
      return {};
    } else {
      return std::get<At>(layers);
    }
  }
};

/// The class of model M over compact layers, and one of it with M's layers.
template <class M, WeightFormat W>
struct CompactForm {
  static_assert(
      sizeof(M) == 0,
      "CompactModel<M, W>: M is a Network, an Autoencoder, a VariationalAutoencoder or a ConditionalVariationalAutoencoder");
};
template <class R, class T, WeightFormat W>
struct CompactForm<Network<R, T>, W> {
  using Chain = typename Network<R, T>::Chain;
  using List = CompactList<W, Chain, 0, R>;
  using type = Network<typename List::type, T>;
  static type of(const typename Chain::Layers& layers) { return type(List::of(layers)); }
};
template <class E, class D, class T, WeightFormat W>
struct CompactForm<Autoencoder<E, D, T>, W> {
  using Chain = typename Autoencoder<E, D, T>::Chain;
  using Encoder = CompactList<W, Chain, 0, E>;
  using Decoder = CompactList<W, Chain, Chain::code, D>;
  using type = Autoencoder<typename Encoder::type, typename Decoder::type, T>;
  static type of(const typename Chain::Layers& layers) { return type(Encoder::of(layers), Decoder::of(layers)); }
};
template <class E, class L, class D, class T, WeightFormat W>
struct CompactForm<VariationalAutoencoder<E, L, D, T>, W> {
  using Chain = typename VariationalAutoencoder<E, L, D, T>::Chain;
  using Encoder = CompactList<W, Chain, 0, E>;
  using Decoder = CompactList<W, Chain, Chain::code, D>;
  using type = VariationalAutoencoder<typename Encoder::type, L, typename Decoder::type, T>;
  static type of(const typename Chain::Layers& layers) { return type(Encoder::of(layers), Decoder::of(layers)); }
};
/// Each of whose halves has a layer of the condition before the given ones.
template <class E, class L, class C, class D, class T, WeightFormat W>
struct CompactForm<ConditionalVariationalAutoencoder<E, L, C, D, T>, W> {
  using Chain = typename ConditionalVariationalAutoencoder<E, L, C, D, T>::Chain;
  using Encoder = CompactList<W, Chain, 1, E>;
  using Decoder = CompactList<W, Chain, Chain::code + 1, D>;
  using type = ConditionalVariationalAutoencoder<typename Encoder::type, L, C, typename Decoder::type, T>;
  static type of(const typename Chain::Layers& layers) { return type(Encoder::of(layers), Decoder::of(layers)); }
};

/// What a CompactModel has, whatever it is made from.
template <class M, WeightFormat W>
class CompactBase : protected CompactForm<M, W>::type {
  using Held = typename CompactForm<M, W>::type;
  using From = typename M::Chain;
  using To = typename Held::Chain;
  static constexpr auto compact = [] {
    std::array<bool, From::size> is{};
    From::for_each_layer(
        [&]<std::size_t I>() { is[I] = !std::same_as<typename From::template layer<I>, typename To::template layer<I>>; });
    return is;
  }();
  static_assert(std::same_as<typename M::Scalar, float>, "a compact model works in float: make it from a model of float");
  static_assert(std::find(compact.begin(), compact.end(), true) != compact.end(),
                "no layer of this model would be compact: that is a Dense, frozen or not, whose weights no tied layer borrows");

 public:
  using typename Held::Input, typename Held::InputInPlace, typename Held::Matrix, typename Held::Output,
      typename Held::Workspace;
  static constexpr Shape input = Held::input, output = Held::output;
  static constexpr WeightFormat format = W;

  explicit CompactBase(const M& model) : Held(CompactForm<M, W>::of(model.layers())) {
    const float *theta = model.parameters().data(), *state = model.state().data();
    check_weights(theta);
    const auto own = this->memory();
    std::copy_n(state, From::state_count, own.state);
    From::for_each_layer([&]<std::size_t I>() {
      const float *const from = theta + From::theta_at[I], *const end = theta + From::theta_at[I + 1];
      float* const to = own.theta + To::theta_at[I];
      if constexpr (compact[I]) {
        To::template layer<I>::fill(from, From::shapes[I].size(), to);
      } else {
        std::copy(from, end, to);
      }
    });
  }

  /// Bytes of all that prediction needs, with a workspace for `batch` samples. Throws as workspace() does.
  using Held::bytes;
  using Held::workspace;

 private:
  static void check_weights(const float* theta) {
    constexpr float most = W == WeightFormat::bfloat16 ? 0x1.FEp127F : std::numeric_limits<float>::max();
    for (const auto& [layer, block, offset] : From::blocks) {
      for (Index i = 0; compact[layer] && block.cols > 0 && i < block.size(); ++i) {
        if (const float value = theta[offset + i]; !(std::abs(value) <= most)) {
          throw Error(message("CompactModel: expected weights that are finite, and at most ", most, ", found ", value, " in ",
                              M::name_of(layer, block), " at row ", i % block.rows, ", column ", i / block.rows));
        }
      }
    }
  }
};

}  // namespace detail

/// A trained model for predictions, whose dense layers keep their weights in fewer bits: post-training weight quantisation.
///   ec::CompactModel<Model, ec::WeightFormat::int8> compact{model};
///   compact.reconstruct(x, y, workspace);
/// M is a class of the library of models of float. A CompactModel has M's functions that predict, which take and throw the
/// same; what becomes of the model afterwards does not change it. W of Dense and Frozen<Dense> is compact, but for one that a
/// tied layer borrows and for the heads of a variational code; all else is as in the model. Throws an Error that names the
/// block if a weight is not finite. Const members are safe from many threads at once. docs/compact_weights.md has figures.
/// Jacob et al., "Quantization and training of neural networks for efficient integer-arithmetic-only inference", 2018.
template <class M, WeightFormat W>
class CompactModel : public detail::CompactBase<M, W> {};

template <class R, class T, WeightFormat W>
class CompactModel<Network<R, T>, W> : public detail::CompactBase<Network<R, T>, W> {
  using Base = detail::CompactBase<Network<R, T>, W>;

 public:
  using Base::Base, Base::predict;
};

template <class E, class D, class T, WeightFormat W>
class CompactModel<Autoencoder<E, D, T>, W> : public detail::CompactBase<Autoencoder<E, D, T>, W> {
  using Base = detail::CompactBase<Autoencoder<E, D, T>, W>;

 public:
  using Base::Base, Base::code, Base::encode, Base::decode, Base::reconstruct;
};

template <class E, class L, class D, class T, WeightFormat W>
class CompactModel<VariationalAutoencoder<E, L, D, T>, W> : public detail::CompactBase<VariationalAutoencoder<E, L, D, T>, W> {
  using Base = detail::CompactBase<VariationalAutoencoder<E, L, D, T>, W>;

 public:
  using Base::Base, Base::code, Base::latent, Base::encode, Base::encode_distribution, Base::decode, Base::reconstruct,
      Base::sample, Base::interpolate;
};

template <class E, class L, class C, class D, class T, WeightFormat W>
class CompactModel<ConditionalVariationalAutoencoder<E, L, C, D, T>, W>
    : public detail::CompactBase<ConditionalVariationalAutoencoder<E, L, C, D, T>, W> {
  using Base = detail::CompactBase<ConditionalVariationalAutoencoder<E, L, C, D, T>, W>;

 public:
  using Base::Base, Base::latent, Base::classes, Base::encode, Base::encode_distribution, Base::decode, Base::reconstruct,
      Base::sample;
  using typename Base::Labels;
};

}  // namespace eigencoder
