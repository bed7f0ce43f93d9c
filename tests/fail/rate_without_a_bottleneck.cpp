// expect: Rate needs codes that are whole numbers: put an EntropyBottleneck last in the encoder
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Encoder = ec::Encoder<ec::features(8), ec::Dense<4>, ec::EntropyBottleneck>;
#else
using Encoder = ec::Encoder<ec::features(8), ec::EntropyBottleneck, ec::Dense<4>>;
#endif
using Decoder = ec::Decoder<Encoder::output, ec::Dense<8>>;

int main() {
  ec::Autoencoder<Encoder, Decoder> model;
  ec::Trainer{model, ec::MeanSquaredError{} + 0.1 * ec::Rate{}, ec::Adam{}}.evaluate(Eigen::MatrixXf::Zero(8, 3).eval());
}
