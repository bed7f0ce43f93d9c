// SPDX-License-Identifier: MIT
#define CATCH_CONFIG_RUNNER  // only the single header of Catch2 2 reads it
#include "support/catch.hpp"

int main(int argc, char** argv) { return Catch::Session().run(argc, argv); }
