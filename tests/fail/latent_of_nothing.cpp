// expect: Latent<Z>: a code needs at least one value
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Code = ec::Latent<1>;
#else
using Code = ec::Latent<0>;
#endif

int main() { return sizeof(Code) > 1; }
