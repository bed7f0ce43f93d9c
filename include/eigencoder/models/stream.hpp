// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "eigencoder/models/model.hpp"

namespace eigencoder {

/// A layer that works on each step of a sequence by itself, whatever the others are.
template <class L>
concept Stepwise = Elementwise<L> || requires {
  requires L::stepwise;
};

namespace detail {

/// The layer that does in one step what L does in each: L, unless it names another, which L makes.
template <class L>
struct OneStep {
  using type = L;
  static type of(const L& layer) { return layer; }
};
template <class L>
requires requires { typename L::OneStep; }
struct OneStep<L> {
  using type = typename L::OneStep;
  static type of(const L& layer) { return type(layer); }
};

template <std::size_t Position, class L>
struct LayerStreams {
  template <bool Does>
  struct Is {
    static_assert(Does,
                  "this layer, see L and its Position, cannot run a step at a time: it reads steps that have not come yet. Those that "
                  "can are recurrent layers in Direction::forward, layers on each step, such as TimeDistributed, and all after the last "
                  "sequence; of an autoencoder whose code is made of a whole sequence, stream model.encoder() and model.decoder()");
  };
};

template <class C>
struct OneStepChain;
template <class T, Shape In, std::size_t Code, class... L>
struct OneStepChain<Chain<T, In, Code, L...>> {
  using Whole = Chain<T, In, Code, L...>;
  using type = Chain<T, sequence(1, In.channels), no_code, typename OneStep<L>::type...>;

  static typename type::Layers layers(const std::tuple<L...>& whole) {
    return std::apply([](const L&... each) { return typename type::Layers{OneStep<L>::of(each)...}; }, whole);
  }

  /// Each step that layer I makes depends on that step of its input and on earlier ones alone. A sequence that is made of a vector
  /// does not, if the vector was made of a whole sequence.
  template <std::size_t I>
  static constexpr bool streams() {
    if (Whole::shapes[I].width == 1 && Whole::shapes[I + 1].width > 1) {
      for (std::size_t i = 0; i < I; ++i) {
        if (Whole::shapes[i].width > 1) return false;
      }
    }
    using Layer = typename Whole::template layer<I>;
    constexpr Needs needs = Layer::needs(Whole::shapes[I]);
    constexpr bool steps = Whole::shapes[I].width > 1 || Whole::shapes[I + 1].width > 1;
    return !steps || Stepwise<Layer> || needs.training_only || needs.carry > 0;
  }
  static constexpr bool checked = [] {
    Whole::for_each_layer([]<std::size_t I>() {
      using Streams = LayerStreams<I, typename Whole::template layer<I>>;
      static_assert(sizeof(typename Streams::template Is<streams<I>()>) > 0);
    });
    return sizeof(SameBlocks<type, Whole, 0>) > 0;
  }();
  static_assert(checked);
};

}  // namespace detail

/// Runs a network on sequences as they come, a step at a time, without end and without touching the heap. It holds the state of
/// the recurrent layers; `model` has the parameters and must live as long.
///   ec::Stream stream{network};      // Sequential<sequence(T, 3), GRU<8, Returns::sequence>, TimeDistributed<Dense<3>>>, say
///   stream.next(sensor, restored);   // 3 × 1 → 3 × 1
///   const float score = (sensor - restored).squaredNorm();
/// What it gives at step t is what the network gives at step t of the whole sequence, or, after a layer that returns its last
/// state, what it would give if the sequence ended there. Layers that read later steps do not compile.
template <class C>
class Stream {
  using Step = detail::OneStepChain<C>;
  using StepChain = typename Step::type;
  using T = typename C::Scalar;

 public:
  using Matrix = typename Model<C>::Matrix;
  using Vector = Eigen::Matrix<T, Eigen::Dynamic, 1>;
  static constexpr Index input = StepChain::input.size(), output = StepChain::output.size();  ///< values a step

  /// For `columns` sequences side by side. Throws OptionError.
  explicit Stream(const Model<C>& model, Index columns = 1)
      : model_(&model),
        layers_(Step::layers(model.layers())),
        columns_(checked(columns)),
        workspace_(columns),
        state_(Vector::Zero(StepChain::carry_at[StepChain::size] * columns)) {}
  Stream(const Model<C>&&, Index = 1) = delete;  // it would outlive its model

  /// The next step of each sequence, input × columns → output × columns. Throws ShapeError.
  void next(const SamplesInPlace<T>& x, Eigen::Ref<Matrix> y) {
    check("input", input, x.rows(), x.cols());
    check("output", output, y.rows(), y.cols());
    if (!x.without_gaps() || y.outerStride() != y.rows()) {
      throw ShapeError("Stream::next: expected columns that lie one after the other, found gaps between them");
    }
    workspace_.template run<0, StepChain::size>(layers_, {model_->parameters().data(), model_->state().data(), nullptr}, model_->version(),
                                                x.column(0), y.data(), columns_, {.lengths = nullptr, .carry = state_.data()});
  }
  Matrix next(const SamplesInPlace<T>& x) {
    Matrix y(output, x.cols());
    next(x, y);
    return y;
  }

  /// What the layers have kept of the steps so far, of all sequences: to copy and to give back. Its order is the stream's own.
  const Vector& state() const { return state_; }
  /// Throws ShapeError.
  void set_state(const Eigen::Ref<const Vector>& state) {
    if (state.size() != state_.size()) {
      throw ShapeError(message("Stream::set_state: expected ", state_.size(), " values, as state() has, found ", state.size()));
    }
    state_ = state;
  }
  /// As at first: nothing has come yet.
  void reset() { state_.setZero(); }

 private:
  static Index checked(Index columns) {
    if (columns < 1) throw OptionError(message("Stream: expected at least 1 column, found ", columns));
    return columns;
  }
  void check(const char* side, Index expected, Index rows, Index columns) const {
    if (rows == expected && columns == columns_) return;
    throw ShapeError(message("Stream::next: expected an ", side, " of ", expected, " × ", columns_,
                             ", one step of each sequence, found ", rows, " × ", columns));
  }

  const Model<C>* model_;
  typename StepChain::Layers layers_;
  Index columns_;
  Workspace<StepChain> workspace_;
  Vector state_;
};

template <class M>
Stream(const M&) -> Stream<typename M::Chain>;
template <class M>
Stream(const M&, Index) -> Stream<typename M::Chain>;

}  // namespace eigencoder
