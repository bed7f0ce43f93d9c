// expect: span<const float, 7>
#include <eigencoder/models/embedded.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr int size = 7;
#else
constexpr int size = 6;
#endif

using Chain = ec::Chain<float, ec::features(7), 1, ec::Dense<4>, ec::Dense<7>>;

void code_of(const ec::EmbeddedModel<Chain>& model, const float (&x)[size], float (&code)[4]);
void code_of(const ec::EmbeddedModel<Chain>& model, const float (&x)[size], float (&code)[4]) { model.encode(x, code); }
