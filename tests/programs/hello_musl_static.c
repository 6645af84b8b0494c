// The same as a static program: hello_musl.c does not know how it is linked.
#include "hello_musl.c"
