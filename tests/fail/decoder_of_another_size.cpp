// expect: the decoder does not restore the encoder's input
// expect: Shape{1, 28, 28}
// expect: Shape{783, 1, 1}
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr ec::Index pixels = 784;
#else
constexpr ec::Index pixels = 783;
#endif

using Encoder = ec::Encoder<ec::image(28, 28), ec::Dense<32>, ec::ReLU>;
using Decoder = ec::Decoder<Encoder::output, ec::Dense<pixels>, ec::Sigmoid>;

int main() { return static_cast<int>(ec::Autoencoder<Encoder, Decoder>::parameter_count & 1); }
