// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <concepts>
#include <string>

#include "eigencoder/engine/initialize.hpp"
#include "eigencoder/engine/network_layout.hpp"
#include "eigencoder/engine/parallel.hpp"
#include "eigencoder/core/simd.hpp"
#include "eigencoder/core/type_name.hpp"
#include "eigencoder/models/lengths.hpp"
#include "eigencoder/models/samples.hpp"
#include "eigencoder/models/sequential.hpp"
#include "eigencoder/engine/workspace.hpp"

namespace eigencoder {

namespace detail {

/// A number that no other contents of parameters has had in this process.
inline std::uint64_t next_version() {
  static std::atomic<std::uint64_t> counter{0};
  return ++counter;
}

/// Layer I of a chain and layer J of another have the same blocks of parameters and of running state.
template <class A, std::size_t I, class B, std::size_t J>
constexpr bool same_blocks() {
  constexpr auto& a = A::template stage<I>::Trainable::all;
  constexpr auto& b = B::template stage<J>::Trainable::all;
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Block& one, const Block& other) {
    return one.name == other.name && one.rows == other.rows && one.cols == other.cols && one.trainable == other.trainable;
  });
}

/// Fails to compile unless the layers of From are, block by block, those of To from First on.
template <class To, class From, std::size_t First>
struct SameBlocks {
  static_assert(First + From::size <= To::size, "set_layers: the other model has more layers than this one has from First on");
  template <std::size_t I>
  struct Layer {
    static_assert(same_blocks<To, First + I, From, I>(),
                  "set_layers: the blocks of these two layers differ in name or size: see To, From, First and I above");
  };
  static constexpr bool checked = [] {
    if constexpr (First + From::size <= To::size) {
      From::for_each_layer([]<std::size_t I>() { static_assert(sizeof(Layer<I>) > 0); });
    }
    return true;
  }();
  static_assert(checked);
};

}  // namespace detail

/// A seed as a model's argument: an integer in its place is told what to write.
struct ModelSeed {
  Seed seed;
  constexpr ModelSeed(Seed given = {}) : seed(given) {}
  template <std::integral Integer>
  constexpr ModelSeed(Integer) {
    static_assert(sizeof(Integer) == 0,
                  "a seed is a type of its own, so that it is not taken for a size: write ec::Seed{42} for 42");
  }
};

/// A network with its parameters: what Network and Autoencoder have in common. C is its Chain.
/// Const members are safe from many threads at once.
template <class C>
class Model {
 public:
  using Chain = C;
  using Scalar = typename C::Scalar;
  using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using Input = Samples<Scalar>;                ///< one sample a column: any matrix or expression
  using InputInPlace = SamplesInPlace<Scalar>;  ///< where nothing may be allocated: a matrix, map or block
  using Output = Eigen::Ref<Matrix>;
  using Workspace = eigencoder::Workspace<C>;

  static constexpr Shape input = C::input, output = C::output;
  static constexpr Index parameter_count = C::parameter_count;  ///< trainable scalars
  static constexpr Index state_count = C::state_count;          ///< scalars of running state, such as moving averages

  /// Bytes of parameters, state and a workspace for `batch` samples: all that prediction needs. Throws as workspace() does.
  static constexpr Index bytes(Index batch) {
    return (parameter_count + state_count) * static_cast<Index>(sizeof(Scalar)) + Workspace::bytes(batch);
  }

  /// Trainable parameters, flat: layer by layer, each block in column-major order.
  VectorView<const Scalar> parameters() const { return {live(theta_.data()), parameter_count}; }
  VectorView<const Scalar> state() const { return {live(state_.data()), state_count}; }

  /// Overwrites all, by any vector expression of that length: set_parameters(0.5f * model.parameters()). Throws ShapeError.
  template <class V>
  void set_parameters(const Eigen::DenseBase<V>& values) {
    set("set_parameters", memory().theta, parameter_count, values.derived());
  }
  template <class V>
  void set_state(const Eigen::DenseBase<V>& values) {
    set("set_state", memory().state, state_count, values.derived());
  }

  /// Overwrites parameters and running state of layers First, First + 1, … of this network by those of another model's layers,
  /// such as an encoder that was trained elsewhere. They must have the same blocks, which the compiler checks; another scalar is
  /// converted.
  template <std::size_t First = 0, class Other>
  void set_layers(const Model<Other>& other) {
    static_assert(sizeof(detail::SameBlocks<C, Other, First>) > 0);
    const auto [theta, state] = memory();
    const auto copy = [](auto from, Scalar* to) {
      std::transform(from.begin(), from.end(), to, [](auto value) { return static_cast<Scalar>(value); });
    };
    copy(other.parameters(), theta + C::theta_at[First]);
    copy(other.state(), state + C::state_at[First]);
  }

  /// Where parameters and state lie, for optimizers, which write all over them.
  struct Memory {
    Scalar *theta, *state;
  };
  /// Call it again for each change, and write before the next prediction: workspaces compare the number of such calls.
  Memory memory() {
    version_ = detail::next_version();
    return {live(theta_.data()), live(state_.data())};
  }

  /// Calls f(name, block, view) for every block: f("encoder.0.weight", Block{...}, 32 × 784 matrix view).
  template <class F>
  void for_each_block(F f) const {
    visit_blocks(parameters().data(), state().data(), f);
  }
  /// The same with views to write to, before the next prediction.
  template <class F>
  void for_each_block(F f) {
    const auto [theta, state] = memory();
    visit_blocks(theta, state, f);
  }

  /// The block of that name, as in for_each_block. Throws OptionError, listing the names that there are.
  MatrixView<Scalar> parameter(std::string_view name) {
    MatrixView<Scalar> found(nullptr, 0, 0);
    std::string names;
    for_each_block([&](const std::string& candidate, const Block&, MatrixView<Scalar> view) {
      if (candidate == name) new (&found) MatrixView<Scalar>(view);  // Eigen's way to point a map elsewhere
      names += names.empty() ? candidate : ", " + candidate;
    });
    if (found.data() == nullptr) throw OptionError(message("there is no parameter \"", name, "\"; there are: ", names));
    return found;
  }

  const typename C::Layers& layers() const { return layers_; }
  /// A number that no other parameters or state have had in this process.
  std::uint64_t version() const { return version_; }
  Workspace workspace(Index columns = 1) const { return Workspace(columns); }

  /// Where layer i stands, for messages: "encoder.0".
  static std::string position(std::size_t i) { return layout_of<C>.position(i); }
  /// The name of a block of layer i: "encoder.0.weight".
  static std::string name_of(std::size_t i, const Block& block) { return layout_of<C>.name_of(i, block); }

 protected:
  Model(Seed seed, const typename C::Layers& layers)
      : layers_(layers), theta_(static_cast<std::size_t>(parameter_count)), state_(static_cast<std::size_t>(state_count)) {
    simd();  // throws here, and not in a thread, where the environment asks for a level that does not exist
    initialize(std::span<const PlacedBlock>(C::blocks), theta_.data(), state_.data(), seed);
  }

  /// Runs layers [From, To) into y, which has the right size already.
  template <std::size_t From, std::size_t To>
  void run(const char* what, const InputInPlace& x, Output y, Workspace& workspace, StepCounts lengths = {}) const {
    check_rows(what, "input", C::shapes[From], x.rows());
    check_rows(what, "output", C::shapes[To], y.rows());
    if (x.cols() != y.cols()) {
      throw ShapeError(
          message(what, ": expected an output of ", x.cols(), " columns, as many as the input has, found ", y.cols()));
    }
    detail::check_lengths<C>(what, lengths, x.cols());
    // Columns that lie apart are taken one by one: each of them has no gaps.
    const bool dense = x.without_gaps() && y.outerStride() == y.rows();
    const Index piece = dense ? workspace.columns() : 1;
    const Parameters<Scalar> contents{parameters().data(), state().data(), nullptr};
    for (Index j = 0; j < x.cols(); j += piece) {
      workspace.template run<From, To>(layers_, contents, version_, x.column(j), y.col(j).data(), std::min(piece, x.cols() - j),
                                      {.lengths = lengths.empty() ? nullptr : lengths.data() + j});
    }
  }

  template <std::size_t From, std::size_t To>
  Matrix run(const char* what, const Input& x, StepCounts lengths = {}) const {
    check_rows(what, "input", C::shapes[From], x.rows());
    detail::check_lengths<C>(what, lengths, x.cols());
    const Parameters<Scalar> contents{parameters().data(), state().data(), nullptr};
    // Enough columns for the kernels, few enough to stay in the cache.
    constexpr Index piece = std::clamp<Index>(512 * 1024 / (Workspace::bytes(2) - Workspace::bytes(1)), 4, 64);
    const Index pieces = (x.cols() + piece - 1) / piece, threads = useful(x.cols(), pieces);
    Matrix y(C::shapes[To].size(), x.cols());
    in_parallel(static_cast<std::size_t>(threads), [&](std::size_t thread) {
      const auto border = [&](std::size_t t) { return std::min(x.cols(), pieces * static_cast<Index>(t) / threads * piece); };
      Workspace workspace(std::min(piece, x.cols()));
      Arena<Scalar> copy(x.in_place() ? 0 : static_cast<std::size_t>(piece * x.rows()));
      for (Index j = border(thread); j < border(thread + 1); j += piece) {
        const Index count = std::min(piece, border(thread + 1) - j);
        workspace.template run<From, To>(layers_, contents, version_, x.columns_without_gaps(j, count, copy.data()), y.col(j).data(),
                                         count, {.lengths = lengths.empty() ? nullptr : lengths.data() + j});
      }
    });
    return y;
  }

  /// Copies the parameters of `count` layers, from one chain's `from` on to this chain's `to` on.
  template <class Other>
  void copy_layers(const Model<Other>& other, std::size_t from) {
    std::copy_n(other.parameters().data() + Other::theta_at[from], parameter_count, theta_.data());
    std::copy_n(other.state().data() + Other::state_at[from], state_count, state_.data());
  }

 private:
  static Index useful(Index columns, Index pieces) {
    const double operations = 2.0 * static_cast<double>(C::multiplications) * static_cast<double>(columns);
    return static_cast<Index>(useful_threads(operations, static_cast<std::size_t>(pieces)));
  }

  static void check_rows(const char* what, const char* side, Shape expected, Index found) {
    if (found == expected.size()) return;
    throw ShapeError(message(what, ": expected an ", side, " of ", expected.size(), " rows (shape ", to_string(expected),
                             ", one sample a column), found ", found));
  }

  template <class T, class F>
  static void visit_blocks(T* theta, T* state, F& f) {
    for (const auto& [layer, block, offset] : C::blocks) {
      f(name_of(layer, block), block,
        MatrixView<T>((block.trainable ? theta : state) + offset, block.rows, std::max<Index>(block.cols, 1)));
    }
  }

  /// Memory of a model that has some: one that has been moved from has not.
  template <class Pointer>
  Pointer live(Pointer memory) const {
    if constexpr (parameter_count + state_count > 0) {
      if (theta_.size() + state_.size() == 0) {
        throw Error("this model has been moved from and has no parameters: use the one that has them, or assign to this one");
      }
    }
    return memory;
  }

  template <class V>
  static void set(const char* what, Scalar* to, Index expected, const V& values) {
    static_assert(V::IsVectorAtCompileTime, "set_parameters and set_state take a vector, as parameters() and state() are");
    static_assert(std::is_same_v<typename V::Scalar, Scalar>,
                  "the values have another scalar than the model: write values.cast<...>()");
    if (values.size() != expected) {
      throw ShapeError(message(what, ": expected ", expected, " values, as many as the model has, found ", values.size()));
    }
    const auto& evaluated = values.eval();  // it may read what is overwritten
    std::copy_n(evaluated.data(), expected, to);
  }

  typename C::Layers layers_;
  Arena<Scalar> theta_, state_;
  std::uint64_t version_ = detail::next_version();
};

/// A list of layers with parameters: an encoder without its decoder, or any stack of layers.
template <class R, class T = float>
class Network : public Model<typename detail::ChainOf<T, R>::type> {
  using Base = Model<typename detail::ChainOf<T, R>::type>;

 public:
  using typename Base::Chain, typename Base::Input, typename Base::InputInPlace, typename Base::Matrix, typename Base::Output,
      typename Base::Workspace;

  explicit Network(ModelSeed seed = {}) : Network(R{}, seed) {}
  explicit Network(const R& sequential, ModelSeed seed = {}) : Base(seed.seed, sequential.layers) {}

  /// input × N → output × N. Of sequences that have not all steps `lengths` says how many each has. Throws ShapeError, OptionError.
  Matrix predict(const Input& x, StepCounts lengths = {}) const {
    return Base::template run<0, Chain::size>("predict", x, lengths);
  }
  /// The same without touching the heap.
  void predict(const InputInPlace& x, Output y, Workspace& workspace, StepCounts lengths = {}) const {
    Base::template run<0, Chain::size>("predict", x, y, workspace, lengths);
  }

 private:
  template <class E, class D, class U>
  friend class Autoencoder;

  /// The layers as they are in a larger network, from layer `first` on.
  template <class Larger>
  Network(const Model<Larger>& model, std::size_t first, const typename Chain::Layers& layers) : Base({}, layers) {
    this->copy_layers(model, first);
  }
};

}  // namespace eigencoder
