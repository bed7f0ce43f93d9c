// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <type_traits>

#include "eigencoder/core/simd.hpp"

// How a kernel is run. A kernel is a struct of its operands with a function run(). It runs here, as the including file is
// compiled, or, if the program links the component `kernels`, in the component's copy for the processor at hand.
// docs/kernels.md says how that copy is made.
namespace eigencoder::kernels {

/// Runs the kernel whose operands lie there.
using Function = void (*)(const void* kernel);

template <class T>
concept CompiledScalar = std::same_as<T, float> || std::same_as<T, double>;

/// Functions of values that the component knows, and with which it has the kernels that take one. Such a function says so by
/// `using InComponent = F;`, F being itself: a class that is derived from it is not known.
template <class F>
concept CompiledFunction = std::same_as<typename F::InComponent, F>;

/// What a function Self that calls F says: the component knows it if it knows F.
template <class F, class Self>
using InComponentWith = std::conditional_t<CompiledFunction<F>, Self, void>;

/// Where the component has a kernel's functions, one for each level of Simd that the architecture has; null at a level that it is
/// never launched at.
template <class Kernel>
struct Compiled {
  static const std::array<const Function*, 3> levels;
};

/// Whether the component has it: what Kernel::compiled says, if the program links the component.
template <class Kernel>
constexpr bool in_component() {
#ifdef EIGENCODER_COMPILED_KERNELS
  return Kernel::compiled;
#else
  return false;
#endif
}

#ifdef __clang__  // which cannot know that the component defines them
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-var-template"
#endif
/// The component's function for a level.
template <class Kernel>
Function compiled_for(Simd level) {
  return *Compiled<Kernel>::levels[static_cast<std::size_t>(level)];
}
#ifdef __clang__
#pragma clang diagnostic pop
#endif

template <class Kernel>
Function function() {
  if constexpr (in_component<Kernel>()) {
    return compiled_for<Kernel>(simd());
  } else {
    return [](const void* kernel) { static_cast<const Kernel*>(kernel)->run(); };
  }
}

template <class Kernel>
void launch(const Kernel& kernel) {
  static_assert(std::is_trivially_copyable_v<Kernel>);
  if constexpr (in_component<Kernel>()) {
    function<Kernel>()(&kernel);
  } else {
    kernel.run();
  }
}

}  // namespace eigencoder::kernels
