// expect: sample_errors needs a loss that is a sum over values
#include <eigencoder/eigencoder.hpp>
#include <eigencoder/tasks/sample_errors.hpp>
namespace ec = eigencoder;

int main() {
#ifdef CONTROL
  using Loss = ec::Gaussian;
#else
  using Loss = ec::CalibratedGaussian;
#endif
  const ec::Network<ec::Sequential<ec::features(8), ec::Dense<8>>> model;
  return static_cast<int>(ec::sample_errors(model, Eigen::MatrixXf::Zero(8, 3), Loss{}).samples.size());
}
