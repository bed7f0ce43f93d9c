// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/layers/vector_quantizer.hpp"
#include "eigencoder/models/autoencoder.hpp"

// The discrete codes of an autoencoder whose encoder ends in a VectorQuantizer: which entries of the codebook its pixels are.
namespace eigencoder {

/// One sample a column, one pixel a row, in the order of memory: row after row of the image.
using Codes = Eigen::Matrix<int, Eigen::Dynamic, Eigen::Dynamic>;

namespace detail {

template <class C>
struct CodebookOf {
  template <std::size_t Last>
  static constexpr bool quantizes = requires {
    C::template layer<Last>::entries;
  };
  static_assert(C::code <= C::size && quantizes<(C::code - 1 < C::size ? C::code - 1 : 0)>,
                "discrete codes need an autoencoder whose encoder ends in a VectorQuantizer");
  using S = typename C::template stage<C::code - 1>;
  static constexpr Index depth = S::in.channels, entries = S::Layer::entries, pixels = S::in.height * S::in.width;

  static auto of(const Model<C>& model) {
    return std::get<0>(S::Running::views(model.state().data() + C::state_at[C::code - 1]));
  }
};

}  // namespace detail

/// Samples, input × N → the number of the codebook's entry that every pixel of their code is, h·w × N; −1 for one that is NaN.
/// Throws ShapeError.
template <class E, class D, class T>
Codes codes(const Autoencoder<E, D, T>& model, const typename Autoencoder<E, D, T>::Input& x) {
  using Book = detail::CodebookOf<typename Autoencoder<E, D, T>::Chain>;
  const auto codebook = Book::of(model);
  const typename Autoencoder<E, D, T>::Matrix quantised = model.encode(x);
  Codes found(Book::pixels, x.cols());
  for (Index p = 0; p < found.size(); ++p) {
    const VectorView<const T> vector(quantised.data() + p * Book::depth, Book::depth);
    Index k = 0;
    while (k < Book::entries && codebook.col(k) != vector) ++k;
    found.data()[p] = k < Book::entries ? static_cast<int>(k) : -1;
  }
  return found;
}

/// Numbers of the codebook's entries, h·w × N → samples, output × N. Throws ShapeError, or OptionError where a number is none.
template <class E, class D, class T>
auto decode_codes(const Autoencoder<E, D, T>& model, const Eigen::Ref<const Codes>& numbers) {
  using Book = detail::CodebookOf<typename Autoencoder<E, D, T>::Chain>;
  if (numbers.rows() != Book::pixels) {
    throw ShapeError(
        message("decode_codes: expected ", Book::pixels, " rows, one for each pixel of the code, found ", numbers.rows()));
  }
  const auto codebook = Book::of(model);
  typename Autoencoder<E, D, T>::Matrix quantised(Book::pixels * Book::depth, numbers.cols());
  for (Index j = 0; j < numbers.cols(); ++j) {
    for (Index p = 0; p < Book::pixels; ++p) {
      const int k = numbers(p, j);
      if (k < 0 || k >= Book::entries) {
        throw OptionError(message("decode_codes: expected numbers from 0 to ", Book::entries - 1, ", found ", k, " for pixel ",
                                  p, " of sample ", j));
      }
      quantised.col(j).segment(p * Book::depth, Book::depth) = codebook.col(k);
    }
  }
  return model.decode(quantised);
}

/// How often each entry of a codebook was chosen.
struct CodebookUsage {
  Eigen::Matrix<Index, Eigen::Dynamic, 1> counts;

  /// The share of entries that were chosen at all.
  double used() const;
  /// e^(−Σ p_k log p_k) with p_k the share of entry k: K if all are chosen equally often, 1 if one is chosen always.
  double perplexity() const;
};

/// Of the codes of samples, input × N. Throws ShapeError.
template <class E, class D, class T>
CodebookUsage codebook_usage(const Autoencoder<E, D, T>& model, const typename Autoencoder<E, D, T>::Input& x) {
  using Book = detail::CodebookOf<typename Autoencoder<E, D, T>::Chain>;
  CodebookUsage usage;
  usage.counts.setZero(Book::entries);
  const Codes all = codes(model, x);
  for (Index p = 0; p < all.size(); ++p) {
    if (const int k = all.data()[p]; k >= 0) ++usage.counts[k];
  }
  return usage;
}

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/models/codebook_impl.hpp"
#endif
