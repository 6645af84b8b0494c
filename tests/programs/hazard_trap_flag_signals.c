// hazard: 2.3 4.4
// Hazard: signals come while a program single-steps itself through instructions of every kind. No
// step is lost to a signal: one that comes when a step is due finds it taken, so that its frame
// never shows an instruction that was reached without a step; and it comes, with what was sent with
// it, once the handler of the step allows.
#include "hazard.h"

enum { kRounds = 20, kPlaces = 64 };

extern char region[], region_end[];
extern void walk(long rounds);

// One round is 11 steps: a store of the x87 state, a far return, a jump, a call and a return.
__asm__(
    ".text\n"
    "walk:\n"
    "  pushfq\n"
    "  pushfq\n"
    "  orl $0x100, (%rsp)\n"
    "  popfq\n"
    "region:\n"
    "  nop\n"
    "1: fnstenv environment(%rip)\n"
    "  lea 2f(%rip), %rax\n"
    "  push $0x33\n"
    "  push %rax\n"
    "  lretq\n"
    "2: call 3f\n"
    "  jmp *pointer(%rip)\n"
    "  ud2\n"
    "3: ret\n"
    "4: dec %rdi\n"
    "  jne 1b\n"
    "  popfq\n"
    "region_end:\n"
    "  nop\n"
    "  ret\n"
    ".data\n"
    ".balign 8\n"
    "pointer: .quad 4b\n"
    "environment: .skip 32\n"
    ".text\n");

static volatile unsigned long last;
static volatile int steps[kPlaces], unseen, alarms, sent, received, strange;

static long place_of(const greg_t* registers) {
  const unsigned long pc = (unsigned long)registers[REG_RIP];
  const int inside = pc > (unsigned long)region && pc <= (unsigned long)region_end;
  return inside ? (long)(pc - (unsigned long)region) : -1;
}

static void on_trap(int signal, siginfo_t* info, void* context) {
  const greg_t* registers = ((ucontext_t*)context)->uc_mcontext.gregs;
  const long place = place_of(registers);
  if (place < 0 || place >= kPlaces) {
    ++strange;
    return;
  }
  if (signal != SIGTRAP || info->si_code != TRAP_TRACE) ++strange;
  if ((unsigned long)info->si_addr != (unsigned long)registers[REG_RIP]) ++strange;
  ++steps[place];
  last = (unsigned long)registers[REG_RIP];
}

static void look(const ucontext_t* context) {
  const greg_t* registers = context->uc_mcontext.gregs;
  if (place_of(registers) < 0 || !(registers[REG_EFL] & 0x100)) return;
  if ((unsigned long)registers[REG_RIP] != last) ++unseen;
}

static void on_alarm(int signal, siginfo_t* info, void* context) {
  if (signal != SIGALRM || info->si_code != SI_KERNEL) ++strange;
  ++alarms;
  look(context);
}

static void on_queued(int signal, siginfo_t* info, void* context) {
  if (signal != SIGRTMIN + 3 || info->si_code != SI_QUEUE) ++strange;
  if (info->si_value.sival_int != received) ++strange;  // each once, and in order
  ++received;
  look(context);
}

static pthread_t walker;
static volatile int over;

static void* send(void* nothing) {
  (void)nothing;
  while (!over) {
    const union sigval value = {.sival_int = sent};
    if (sent - received < 3 && pthread_sigqueue(walker, SIGRTMIN + 3, value) == 0) ++sent;
    usleep(1000);
  }
  return NULL;
}

static void walk_with(const char* what, const int* blocked) {
  struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
  for (; *blocked != 0; ++blocked) sigaddset(&action.sa_mask, *blocked);
  sigaction(SIGTRAP, &action, NULL);
  memset((void*)steps, 0, sizeof steps);
  alarms = unseen = strange = sent = received = over = 0;
  pthread_t sender;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_create(&sender, NULL, send, NULL);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  start_timer(2000);
  while (alarms < 6 || received < 6) {
    memset((void*)steps, 0, sizeof steps);
    last = (unsigned long)region;
    walk(kRounds);
  }
  over = 1;
  pthread_join(sender, NULL);
  start_timer(0);
  printf("%s: unseen %d, strange %d, lost %d; steps", what, unseen, strange, sent - received);
  for (int i = 0; i < kPlaces; ++i) {
    if (steps[i] != 0) printf(" %d", steps[i]);
  }
  puts("");
}

int main(void) {
  walker = pthread_self();
  handle_with_info(SIGALRM, on_alarm, SA_RESTART);
  handle_with_info(SIGRTMIN + 3, on_queued, SA_RESTART);
  walk_with("open", (const int[]){0});
  walk_with("blocked", (const int[]){SIGALRM, SIGRTMIN + 3, 0});
  return 0;
}
