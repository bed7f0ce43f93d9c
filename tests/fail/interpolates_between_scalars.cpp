// expect: codes to interpolate between must both be float or both double
#include <eigencoder/models/interpolate.hpp>

namespace ec = eigencoder;

int main() {
  const Eigen::VectorXf a = Eigen::VectorXf::Zero(2);
#ifdef CONTROL
  const Eigen::VectorXf b = Eigen::VectorXf::Ones(2);
#else
  const Eigen::VectorXd b = Eigen::VectorXd::Ones(2);
#endif
  ec::slerp(a, b, 5);
}
