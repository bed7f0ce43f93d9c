// expect: this layer cannot be linked to that one
// expect: LayerLinks<1,
#include "../support/contract_layers.hpp"
namespace ec = eigencoder;

#ifdef CONTROL
using Encoder = ec::Encoder<ec::features(4), contract::PairMax>;
#else
using Encoder = ec::Encoder<ec::features(4), ec::Dense<2>>;
#endif
using Decoder = ec::Decoder<Encoder::output, contract::PairUnmax<0>>;

int main() { return static_cast<int>(ec::Autoencoder<Encoder, Decoder>::parameter_count); }
