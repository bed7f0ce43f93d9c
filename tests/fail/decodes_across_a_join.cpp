// expect: codes alone cannot be decoded, use reconstruct
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

using Encoder = ec::Encoder<ec::features(8), ec::Dense<5>, ec::Tanh, ec::Dense<2>>;
using Decoder = ec::Decoder<Encoder::output, ec::Dense<5>, ec::Add<1>, ec::Dense<8>>;

int main() {
  const ec::Autoencoder<Encoder, Decoder> model;
#ifdef CONTROL
  return static_cast<int>(model.reconstruct(Eigen::MatrixXf::Zero(8, 3)).size());
#else
  return static_cast<int>(model.decode(Eigen::MatrixXf::Zero(2, 3)).size());
#endif
}
