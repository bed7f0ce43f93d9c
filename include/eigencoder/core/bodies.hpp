// SPDX-License-Identifier: MIT
#pragma once

// Of functions that are no templates and take some time to compile, NAME.hpp has the declarations and NAME_impl.hpp the bodies.
// Header-only, NAME.hpp ends with including them, and they are inline. A program that links the component
// (EIGENCODER_COMPILED_KERNELS) does not see them: src/functions/ compiles them, and defines this as nothing.
#ifndef EIGENCODER_INLINE
#define EIGENCODER_INLINE inline
#endif
