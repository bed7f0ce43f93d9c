// A callback of a StopOnSignal that is gone would stop nothing.
// expect: deleted function
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

int main() {
#ifdef CONTROL
  const ec::StopOnSignal stop;
  const ec::Callback callback = stop;
#else
  const ec::Callback callback = ec::StopOnSignal{};
#endif
  return callback.before_fit ? 0 : 1;
}
