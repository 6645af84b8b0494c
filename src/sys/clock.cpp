#include "sys/clock.h"

#include <linux/prctl.h>

#include "sys/syscall.h"

namespace tiptoe::sys {

bool g_tsc_may_fault = false;

namespace {

bool is_forbidden() {
  int mode = PR_TSC_ENABLE;
  return !is_error(call(__NR_prctl, PR_GET_TSC, &mode)) && mode == PR_TSC_SIGSEGV;
}

}  // namespace

void look_at_tsc() {
  g_tsc_may_fault = is_forbidden();
}

// The thread is in the runtime: no code of the program's runs while it is allowed.
u64 tsc_where_forbidden() {
  if (!is_forbidden()) return rdtsc();
  call(__NR_prctl, PR_SET_TSC, PR_TSC_ENABLE);
  const u64 now = rdtsc();
  call(__NR_prctl, PR_SET_TSC, PR_TSC_SIGSEGV);
  return now;
}

}  // namespace tiptoe::sys
