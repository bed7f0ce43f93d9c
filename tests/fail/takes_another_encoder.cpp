// expect: set_layers: the blocks of these two layers differ in name or size
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

using Encoder = ec::Encoder<ec::features(6), ec::Dense<4>, ec::Tanh>;
#ifdef CONTROL
using Other = ec::Encoder<ec::features(6), ec::Frozen<ec::Dense<4>>, ec::Tanh>;
#else
using Other = ec::Encoder<ec::features(6), ec::Dense<4, ec::Bias::none>, ec::Tanh>;
#endif

int main() {
  ec::Autoencoder<Encoder, ec::Decoder<ec::features(4), ec::Dense<6>>> model;
  model.set_encoder(ec::Network<Other>{});
}
