// Without a component the umbrella asks for Eigen and threads alone.
#include <eigencoder/eigencoder.hpp>

#if defined(EIGENCODER_HAS_ZLIB) || defined(EIGENCODER_HAS_PNG)
#error "eigencoder::eigencoder must not define what belongs to a component"
#endif

int main() { return eigencoder::features(3).size() == 3 ? 0 : 1; }
