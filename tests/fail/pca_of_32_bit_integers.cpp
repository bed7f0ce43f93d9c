// expect: samples are float or double, as the model is, or integers of 8 or 16 bits
#include <eigencoder/tasks/pca.hpp>

namespace ec = eigencoder;

int main() {
#ifdef CONTROL
  using Matrix = Eigen::Matrix<std::uint8_t, Eigen::Dynamic, Eigen::Dynamic>;
#else
  using Matrix = Eigen::MatrixXi;
#endif
  ec::PCA::fit(Matrix::Zero(4, 9), 2);
}
