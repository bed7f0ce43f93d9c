// expect: class weights must be as many as the channels of the network's output: see ClassWeightsOfChannels<ClassWeights, Channels>
// expect: ClassWeightsOfChannels<4, 3>
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr ec::SparseCategoricalCrossEntropy<3> loss{.class_weights = {1, 2, 3}};
#else
constexpr ec::SparseCategoricalCrossEntropy<4> loss{.class_weights = {1, 2, 3, 4}};
#endif

int main() {
  ec::Network<ec::Sequential<ec::image(4, 4), ec::Conv2D<3, 3>, ec::Softmax>> model;
  ec::Trainer{model, loss, ec::Adam{}}.evaluate(Eigen::MatrixXf::Zero(16, 3).eval(), Eigen::MatrixXf::Zero(16, 3).eval());
}
