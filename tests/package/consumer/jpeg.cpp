// Linking eigencoder::jpeg is all that the umbrella needs to read photographs.
#include <eigencoder/eigencoder.hpp>

int main() {
  try {
    eigencoder::read_jpeg("no such file");
  } catch (const eigencoder::Error&) {
    return 0;
  }
  return 1;
}
