// expect: the encoder must end with a recurrent layer that returns its state
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

int main() {
#ifdef CONTROL
  constexpr ec::Returns returns = ec::Returns::state;
#else
  constexpr ec::Returns returns = ec::Returns::last;
#endif
  using Encoder = ec::Encoder<ec::sequence(8, 2), ec::GRU<4, returns>>;
  using Decoder = ec::Decoder<Encoder::output, ec::RecurrentDecoder<ec::GRU<4>, 8, 2>>;
  return static_cast<int>(ec::SequenceAutoencoder<Encoder, Decoder>::parameter_count);
}
