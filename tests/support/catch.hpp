// SPDX-License-Identifier: MIT
#pragma once

// Catch2 3, or the single header of Catch2 2.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;  // global in Catch2 2
#else
#include <catch2/catch.hpp>
#endif
