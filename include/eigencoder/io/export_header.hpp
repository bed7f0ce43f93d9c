// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "eigencoder/core/version.hpp"
#include "eigencoder/files/atomic_file.hpp"
#include "eigencoder/io/cpp_type.hpp"
#include "eigencoder/models/embedded.hpp"
#include "eigencoder/models/model.hpp"

namespace eigencoder {

/// Options of export_header.
struct ExportHeader {
  std::string name = "model";              ///< of the constant in the header: an identifier of C++
  std::vector<std::string> includes = {};  ///< headers of layers of your own: "my_layer.hpp"
};

namespace detail {

inline void check_identifier(std::string_view name) {
  const auto letter = [](char c) { return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z'); };
  bool fine = !name.empty() && letter(name.front());
  for (const char c : name) fine = fine && (letter(c) || ('0' <= c && c <= '9') || c == '_');
  if (!fine) {
    throw OptionError(message(
        "export_header: expected a name of letters, digits and underscores that begins with a letter, found \"", name, '"'));
  }
}

/// The values of a block, a few a line, under its name.
template <class T>
void append_block(std::string& text, const std::string& name, const Block& block, const MatrixView<const T>& values) {
  constexpr std::size_t widest = 120;
  text += block.cols == 0 ? message("    // ", name, ": ", block.rows)
                          : message("    // ", name, ": ", block.rows, " x ", block.cols);
  std::size_t width = widest;
  for (Index i = 0; i < values.size(); ++i) {
    const T value = values.data()[i];
    if (!std::isfinite(value)) {
      throw NonFiniteError(message("export_header: expected finite parameters, found ", value, " in ", name, " at row ",
                                   i % block.rows, ", column ", i / block.rows));
    }
    const std::string literal = cpp_value(value);
    if (width + literal.size() + 2 > widest) {
      text += "\n   ";
      width = 3;
    }
    text += ' ' + literal + ',';
    width += literal.size() + 2;
  }
  text += '\n';
}

/// The contents of the header.
template <class C>
std::string header_text(const Model<C>& model, const ExportHeader& options) {
  using Embedded = EmbeddedModel<C>;
  using T = typename C::Scalar;
  constexpr bool has_code = C::code <= C::size;
  const std::string scalar = std::is_same_v<T, float> ? "float" : "double", &name = options.name;
  const std::string release = message(version.major, '.', version.minor);
  check_identifier(name);

  std::string theta, state, types, values;
  bool settings = false;
  model.for_each_block([&](const std::string& of, const Block& block, const MatrixView<const T>& view) {
    append_block<T>(block.trainable ? theta : state, of, block, view);
  });
  C::for_each_layer([&]<std::size_t I>() {
    using L = typename C::template layer<I>;
    const bool last = I + 1 == C::size;
    types +=
        message("\n    ", cpp_type<L>(), last ? ">;" : ",", "  // ", Model<C>::position(I), ": ", to_string(C::shapes[I + 1]));
    const std::string given = cpp_settings(std::get<I>(model.layers()));
    values += message("\n    Chain::layer<", I, '>', given, last ? "" : ",");
    settings = settings || given != "{}";
  });

  std::string text = message(
      "// A trained network as C++, written by export_header of Eigencoder ", release, ". In a program:\n//   ", scalar, " x[",
      C::input.size(), "], y[", C::output.size(), "];\n//   ", name, Embedded::is_autoencoder ? ".reconstruct" : ".predict",
      "(x, y);\n// It needs the headers of Eigencoder and Eigen, and ", sizeof(typename Embedded::Memory),
      " bytes of RAM beside the stack; no heap, no files, no exceptions.\n#pragma once\n\n#include <limits>\n\n"
      "#include <eigencoder/models/embedded.hpp>\n");
  for (const std::string& include : options.includes) text += message("#include \"", include, "\"\n");
  text +=
      message("\nstatic_assert(eigencoder::version.major == ", version.major,
              " && eigencoder::version.minor == ", version.minor, ",\n              \"this header was written by Eigencoder ",
              release, ": export the model again with the version that compiles it\");\n\nnamespace ", name, "_data {\n\n");
  text +=
      message("using Chain = eigencoder::Chain<", scalar, ", ", cpp_value(C::input), ", ",
              has_code ? message(C::code, ",  // the layers before the code") : "eigencoder::detail::no_code,", types,
              "\nusing Model = eigencoder::EmbeddedModel<Chain>;\nstatic_assert(Chain::parameter_count == ", C::parameter_count,
              " && Chain::state_count == ", C::state_count, ");\n\n");
  if (settings) text += message("inline constexpr Chain::Layers layers{", values, "};\n\n");
  const auto array = [](const char* type, const char* of, const std::string& numbers) {
    return message("alignas(64) inline constexpr Model::", type, ' ', of, numbers.empty() ? "{" : "{{\n", numbers,
                   numbers.empty() ? "};\n\n" : "}};\n\n");
  };
  text += array("Theta", "theta", theta) + array("State", "state", state);
  text += message("inline constinit Model::Memory memory;\n\n}  // namespace ", name, "_data\n\ninline constexpr ", name,
                  "_data::Model ", name, '{', name, "_data::theta, ", name, "_data::state, ", name, "_data::memory",
                  settings ? message(", ", name, "_data::layers") : "", "};\n");
  return text;
}

}  // namespace detail

/// Writes a model as a C++ header: its parameters and running state as constants, and its type. A program that includes it
/// predicts by `model`, an EmbeddedModel, without heap, files, exceptions or RTTI, and gets the same bits (docs/embedded.md).
///   ec::export_header(model, "weights.hpp");
///   ec::export_header(model.encoder(), "encoder.hpp", {.name = "encoder"});
/// Throws NonFiniteError with the name of a parameter that is not finite, OptionError for a name that is none or a layer that
/// other programs cannot name, and FileError where the file cannot be written; the file is untouched then.
template <class C>
void export_header(const Model<C>& model, const std::filesystem::path& path, const ExportHeader& options = {}) {
  write_file(path, detail::header_text(model, options));
}

}  // namespace eigencoder
