// expect: SparseDense<Items, Units>: so many numbers cannot be told apart by this scalar
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr ec::Index items = ec::Index{1} << 24;
#else
constexpr ec::Index items = (ec::Index{1} << 24) + 2;
#endif
using Model = ec::Network<ec::Sequential<ec::sequence(4, 2), ec::SparseDense<items, 1>>>;

Eigen::MatrixXf predict(const Model& model, const Eigen::MatrixXf& x) { return model.predict(x); }
int main() {}
