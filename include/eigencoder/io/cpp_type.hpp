// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>

#include "eigencoder/core/layer.hpp"
#include "eigencoder/core/type_name.hpp"
#include "eigencoder/core/window.hpp"
#include "eigencoder/layers/frozen.hpp"
#include "eigencoder/layers/recurrent.hpp"
#include "eigencoder/layers/reshaping.hpp"

// Types and values of layers as C++ that a compiler reads back to the same.
namespace eigencoder {

/// The shortest literal of a finite number that is read back to the same bits: 0.1f, -2.0, 1e-30f.
template <std::floating_point T>
std::string cpp_value(T value) {
  if (std::isinf(value)) {
    return message(value < 0 ? "-" : "", "std::numeric_limits<", std::is_same_v<T, float> ? "float" : "double",
                   ">::infinity()");
  }
  std::array<char, 32> digits;
  std::string text(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  if (std::is_same_v<T, float>) text += 'f';
  return text;
}

// The classes whose values are template arguments of layers. A layer of your own that takes another finds a cpp_value in the
// namespace of that class.
inline std::string cpp_value(Shape shape) {
  if (shape.height > 1) return message("eigencoder::image(", shape.height, ", ", shape.width, ", ", shape.channels, ')');
  if (shape.width > 1) return message("eigencoder::sequence(", shape.width, ", ", shape.channels, ')');
  return message("eigencoder::features(", shape.channels, ')');
}
inline std::string cpp_value(Extent extent) {
  if (extent.height == extent.width) return message("eigencoder::Extent{", extent.height, '}');
  return message("eigencoder::Extent{", extent.height, ", ", extent.width, '}');
}
inline std::string cpp_value(Dilation dilation) {
  return message("eigencoder::Dilation{", dilation.height, ", ", dilation.width, '}');
}
inline std::string cpp_value(Border border) {
  return message("eigencoder::Border{", border.top, ", ", border.bottom, ", ", border.left, ", ", border.right, '}');
}
inline std::string cpp_value(Truncation truncation) { return message("eigencoder::Truncation{", truncation.steps, '}'); }
inline std::string cpp_value(Init init) {
  for (const auto& [named, name] : {std::pair{Init::zeros, "zeros"},
                                    {Init::ones, "ones"},
                                    {Init::glorot_uniform, "glorot_uniform"},
                                    {Init::glorot_normal, "glorot_normal"},
                                    {Init::he_uniform, "he_uniform"},
                                    {Init::he_normal, "he_normal"},
                                    {Init::orthogonal, "orthogonal"}}) {
    if (init == named) return message("eigencoder::Init::", name);
  }
  return message("eigencoder::Init{eigencoder::Init::Law(", static_cast<int>(init.law), "), ", cpp_value(double{init.value}),
                 ", eigencoder::Init::Fan(", static_cast<int>(init.fan), "), ", init.begin, ", ", init.end, '}');
}

namespace detail {

template <auto Value>
struct CppArgument {};

/// A template argument as C++.
template <auto Value>
std::string cpp_argument() {
  using V = std::remove_const_t<decltype(Value)>;
  if constexpr (std::is_same_v<V, bool>) {
    return Value ? "true" : "false";
  } else if constexpr (std::integral<V>) {
    return std::to_string(Value);
  } else if constexpr (std::is_enum_v<V>) {
    const std::string_view name = raw_type_name<CppArgument<Value>>();  // "eigencoder::detail::CppArgument<Value>"
    const auto open = name.find('<') + 1;
    return std::string(name.substr(open, name.rfind('>') - open));
  } else {
    static_assert(
        requires { cpp_value(Value); },
        "this class of template arguments has no spelling: give its namespace a function std::string cpp_value(Class)");
    return cpp_value(Value);
  }
}

/// The name of a type or of its template, with its namespaces. Throws OptionError where no other program can say that name.
template <class L>
std::string cpp_name() {
  const std::string_view name = raw_type_name<L>();
  const std::string_view head = name.substr(0, name.find('<'));
  if (head.find_first_of("({ ") != std::string_view::npos) {
    throw OptionError(message("export_header: the layer ", name,
                              " has a name in its source file alone: declare it in a header, in a "
                              "namespace that has a name"));
  }
  return std::string(head);
}

template <class... Parts>
std::string comma_separated(const Parts&... parts) {
  std::string all;
  ((all += all.empty() ? parts : ", " + parts), ...);
  return all;
}

/// The type of a layer as C++, with all its template arguments.
template <class L>
struct CppType {
  static std::string text() {
    static_assert(raw_type_name<L>().find('<') == std::string_view::npos,
                  "this layer mixes types and values among its template arguments in a way that has no spelling");
    return cpp_name<L>();
  }
};
template <template <auto...> class Layer, auto... Arguments>
struct CppType<Layer<Arguments...>> {
  static std::string text() {
    return cpp_name<Layer<Arguments...>>() + '<' + comma_separated(cpp_argument<Arguments>()...) + '>';
  }
};
template <template <class...> class Layer, class... Arguments>
struct CppType<Layer<Arguments...>> {
  static std::string text() {
    return cpp_name<Layer<Arguments...>>() + '<' + comma_separated(CppType<Arguments>::text()...) + '>';
  }
};
template <template <class, auto, auto...> class Layer, class L, auto First, auto... Rest>
struct CppType<Layer<L, First, Rest...>> {
  static std::string text() {
    return cpp_name<Layer<L, First, Rest...>>() + '<' +
           comma_separated(CppType<L>::text(), cpp_argument<First>(), cpp_argument<Rest>()...) + '>';
  }
};

/// A layer that holds another, which it is made of: TimeDistributed<L>.
template <class L>
concept HoldsLayer = requires(const L& layer) {
  requires Recipe<std::remove_cvref_t<decltype(layer.layer)>>;
};
template <class L>
const L& unfrozen(const Frozen<L>& layer) {
  return layer;
}

}  // namespace detail

/// The type of a layer as C++: "eigencoder::Dense<32>".
template <class L>
std::string cpp_type() {
  return detail::CppType<L>::text();
}

/// The settings of a layer as C++ that makes it anew, `cpp_type` in front: "{0.1}" for LeakyReLU{0.1}. Those whose names share
/// what is in front of a point are the values of one member, in braces of their own. A layer that holds another is made of that
/// one: "{eigencoder::LeakyReLU{0.1}}". "{}" where it has none.
template <Recipe L>
std::string cpp_settings(const L& layer) {
  std::string values;
  if constexpr (requires { requires L::frozen; }) {
    using Base = std::remove_cvref_t<decltype(detail::unfrozen(layer))>;
    values = cpp_settings(detail::unfrozen(layer));
    if (values == "{}") return values;
    if (detail::HoldsLayer<Base>) values = cpp_type<Base>() + values;
  } else if constexpr (detail::HoldsLayer<L>) {
    values = cpp_settings(layer.layer);
    values = values == "{}" ? "" : cpp_type<std::remove_cvref_t<decltype(layer.layer)>>() + values;
  } else if constexpr (requires { layer.settings(); }) {
    std::string_view member;
    for (const Setting& setting : layer.settings()) {
      if (setting.in_training) continue;
      const auto point = setting.name.find('.');
      const std::string_view of = setting.name.substr(0, point == std::string_view::npos ? 0 : point);
      if (of != member && !member.empty()) values += '}';
      if (!values.empty()) values += ", ";
      if (of != member && !of.empty()) values += '{';
      member = of;
      values += cpp_value(setting.value);
    }
    if (!member.empty()) values += '}';
  }
  return '{' + values + '}';
}

}  // namespace eigencoder
