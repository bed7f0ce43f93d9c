// expect: Eigencoder needs IEEE 754: -ffast-math and -Ofast remove its checks for NaN and reorder its sums; compile with -O3 instead
// flags: -ffast-math
#include <eigencoder/core/eigen.hpp>

int main() { return static_cast<int>(Eigen::VectorXf::Zero(3).sum()); }
