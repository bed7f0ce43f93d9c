// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/layers/dense.hpp"
#include "eigencoder/layers/gaussian_sample.hpp"
#include "eigencoder/models/autoencoder.hpp"
#include "eigencoder/models/interpolate.hpp"

namespace eigencoder {

/// A normal code of Z values, of which the encoder gives means and variances: heads, one Dense<2Z>, and a draw.
template <Index Z>
struct Latent {
  static_assert(Z > 0, "Latent<Z>: a code needs at least one value");
};

/// The parameters of N(mean, e^log_variance), one distribution a column.
template <class Matrix>
struct NormalDistribution {
  Matrix mean, log_variance;
};

/// The way from one code to another: straight, or around the origin.
enum class Path { linear, spherical };

/// Draws from N(0, I), size × count; a longer list begins with the same ones. Throws OptionError if count is negative.
template <class T = float>
Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> normal_codes(Index size, Index count, Seed seed) {
  if (count < 0) throw OptionError(message("normal_codes: count must not be negative, found ", count));
  const Random random(seed, 0, 0);
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> codes(size, count);
  for (Index j = 0; j < count; ++j) {
    kernels::transform_draws<kernels::Normal>(random, j, size, codes.col(j).data(), kernels::Drawn{});
  }
  return codes;
}

namespace detail {

template <class E, class L>
struct WithHeads;
template <Shape In, class... Layers, Index Z>
struct WithHeads<Encoder<In, Layers...>, Latent<Z>> {
  static_assert(sizeof...(Layers) > 0, "the encoder has no layer that makes features for the heads of the latent code");
  using type = Encoder<In, Layers..., Dense<2 * Z>, GaussianSample>;

  static constexpr type append(const Encoder<In, Layers...>& encoder) {
    return {{std::tuple_cat(encoder.layers, std::tuple{Dense<2 * Z>{}, GaussianSample{}})}};
  }
};

}  // namespace detail

/// An autoencoder whose code is a distribution, trained with an Elbo, so that codes drawn from N(0, I) decode to new samples.
///   using Encoder = ec::Encoder<ec::image(28, 28), ec::Dense<512>, ec::ReLU>;
///   using Decoder = ec::Decoder<ec::features(2), ec::Dense<512>, ec::ReLU, ec::Dense<784>, ec::Sigmoid>;
///   ec::VariationalAutoencoder<Encoder, ec::Latent<2>, Decoder> model{ec::Seed{1}};
///   ec::Trainer trainer{model, ec::Elbo{ec::Bernoulli{}}, ec::Adam{}};
/// Everything that an Autoencoder has; `encode` gives means. The heads are the encoder's last Dense: rows 0 … Z − 1 are those of
/// the means, the others those of the logarithms of variances.
/// Kingma and Welling, "Auto-encoding variational Bayes", 2013.
template <class E, class L, class D, class T = float>
class VariationalAutoencoder;

template <class E, Index Z, class D, class T>
class VariationalAutoencoder<E, Latent<Z>, D, T> : public Autoencoder<typename detail::WithHeads<E, Latent<Z>>::type, D, T> {
  using Heads = detail::WithHeads<E, Latent<Z>>;
  using Base = Autoencoder<typename Heads::type, D, T>;

 public:
  using typename Base::Chain, typename Base::Input, typename Base::InputInPlace, typename Base::Matrix, typename Base::Output,
      typename Base::Workspace;
  static constexpr Index latent = Z;

  explicit VariationalAutoencoder(ModelSeed seed = {}) : Base(seed) {}
  VariationalAutoencoder(const E& encoder_recipe, const D& decoder_recipe, ModelSeed seed = {})
      : Base(Heads::append(encoder_recipe), decoder_recipe, seed) {}

  /// Samples, input × N → the distributions of their codes, Z × N each.
  NormalDistribution<Matrix> encode_distribution(const Input& x, StepCounts lengths = {}) const {
    const Matrix both = Base::template run<0, Chain::code - 1>("encode_distribution", x, lengths);
    return {both.topRows(Z), both.bottomRows(Z)};
  }
  /// The same into 2Z × N, means above logarithms of variances, without touching the heap.
  void encode_distribution(const InputInPlace& x, Output both, Workspace& workspace) const {
    Base::template run<0, Chain::code - 1>("encode_distribution", x, both, workspace);
  }

  /// New samples, output × count: what codes from the prior N(0, I) decode to. Throws OptionError if count is negative.
  Matrix sample(Index count, Seed seed) const { return this->decode(normal_codes<T>(Z, count, seed)); }

  /// What `steps` codes on the way from a to b decode to, both ends included: output × steps. a and b: Z × 1. Throws ShapeError,
  /// OptionError.
  template <class A, class B>
  Matrix interpolate(const Eigen::MatrixBase<A>& a, const Eigen::MatrixBase<B>& b, Index steps, Path path = Path::linear) const {
    return this->decode(path == Path::linear ? eigencoder::interpolate(a, b, steps) : eigencoder::slerp(a, b, steps));
  }
};

}  // namespace eigencoder
