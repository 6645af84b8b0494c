// SHA-256's compression function: long straight code, hardly a branch.
#include "kernel.h"

static inline uint32_t rotate(uint32_t x, int by) {
  return (x >> by) | (x << (32 - by));
}

NOINLINE static void compress(uint32_t state[8], const uint32_t block[16]) {
  uint32_t w[64], s[8];
  for (int i = 0; i < 16; ++i) w[i] = block[i];
  for (int i = 16; i < 64; ++i) {
    const uint32_t a = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ (w[i - 15] >> 3);
    const uint32_t b = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ (w[i - 2] >> 10);
    w[i] = w[i - 16] + a + w[i - 7] + b;
  }
  for (int i = 0; i < 8; ++i) s[i] = state[i];
  for (int i = 0; i < 64; ++i) {
    const uint32_t e = rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25);
    const uint32_t t =
        s[7] + e + ((s[4] & s[5]) ^ (~s[4] & s[6])) + w[i] + 0x9e3779b9u * (uint32_t)i;
    const uint32_t a = rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22);
    const uint32_t m = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
    s[7] = s[6], s[6] = s[5], s[5] = s[4], s[4] = s[3] + t;
    s[3] = s[2], s[2] = s[1], s[1] = s[0], s[0] = t + a + m;
  }
  for (int i = 0; i < 8; ++i) state[i] += s[i];
}

int main(int argc, char** argv) {
  uint32_t state[8] = {1, 2, 3, 4, 5, 6, 7, 8}, block[16] = {0};
  for (uint64_t i = work(argc, argv, 2.5e6); i > 0; --i) {
    block[i & 15] ^= state[0];
    compress(state, block);
  }
  return report(state[0]);
}
