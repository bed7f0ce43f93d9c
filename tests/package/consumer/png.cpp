// Linking eigencoder::png is all that the umbrella needs to write pictures.
#include <eigencoder/eigencoder.hpp>

#ifndef EIGENCODER_HAS_PNG
#error "eigencoder::png must define EIGENCODER_HAS_PNG"
#endif

int main() {}
