// SPDX-License-Identifier: MIT
#include "bodies.hpp"
#include "eigencoder/tasks/gaussian_mixture_impl.hpp"
#include "eigencoder/tasks/hole_filling_impl.hpp"
#include "eigencoder/tasks/k_means_impl.hpp"
#include "eigencoder/tasks/mahalanobis_impl.hpp"
#include "eigencoder/tasks/nearest_impl.hpp"
#include "eigencoder/tasks/pca_impl.hpp"
#include "eigencoder/tasks/rating_baselines_impl.hpp"
#include "eigencoder/tasks/structural_similarity_impl.hpp"

namespace eigencoder {

#define EIGENCODER_TASKS_OF(T)                                                                                         \
  template Neighbours<T> detail::nearest_columns(const detail::ColumnsOf<T>&, const detail::ColumnsOf<T>&, Index);     \
  template PCA PCA::fit_columns<T>(const detail::ColumnsOf<T>&, Index);                                                \
  template Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> PCA::encode_columns<T>(const detail::ColumnsOf<T>&) const; \
  template Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> PCA::decode_columns<T>(const detail::ColumnsOf<T>&) const;

EIGENCODER_TASKS_OF(float)
EIGENCODER_TASKS_OF(double)

}  // namespace eigencoder
