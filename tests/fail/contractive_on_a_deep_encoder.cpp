// expect: Contractive needs an encoder of one Dense and at most one activation whose derivative follows from its output
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Encoder = ec::Encoder<ec::features(8), ec::Dense<4>, ec::Tanh>;
#else
using Encoder = ec::Encoder<ec::features(8), ec::Dense<6>, ec::Tanh, ec::Dense<4>, ec::Tanh>;
#endif
using Decoder = ec::Decoder<Encoder::output, ec::Dense<8>>;

int main() {
  ec::Autoencoder<Encoder, Decoder> model;
  ec::Trainer{model, ec::MeanSquaredError{} + 1e-3 * ec::Contractive{}, ec::Adam{}}.evaluate(Eigen::MatrixXf::Zero(8, 3).eval());
}
