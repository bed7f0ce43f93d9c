// expect: this penalty needs an encoder of layers that carry tangents
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Encoder = ec::Encoder<ec::features(8), ec::Dense<8>, ec::Tanh, ec::Dense<2>>;
#else
using Encoder = ec::Encoder<ec::features(8), ec::Residual<ec::Dense<8>, ec::Tanh>, ec::Dense<2>>;
#endif

int main() {
  ec::Autoencoder<Encoder, ec::Decoder<Encoder::output, ec::Dense<8>>> model;
  ec::Trainer trainer{model, ec::MeanSquaredError{} + 0.1 * ec::StochasticContractive<>{}, ec::Adam{}};
  return static_cast<int>(trainer.threads());
}
