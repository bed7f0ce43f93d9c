// SPDX-License-Identifier: MIT
// Without exceptions an error is said on stderr and ends the program.
#include <eigencoder/core/error.hpp>

int main(int count, char**) { eigencoder::raise<eigencoder::OptionError>("slope must not be negative, found ", -0.5 * count); }
