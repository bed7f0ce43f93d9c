// expect: KSparse<K>: K is larger than the sample has values
// expect: LayerAccepts<1,
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Encoder = ec::Encoder<ec::features(4), ec::Dense<2>, ec::KSparse<2>>;
#else
using Encoder = ec::Encoder<ec::features(4), ec::Dense<2>, ec::KSparse<3>>;
#endif

static_assert(Encoder::output == ec::features(2));
int main() {}
