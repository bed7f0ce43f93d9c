// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/pass.hpp"

// Penalties on derivatives: what a layer may have so that small changes of a sample pass through it, and what such a penalty
// sees. Layers that have none of this train all the same.
namespace eigencoder {

/// A small change u of x → that of y, v = J u, where y is what forward made of x. The way back, dv → du = Jᵀ dv, is the layer's
/// backward.   u: in × columns   y, v: out × columns
template <class S>
struct Push {
  using T = typename S::Scalar;
  MatrixView<const T> y, cache, u;
  MatrixView<T> v;  ///< overwrite
};

/// u, dv → the gradient of dv · J u with respect to y, on which J depends.
template <class S>
struct Bend {
  using T = typename S::Scalar;
  MatrixView<const T> y, cache, u, dv;
  MatrixView<T> dy;       ///< add
  MatrixView<T> scratch;  ///< working memory, as large as y
};

/// Of a layer y = W x + b, W → G = W Wᵀ: ‖Wᵀ v‖² = v · G v, for any size of x.
template <class S>
struct Gram {
  using T = typename S::Scalar;
  typename S::Theta theta;
  MatrixView<T> G;  ///< overwrite
};

/// dG, twice the gradient with respect to G → that with respect to W, dG W.
template <class S>
struct GramBackward {
  using T = typename S::Scalar;
  typename S::Theta theta;
  typename S::DTheta dtheta;  ///< add
  MatrixView<const T> dG;
};

/// v = J u, the change of the code that belongs to a direction u of the input → value and ∂/∂v. A penalty at Site::tangent says
/// how many `directions` it wants, and draws each by `direction(d, random, u)`. If they are directions of the code, v = Jᵀ u,
/// and the penalty is a sum of squares: v · w, with w instead of v where it can be had for less. All are values × columns.
template <class T, bool Gradient>
struct TangentPass {
  MatrixView<const T> v, w;
  MatrixView<T> dv;  ///< overwrite, if Gradient
  Index batch;
  double weight;
};

template <class S>
concept GivesInputGradient = S::Trainable::count == 0 || requires(const typename S::Layer layer, Backward<S, true> pass) {
  layer.input_gradient(pass);
};
template <class S>
concept Pushes = requires(const typename S::Layer layer, Push<S> pass) {
  layer.push(pass);
};
template <class S>
concept Bends = requires(const typename S::Layer layer, Bend<S> pass) {
  layer.bend(pass);
};
template <class S>
concept HasGram = requires(const typename S::Layer layer, Gram<S> gram, GramBackward<S> backward) {
  layer.gram(gram);
  layer.gram_backward(backward);
};

}  // namespace eigencoder
