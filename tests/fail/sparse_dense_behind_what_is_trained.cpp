// expect: the numbers that SparseDense reads have no gradient: no layer before it can be trained
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Layers = ec::Sequential<ec::sequence(4, 2), ec::SparseDense<50, 3>>;
#else
using Layers = ec::Sequential<ec::sequence(4, 2), ec::Conv1D<2, 1>, ec::SparseDense<50, 3>>;
#endif

void train(ec::Network<Layers>& model, const Eigen::MatrixXf& x, const Eigen::MatrixXf& y) {
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{}};
  trainer.fit(x, y, {.epochs = 1});
}
int main() {}
