// Letting go of what tiptoe inherited but only the program shall hold.
//
// A pipe of which tiptoe keeps a copy would not end when the program closes it: its reader would
// wait for tiptoe's exit, and a program that waits for that reader would wait forever.
#pragma once

namespace tiptoe::record {

// Closes every descriptor above 2 but `keep`, and makes 0 to `last_standard` /dev/null.
void release_inherited_descriptors(int keep, int last_standard);

}  // namespace tiptoe::record
