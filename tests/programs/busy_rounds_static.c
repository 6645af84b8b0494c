// build: -nostdlib -static -ffreestanding -fno-inline
//
// The program whose recorder is killed: always the same path, in rounds of some hundred thousand
// blocks with a pause after each, so that whole chunks of words are handed over long before its
// end. Each round runs code of its own, which is defined while earlier words are already written.
#include "path_c.h"

enum { kRoundSteps = 60000 };

#define ROUND(n)                                 \
  static unsigned round##n(unsigned x) {         \
    for (unsigned i = 0; i < kRoundSteps; ++i) { \
      if (x & 0x10000) {                         \
        x = x * 1664525u + n;                    \
      } else {                                   \
        x = (x ^ i) * 22695477u + 1 + n;         \
      }                                          \
      if ((x >> 20 & 3) == (n & 3)) x += i;      \
    }                                            \
    return x;                                    \
  }

ROUND(0)
ROUND(1)
ROUND(2)
ROUND(3)
ROUND(4)
ROUND(5)
ROUND(6)
ROUND(7)

static unsigned (*const kRounds[])(unsigned) = {round0, round1, round2, round3,
                                                round4, round5, round6, round7};

static int run(void) {
  unsigned x = 1;
  for (unsigned round = 0; round < sizeof kRounds / sizeof *kRounds; ++round) {
    x = kRounds[round](x);
    const char line[2] = {'0' + (char)round, '\n'};
    system_call3(kWrite, 1, (long)line, sizeof line);
    const long pause[2] = {0, 100000000};
    system_call3(kNanosleep, (long)pause, 0, 0);
  }
  return 0;
}
