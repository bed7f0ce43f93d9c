// SPDX-License-Identifier: MIT
#pragma once

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

/// What a message is put together from: a text or a number. Numbers are written by join, which is no template: a program has
/// many messages, and each would compile its own copy.
struct MessagePart {
  enum class Kind : unsigned char { text, character, whole, natural, real } kind;
  union {
    std::string_view text;
    char character;
    long long whole;
    unsigned long long natural;
    double real;
  };

  MessagePart(std::string_view value) : kind(Kind::text), text(value) {}
  MessagePart(char value) : kind(Kind::character), character(value) {}
  MessagePart(std::signed_integral auto value) : kind(Kind::whole), whole(value) {}
  MessagePart(std::unsigned_integral auto value) : kind(Kind::natural), natural(value) {}
  MessagePart(std::floating_point auto value) : kind(Kind::real), real(static_cast<double>(value)) {}
};

std::string join(const MessagePart* part, std::size_t count);

}  // namespace detail

/// Joins strings and numbers into one string: message("row ", 3, " of ", 7).
template <class... Parts>
std::string message(const Parts&... parts) {
  const detail::MessagePart all[] = {detail::MessagePart(parts)..., std::string_view()};
  return detail::join(all, sizeof...(parts));
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

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/core/error_impl.hpp"
#endif
