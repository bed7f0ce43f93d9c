// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

namespace eigencoder {

/// Base of everything the library throws. The message says what was expected, what was found, where, and what to do.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A matrix, file or option whose sizes do not fit the model or each other.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// An option or hyperparameter outside its range.
class OptionError : public Error {
 public:
  using Error::Error;
};

/// A file or folder that is missing, truncated, or not what its name promises.
class FileError : public Error {
 public:
  using Error::Error;
};

/// A NaN or an infinity: in the data, or in a loss that has diverged.
class NonFiniteError : public Error {
 public:
  using Error::Error;
};

namespace detail {

inline void append(std::string& out, std::string_view text) { out += text; }
inline void append(std::string& out, char character) { out += character; }
inline void append(std::string& out, std::integral auto number) { out += std::to_string(number); }
inline void append(std::string& out, std::floating_point auto number) {
  if (std::isnan(number)) {  // without the sign, which means nothing
    out += "nan";
    return;
  }
  char digits[32];
  out.append(digits, static_cast<std::size_t>(std::snprintf(digits, sizeof digits, "%g", static_cast<double>(number))));
}

}  // namespace detail

/// Joins strings and numbers into one string: message("row ", 3, " of ", 7).
template <class... Parts>
std::string message(const Parts&... parts) {
  std::string out;
  (detail::append(out, parts), ...);
  return out;
}

/// Throws an E with the message that the parts make: raise<OptionError>("rate: expected less than 1, found ", rate). Compiled
/// without exceptions (-fno-exceptions), it writes the message to stderr and ends the program by std::abort. In a constant
/// expression it is an error of the compiler, which shows the line.
template <std::derived_from<Error> E, class... Parts>
[[noreturn]] void raise(const Parts&... parts) {
#ifdef __cpp_exceptions
  throw E(message(parts...));
#else
  std::fputs(message(parts..., '\n').c_str(), stderr);
  std::abort();
#endif
}

}  // namespace eigencoder
