// expect: a layer that weighs the values of the targets, as RandomMask with MaskWeights does, must have an input of their shape, and a cache of as many scalars
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Last = ec::Reshape<ec::image(4, 4)>;
#else
using Last = ec::Identity;
#endif

int main() {
  ec::Network<ec::Sequential<ec::image(4, 4), ec::RandomMask<true>, ec::Dense<16>, Last>> model;
  ec::Trainer{model, ec::MeanSquaredError{}, ec::Adam{}}.fit(Eigen::MatrixXf::Zero(16, 3).eval());
}
