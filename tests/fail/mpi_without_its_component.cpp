// expect: Mpi needs MPI: link eigencoder::mpi
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

int main() {
#ifdef CONTROL  // whether MPI is there or not
  const ec::AnyCommunicator ranks;
#else
  const ec::AnyCommunicator ranks = ec::Mpi{};
#endif
  return ranks.rank();
}
