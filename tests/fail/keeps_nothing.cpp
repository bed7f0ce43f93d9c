// expect: KSparse<K>: K must be positive
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Encoder = ec::Encoder<ec::features(4), ec::Dense<2>, ec::KSparse<1>>;
#else
using Encoder = ec::Encoder<ec::features(4), ec::Dense<2>, ec::KSparse<0>>;
#endif

int main() { return static_cast<int>(ec::Network<Encoder>::parameter_count); }
