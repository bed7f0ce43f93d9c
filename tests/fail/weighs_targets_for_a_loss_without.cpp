// expect: every loss must then be a sum over values that takes weights of elements, as MeanSquaredError is
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

struct Worst {
  template <class S, bool Gradient, bool Accumulate>
  double operator()(ec::LossPass<S, Gradient, Accumulate> pass) const {
    return static_cast<double>((pass.y - pass.target).cwiseAbs().maxCoeff()) / static_cast<double>(pass.batch);
  }
};
#ifdef CONTROL
using Loss = ec::MeanSquaredError;
#else
using Loss = Worst;
#endif

int main() {
  ec::Network<ec::Sequential<ec::image(4, 4), ec::RandomMask<true>, ec::Conv2D<1, 3>>> model;
  ec::Trainer{model, Loss{}, ec::Adam{}}.fit(Eigen::MatrixXf::Zero(16, 3).eval());
}
