#include "kernels.hpp"

double restoration_error(const Model& model, const Eigen::MatrixXf& samples) {
  return (model.reconstruct(samples) - samples).squaredNorm() / static_cast<double>(samples.size());
}
const char* level_elsewhere() { return name(ec::simd()).data(); }
