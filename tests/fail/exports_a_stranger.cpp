// expect: export_onnx knows no nodes for this layer
// expect: LayerExports<1, Halve>
#include <eigencoder/io/onnx.hpp>

namespace ec = eigencoder;

struct Halve : ec::PiecewiseLinear<Halve> {
  template <class V>
  static V apply(V x) {
    return x * V(0.5);
  }
  template <class V>
  static V derivative(V) {
    return V(0.5);
  }
};

#ifdef CONTROL
inline ec::OnnxValue add_onnx_nodes(const Halve&, ec::OnnxPass& pass) {
  return {pass.graph.node("Mul", {pass.x.name, pass.graph.scalar("half", 0.5F)}), pass.out};
}
#endif

int main() {
  const ec::Network<ec::Sequential<ec::features(4), ec::Dense<3>, Halve>> model;
  ec::export_onnx(model, "model.onnx");
}
