// expect: the decoder does not take the encoder's code
// expect: Shape{32, 1, 1}
// expect: Shape{16, 1, 1}
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr ec::Index code = 32;
#else
constexpr ec::Index code = 16;
#endif

using Encoder = ec::Encoder<ec::image(28, 28), ec::Dense<32>, ec::ReLU>;
using Decoder = ec::Decoder<ec::features(code), ec::Dense<784>, ec::Sigmoid>;

int main() { return static_cast<int>(ec::Autoencoder<Encoder, Decoder>::parameter_count & 1); }
