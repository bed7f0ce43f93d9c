// expect: a RecurrentDecoder begins with the state of its recurrent layer
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

int main() {
#ifdef CONTROL
  constexpr ec::Returns returns = ec::Returns::state;
#else
  constexpr ec::Returns returns = ec::Returns::last;
#endif
  using Encoder = ec::Encoder<ec::sequence(8, 2), ec::LSTM<4, returns>>;
  using Decoder = ec::Decoder<Encoder::output, ec::RecurrentDecoder<ec::LSTM<4>, 8, 2>>;
  return static_cast<int>(ec::Autoencoder<Encoder, Decoder>::parameter_count);
}
