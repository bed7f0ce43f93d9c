// SPDX-License-Identifier: MIT
// What must not be in a file of src/: the linker may give a whole program this copy of an inline function.
#include "level.hpp"

namespace elsewhere {
inline int named_without_a_level() { return 1; }
}  // namespace elsewhere

namespace eigencoder {
inline int named_with_its_level() { return 2; }
int both();
int both() { return elsewhere::named_without_a_level() + named_with_its_level(); }
}  // namespace eigencoder
