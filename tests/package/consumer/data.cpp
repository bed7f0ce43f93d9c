// Linking eigencoder::data is all that the umbrella needs to read files.
#include <eigencoder/eigencoder.hpp>

int main() {
  try {
    eigencoder::load_fashion_mnist("no such folder");
  } catch (const eigencoder::Error&) {
    return 0;
  }
  return 1;
}
