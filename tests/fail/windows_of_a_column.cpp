// expect: windows: expected a series of channels by steps, found a column; a single channel is a row: transpose it
#include <eigencoder/data/windows.hpp>

namespace ec = eigencoder;

int main() {
  const Eigen::VectorXf series = Eigen::VectorXf::Random(100);
#ifdef CONTROL
  const auto x = ec::windows(series.transpose(), {.length = 10});
#else
  const auto x = ec::windows(series, {.length = 10});
#endif
  return static_cast<int>(x.cols());
}
