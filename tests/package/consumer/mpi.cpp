// Linking eigencoder::mpi is all that the umbrella needs to train with several processes.
#include <eigencoder/eigencoder.hpp>

int main() { return eigencoder::Mpi{}.size() == 1 ? 0 : 1; }
