// What programs of small devices do, a little of each in turn: linked lists that are searched,
// reversed and sorted; integer matrices; a state machine over text; a checksum over the results of
// all.
#include "../kernels/kernel.h"

enum { kNodes = 200, kSide = 12, kText = 600 };

struct node {
  struct node* next;
  int16_t key, value;
};

// --- lists

NOINLINE static struct node* reverse(struct node* list) {
  struct node* reversed = NULL;
  while (list != NULL) {
    struct node* next = list->next;
    list->next = reversed;
    reversed = list;
    list = next;
  }
  return reversed;
}

NOINLINE static const struct node* find(const struct node* list, int16_t key) {
  while (list != NULL && list->key != key) list = list->next;
  return list;
}

typedef int (*order)(const struct node*, const struct node*);

static int by_key(const struct node* a, const struct node* b) {
  return a->key - b->key;
}

static int by_value(const struct node* a, const struct node* b) {
  return a->value != b->value ? a->value - b->value : a->key - b->key;
}

static struct node* merge(struct node* a, struct node* b, order compare) {
  struct node head = {NULL, 0, 0}, *last = &head;
  while (a != NULL && b != NULL) {
    struct node** smaller = compare(a, b) <= 0 ? &a : &b;
    last = last->next = *smaller;
    *smaller = (*smaller)->next;
  }
  last->next = a != NULL ? a : b;
  return head.next;
}

NOINLINE static struct node* sort(struct node* list, order compare) {
  if (list == NULL || list->next == NULL) return list;
  struct node *middle = list, *end = list->next;
  while (end != NULL && end->next != NULL) {
    middle = middle->next;
    end = end->next->next;
  }
  struct node* second = middle->next;
  middle->next = NULL;
  return merge(sort(list, compare), sort(second, compare), compare);
}

static uint32_t work_on_list(struct node nodes[kNodes], uint64_t* random) {
  uint32_t sum = 0;
  for (int i = 0; i < kNodes; ++i) {
    nodes[i].next = i + 1 < kNodes ? &nodes[i + 1] : NULL;
    nodes[i].key = (int16_t)(i * 7 % kNodes);
    nodes[i].value = (int16_t)(next_random(random) & 63);
  }
  struct node* list = reverse(nodes);
  for (int16_t i = 0; i < 20; ++i) {
    const struct node* found = find(list, (int16_t)(next_random(random) % (kNodes + 20)));
    sum = sum * 3 + (found != NULL ? (uint16_t)found->value : 1u);
  }
  list = sort(sort(list, by_value), sum & 1 ? by_key : by_value);
  for (const struct node* at = list; at != NULL; at = at->next) sum = sum * 5 + (uint16_t)at->value;
  return sum;
}

// --- matrices

NOINLINE static void multiply(int32_t to[kSide][kSide], int16_t a[kSide][kSide],
                              int16_t b[kSide][kSide]) {
  for (int i = 0; i < kSide; ++i) {
    for (int j = 0; j < kSide; ++j) {
      int32_t sum = 0;
      for (int k = 0; k < kSide; ++k) sum += a[i][k] * b[k][j];
      to[i][j] = sum;
    }
  }
}

static uint32_t work_on_matrices(uint32_t seed) {
  int16_t a[kSide][kSide], b[kSide][kSide];
  int32_t product[kSide][kSide];
  for (int i = 0; i < kSide * kSide; ++i) {
    a[i / kSide][i % kSide] = (int16_t)((seed + (unsigned)i * 37) & 0xff);
    b[i / kSide][i % kSide] = (int16_t)((seed >> 8) + (unsigned)i % 11);
  }
  multiply(product, a, b);
  uint32_t sum = 0;
  for (int i = 0; i < kSide; ++i) {
    for (int j = 0; j < kSide; ++j) {
      if (product[i][j] > 40000)
        sum += (uint32_t)product[i][j] >> 3;
      else
        sum ^= (uint32_t)product[i][j] << (j & 7);
    }
  }
  return sum;
}

// --- a state machine: numbers in text

enum state {
  kStart,
  kSign,
  kInteger,
  kPoint,
  kFraction,
  kExponent,
  kExponentDigits,
  kBad,
  kStates
};

static int is_digit(char c) {
  return c >= '0' && c <= '9';
}

NOINLINE static enum state after(enum state state, char c) {
  switch (state) {
    case kStart:
      return is_digit(c) ? kInteger : c == '-' || c == '+' ? kSign : c == '.' ? kPoint : kBad;
    case kSign:
      return is_digit(c) ? kInteger : c == '.' ? kPoint : kBad;
    case kInteger:
      return is_digit(c) ? kInteger : c == '.' ? kFraction : c == 'e' ? kExponent : kBad;
    case kPoint:
      return is_digit(c) ? kFraction : kBad;
    case kFraction:
      return is_digit(c) ? kFraction : c == 'e' ? kExponent : kBad;
    case kExponent:
      return is_digit(c) || c == '-' ? kExponentDigits : kBad;
    case kExponentDigits:
      return is_digit(c) ? kExponentDigits : kBad;
    default:
      return kBad;
  }
}

static uint32_t work_on_text(uint64_t* random) {
  static const char kLetters[] = "0123456789012345678901234.e-,,+x";
  uint32_t ended[kStates] = {0}, sum = 0;
  enum state state = kStart;
  for (int i = 0; i < kText; ++i) {
    const char c = kLetters[next_random(random) & 31];
    if (c == ',') {
      ++ended[state];
      state = kStart;
    } else {
      state = after(state, c);
    }
  }
  for (int i = 0; i < kStates; ++i) sum = sum * 31 + ended[i];
  return sum;
}

// --- a checksum, bit by bit

NOINLINE static uint16_t checksum(uint32_t value, uint16_t crc) {
  for (int bit = 0; bit < 32; ++bit, value >>= 1) {
    const int differs = (value ^ crc) & 1;
    crc >>= 1;
    if (differs) crc ^= 0xa001;
  }
  return crc;
}

int main(int argc, char** argv) {
  static struct node nodes[kNodes];
  uint64_t random = 17, sum = 0;
  uint16_t crc = 0xffff;
  for (uint64_t i = work(argc, argv, 16000); i > 0; --i) {
    crc = checksum(work_on_list(nodes, &random), crc);
    crc = checksum(work_on_matrices(crc), crc);
    crc = checksum(work_on_text(&random), crc);
    sum = sum * 3 + crc;
  }
  return report(sum);
}
