// expect: CategoricalCrossEntropyOnLogits takes logits, and this network's Softmax has made probabilities of them: take CategoricalCrossEntropy, which works on the Softmax's input by itself
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

using Encoder = ec::Encoder<ec::features(4), ec::Dense<3>>;
#ifdef CONTROL
using Decoder = ec::Decoder<ec::features(3), ec::Dense<4>>;
#else
using Decoder = ec::Decoder<ec::features(3), ec::Dense<4>, ec::Softmax>;
#endif

int main() {
  ec::Autoencoder<Encoder, Decoder> model;
  ec::Trainer{model, ec::CategoricalCrossEntropyOnLogits{}, ec::Adam{}}.evaluate(Eigen::MatrixXf::Zero(4, 3).eval());
}
