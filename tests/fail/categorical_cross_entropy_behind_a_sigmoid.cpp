// expect: CategoricalCrossEntropy needs a network whose channels are probabilities that add up to 1: end it with a Softmax, or take CategoricalCrossEntropyOnLogits
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Last = ec::Softmax;
#else
using Last = ec::Sigmoid;
#endif
using Encoder = ec::Encoder<ec::features(4), ec::Dense<3>>;
using Decoder = ec::Decoder<ec::features(3), ec::Dense<4>, Last>;

int main() {
  ec::Autoencoder<Encoder, Decoder> model;
  ec::Trainer{model, ec::CategoricalCrossEntropy{}, ec::Adam{}}.evaluate(Eigen::MatrixXf::Zero(4, 3).eval());
}
