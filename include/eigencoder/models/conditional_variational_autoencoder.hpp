// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/layers/condition.hpp"
#include "eigencoder/models/variational_autoencoder.hpp"

namespace eigencoder {

/// How many classes a conditional model knows.
template <Index Classes>
struct Condition {
  static_assert(Classes > 0, "Condition<Classes>: there must be at least one class");
};

namespace detail {

/// (rows + classes) × N: zeros, but for the value of 1 in the row of each column's class.
template <class S>
Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic> above_classes(Index rows, Index columns, const Eigen::Ref<const Eigen::VectorXi>& labels,
                                                               Index classes) {
  if (labels.size() != columns) {
    throw ShapeError(message("with_classes: expected ", columns, " labels, one a sample, found ", labels.size()));
  }
  Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic> both(rows + classes, columns);
  both.setZero();
  for (Index j = 0; j < labels.size(); ++j) {
    if (labels[j] < 0 || labels[j] >= classes) {
      throw OptionError(message("with_classes: expected labels from 0 to ", classes - 1, ", found ", labels[j], " at sample ", j));
    }
    if constexpr (small_integer<S>) {
      both(rows + labels[j], j) = static_cast<S>(one<S>);
    } else {
      both(rows + labels[j], j) = S(1);
    }
  }
  return both;
}

/// The same with samples converted.
template <class T>
auto with_classes(const Samples<T>& samples, const Eigen::Ref<const Eigen::VectorXi>& labels, Index classes) {
  auto both = above_classes<T>(samples.rows(), samples.cols(), labels, classes);
  for (Index j = 0; j < samples.cols(); ++j) samples.copy_column(j, both.col(j).data());
  return both;
}

}  // namespace detail

/// Samples above their classes, one 1 among zeros a column: (input + classes) × N, what a conditional model trains on. Labels are
/// counted from 0. Unsigned 8- and 16-bit integers stay what they are, and their greatest is the 1. Throws ShapeError, OptionError.
template <class Columns>
auto with_classes(const Eigen::MatrixBase<Columns>& samples, const Eigen::Ref<const Eigen::VectorXi>& labels, Index classes) {
  using S = typename Columns::Scalar;
  static_assert(std::floating_point<S> || (detail::small_integer<S> && std::is_unsigned_v<S>),
                "with_classes: samples must be float, double or unsigned integers of 8 or 16 bits, which can say 1: give x.cast<float>()");
  auto both = detail::above_classes<S>(samples.rows(), samples.cols(), labels, classes);
  both.topRows(samples.rows()) = samples;
  return both;
}

namespace detail {

template <class E, class L, class C>
struct ConditionedEncoder;
template <Shape In, class... Layers, Index Z, Index Classes>
struct ConditionedEncoder<Encoder<In, Layers...>, Latent<Z>, Condition<Classes>> {
  static_assert(sizeof...(Layers) > 0, "the encoder has no layer that makes features for the heads of the latent code");
  using Provide = ProvideCondition<0, Classes>;
  using type = Encoder<features(In.size() + Classes), TakeCondition<In, Classes>, Layers..., Provide, Dense<2 * Z>, GaussianSample>;

  static constexpr type around(const Encoder<In, Layers...>& encoder) {
    return {{std::tuple_cat(std::tuple{TakeCondition<In, Classes>{}}, encoder.layers,
                            std::tuple{Provide{}, Dense<2 * Z>{}, GaussianSample{}})}};
  }
};

template <class D, Index Classes>
struct ConditionedDecoder;
template <Shape In, class... Layers, Index Classes>
struct ConditionedDecoder<Decoder<In, Layers...>, Classes> {
  using type = Decoder<In, ProvideCondition<0, Classes>, Layers...>;

  static constexpr type around(const Decoder<In, Layers...>& decoder) {
    return {{std::tuple_cat(std::tuple{ProvideCondition<0, Classes>{}}, decoder.layers)}};
  }
};

}  // namespace detail

/// A variational autoencoder that is told the class of every sample, in front of its heads and in front of its decoder, so that
/// the code, which is that of the sample alone, holds what the class leaves open, and samples of a class can be asked for.
///   using Encoder = ec::Encoder<ec::image(28, 28), ec::Dense<512>, ec::ReLU>;
///   using Decoder = ec::Decoder<ec::features(2), ec::Dense<512>, ec::ReLU, ec::Dense<784>, ec::Sigmoid>;
///   ec::ConditionalVariationalAutoencoder<Encoder, ec::Latent<2>, ec::Condition<10>, Decoder> model{ec::Seed{1}};
///   trainer.fit(ec::with_classes(train.samples, train.labels, 10), train.samples, {...});
/// Labels are counted from 0. All that takes labels throws OptionError where one is out of range, ShapeError where there are not
/// as many as samples. Sohn, Lee and Yan, "Learning structured output representation using deep conditional generative models", 2015.
template <class E, class L, class C, class D, class T = float>
class ConditionalVariationalAutoencoder;

template <class E, Index Z, Index Classes, class D, class T>
class ConditionalVariationalAutoencoder<E, Latent<Z>, Condition<Classes>, D, T>
    : public Autoencoder<typename detail::ConditionedEncoder<E, Latent<Z>, Condition<Classes>>::type,
                         typename detail::ConditionedDecoder<D, Classes>::type, T> {
  static_assert(D::input == features(Z), "the decoder must begin with the latent code: write Decoder<features(Z), ...>");
  using Conditioned = detail::ConditionedEncoder<E, Latent<Z>, Condition<Classes>>;
  using ConditionedDecoder = detail::ConditionedDecoder<D, Classes>;
  using Base = Autoencoder<typename Conditioned::type, typename ConditionedDecoder::type, T>;

 public:
  using typename Base::Chain, typename Base::Input, typename Base::Matrix;
  using Labels = Eigen::Ref<const Eigen::VectorXi>;
  static constexpr Index latent = Z, classes = Classes;

  explicit ConditionalVariationalAutoencoder(ModelSeed seed = {}) : Base(seed) {}
  ConditionalVariationalAutoencoder(const E& encoder_recipe, const D& decoder_recipe, ModelSeed seed = {})
      : Base(Conditioned::around(encoder_recipe), ConditionedDecoder::around(decoder_recipe), seed) {}

  /// Samples, input × N → means of their codes, Z × N.
  Matrix encode(const Input& x, const Labels& labels) const { return encode_distribution(x, labels).mean; }
  /// Samples, input × N → the distributions of their codes, Z × N each.
  NormalDistribution<Matrix> encode_distribution(const Input& x, const Labels& labels) const {
    const Matrix both = Base::template run<0, Chain::code - 1>("encode_distribution", detail::with_classes(x, labels, Classes));
    return {both.topRows(Z), both.bottomRows(Z)};
  }
  /// Codes, Z × N → samples, output × N.
  Matrix decode(const Input& codes, const Labels& labels) const {
    // After the decoder's first layer, which puts a sample's class to its code.
    return Base::template run<Chain::code + 1, Chain::size>("decode", detail::with_classes(codes, labels, Classes));
  }
  Matrix reconstruct(const Input& x, const Labels& labels) const { return Base::reconstruct(detail::with_classes(x, labels, Classes)); }

  /// New samples of the given classes, output × N: what codes from the prior decode to. The same seed gives every class the same
  /// codes.
  Matrix sample(const Labels& labels, Seed seed) const { return decode(normal_codes<T>(Z, labels.size(), seed), labels); }
};

}  // namespace eigencoder
