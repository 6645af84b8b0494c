#include "sys/syscall.h"

// For processes without a call page.
asm(".text\n"
    "own_call_site: syscall\n"
    "ret\n");

extern "C" {
void own_call_site();
[[gnu::visibility("hidden")]] void (*tiptoe_call_site)() = own_call_site;
}
