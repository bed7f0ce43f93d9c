// expect: the encoder has no layer that makes features for the heads of the latent code
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Encoder = ec::Encoder<ec::features(4), ec::Dense<3>>;
#else
using Encoder = ec::Encoder<ec::features(4)>;
#endif

int main() {
  const ec::VariationalAutoencoder<Encoder, ec::Latent<2>, ec::Decoder<ec::features(2), ec::Dense<4>>> model;
  return static_cast<int>(model.sample(1, {}).size());
}
