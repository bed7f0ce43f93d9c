// expect: no layer of this model would be compact: that is a Dense, frozen or not, whose weights no tied layer borrows
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Decoder = ec::Decoder<ec::features(3), ec::Dense<4>>;
#else
using Decoder = ec::Decoder<ec::features(3), ec::TiedDense<0, ec::features(4)>>;
#endif

int main() {
  using Model = ec::Autoencoder<ec::Encoder<ec::features(4), ec::Dense<3>>, Decoder>;
  const ec::CompactModel<Model, ec::WeightFormat::int8> compact{Model{}};
  return static_cast<int>(compact.workspace().columns());
}
