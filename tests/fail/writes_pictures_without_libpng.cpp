// expect: write_image_grid needs libpng: link eigencoder::png
// expect: image_grid needs libpng: link eigencoder::png
// expect: write_png needs libpng: link eigencoder::png
// expect: read_png needs libpng: link eigencoder::png
// flags: -UEIGENCODER_HAS_PNG
#include <eigencoder/eigencoder.hpp>
#if defined(CONTROL) && __has_include(<png.h>)
#include <eigencoder/io/png.hpp>  // as one does who links libpng without the target
#endif
namespace ec = eigencoder;

int main() {
#if !defined(CONTROL) || __has_include(<png.h>)
  const Eigen::MatrixXf x = Eigen::MatrixXf::Zero(4, 3);
  ec::write_image_grid("x.png", {{"original", x}, {"twice", 2 * x}}, ec::image(2, 2), {.columns = 3});
  const auto picture = ec::image_grid({{"original", x}}, ec::image(2, 2));
  ec::write_png("x.png", picture);
  ec::read_png("x.png", {.channels = 1});
#endif
}
