// run: setarch -R %
// modes: no-ticks (prints that nothing is handled)
// hazard: 6.2 6.3 6.5
// Hazard: the program looks at itself: initial stack, /proc/self, the kernel's answers.
#include "self_view.h"
