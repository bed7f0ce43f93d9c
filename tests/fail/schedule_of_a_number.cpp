// expect: a schedule is a function double(std::uint64_t updates)
// expect: for a rate that stays give ConstantRate{1e-3}
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

int main() {
#ifdef CONTROL
  const ec::Callback callback = ec::LearningRate{ec::ConstantRate{1e-3}};
#else
  const ec::Callback callback = ec::LearningRate{1e-3};
#endif
  return callback.before_fit ? 0 : 1;
}
