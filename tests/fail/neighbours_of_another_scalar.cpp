// expect: codes and queries must both be float or both double
#include <eigencoder/tasks/nearest.hpp>

namespace ec = eigencoder;

int main() {
  const Eigen::MatrixXf codes = Eigen::MatrixXf::Zero(2, 9);
#ifdef CONTROL
  ec::nearest(codes, codes.col(0), 1);
#else
  ec::nearest(codes, Eigen::Vector2d(0, 1), 1);
#endif
}
