// expect: VectorQuantizer<K>: K must be positive
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr ec::Index K = 1;
#else
constexpr ec::Index K = 0;
#endif

int main() {
  ec::Network<ec::Sequential<ec::features(8), ec::VectorQuantizer<K>>> model;
  model.predict(Eigen::MatrixXf::Zero(8, 3));
}
