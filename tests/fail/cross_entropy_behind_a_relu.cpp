// expect: BinaryCrossEntropy needs a network whose values are probabilities: end it with a Sigmoid, or take BinaryCrossEntropyOnLogits, or MeanSquaredError
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Last = ec::Sigmoid;
#else
using Last = ec::ReLU;
#endif
using Encoder = ec::Encoder<ec::image(2, 2), ec::Dense<3>>;
using Decoder = ec::Decoder<ec::features(3), ec::Dense<4>, Last, ec::Reshape<ec::image(2, 2)>>;

int main() {
  ec::Autoencoder<Encoder, Decoder> model;
  ec::Trainer{model, ec::BinaryCrossEntropy{}, ec::Adam{}}.evaluate(Eigen::MatrixXf::Zero(4, 3).eval());
}
