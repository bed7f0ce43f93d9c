// expect: the mirror of this layer restores less than its input, since its windows lose rows or columns
// expect: MirrorRestores<0,
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Encoder = ec::Encoder<ec::image(7, 7), ec::Conv2D<2, 3, 2, ec::Padding::valid>>;
#else
using Encoder = ec::Encoder<ec::image(6, 6), ec::Conv2D<2, 3, 2, ec::Padding::valid>>;
#endif

int main() { return static_cast<int>(ec::Autoencoder<Encoder, ec::Mirror<Encoder>>::parameter_count); }
