// expect: codes alone cannot be decoded, use reconstruct
#include "../support/contract_layers.hpp"
namespace ec = eigencoder;

using Encoder = ec::Encoder<ec::features(4), contract::PairMax>;
using Decoder = ec::Decoder<Encoder::output, contract::PairUnmax<0>>;

int main() {
  const ec::Autoencoder<Encoder, Decoder> model;
#ifdef CONTROL
  return static_cast<int>(model.reconstruct(Eigen::MatrixXf::Zero(4, 3)).size());
#else
  return static_cast<int>(model.decode(Eigen::MatrixXf::Zero(2, 3)).size());
#endif
}
