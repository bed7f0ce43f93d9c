// expect: SparseCategoricalCrossEntropy needs a network whose channels are probabilities that add up to 1: end it with a Softmax, or take SparseCategoricalCrossEntropyOnLogits
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr ec::SparseCategoricalCrossEntropyOnLogits loss{};
#else
constexpr ec::SparseCategoricalCrossEntropy loss{};
#endif

int main() {
  ec::Network<ec::Sequential<ec::image(4, 4), ec::Conv2D<3, 3>>> model;
  ec::Trainer{model, loss, ec::Adam{}}.evaluate(Eigen::MatrixXf::Zero(16, 3).eval(), Eigen::MatrixXf::Zero(16, 3).eval());
}
