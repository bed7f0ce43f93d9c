// expect: this type is not a layer
// expect: LayerAccepts<1,
#include <string>

#include <eigencoder/eigencoder.hpp>

namespace ec = eigencoder;

#ifdef CONTROL
using Second = ec::ReLU;
#else
using Second = std::string;
#endif

int main() { return static_cast<int>(ec::Encoder<ec::image(28, 28), ec::Dense<32>, Second>::output.size() & 1); }
