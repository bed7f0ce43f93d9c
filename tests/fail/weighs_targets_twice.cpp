// expect: a network has one layer that weighs the values of the targets at most: this one has several
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Second = ec::RandomMask<>;
#else
using Second = ec::RandomMask<true>;
#endif

int main() {
  ec::Network<ec::Sequential<ec::image(4, 4), ec::RandomMask<true>, Second, ec::Conv2D<1, 3>>> model;
  ec::Trainer{model, ec::MeanSquaredError{}, ec::Adam{}}.fit(Eigen::MatrixXf::Zero(16, 3).eval());
}
