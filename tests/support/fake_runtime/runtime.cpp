// A runtime that traces nothing: it takes over as the real one does, optionally acts out a part of
// the protocol of bridge/shared_memory.h, then lets the program run natively from its first
// instruction. BootParams::log_level says which parts (see Part). Built by fake_runtime.cpp.
#include "bridge/boot.h"
#include "bridge/definitions.h"
#include "bridge/flow_words.h"
#include "bridge/shared_memory.h"
#include "support/fake_runtime/parts.h"

using namespace tiptoe;

extern "C" {
constinit BootParams tiptoe_boot = [] {
  BootParams boot{};
  boot.magic = kBootMagic;
  return boot;
}();
// A relative relocation of the image, to be seen applied.
BootParams* fake_boot_pointer = &tiptoe_boot;
unsigned char fake_stack[65536];
void fake_main();
}

// Runs fake_main on a stack of its own, then gives the program every register that it shall have.
asm(R"(
        .globl tiptoe_entry
        .type tiptoe_entry, @function
tiptoe_entry:
        lea fake_stack+65536(%rip), %rsp
        call fake_main
        pushq 136+8+tiptoe_boot(%rip)
        popfq
        mov 8+tiptoe_boot(%rip), %rax
        mov 16+tiptoe_boot(%rip), %rcx
        mov 24+tiptoe_boot(%rip), %rdx
        mov 32+tiptoe_boot(%rip), %rbx
        mov 40+tiptoe_boot(%rip), %rsp
        mov 48+tiptoe_boot(%rip), %rbp
        mov 56+tiptoe_boot(%rip), %rsi
        mov 64+tiptoe_boot(%rip), %rdi
        mov 72+tiptoe_boot(%rip), %r8
        mov 80+tiptoe_boot(%rip), %r9
        mov 88+tiptoe_boot(%rip), %r10
        mov 96+tiptoe_boot(%rip), %r11
        mov 104+tiptoe_boot(%rip), %r12
        mov 112+tiptoe_boot(%rip), %r13
        mov 120+tiptoe_boot(%rip), %r14
        mov 128+tiptoe_boot(%rip), %r15
        jmp *136+tiptoe_boot(%rip)
)");
static_assert(__builtin_offsetof(BootParams, registers) == 8);
static_assert(__builtin_offsetof(BootRegisters, rip) == 128);

namespace {

long system_call(long number, long a = 0, long b = 0, long c = 0, long d = 0) {
  register long r10 asm("r10") = d;
  asm volatile("syscall"
               : "+a"(number)
               : "D"(a), "S"(b), "d"(c), "r"(r10)
               : "rcx", "r11", "memory");
  return number;
}
constexpr long kWrite = 1, kGetpid = 39, kExecve = 59, kGettid = 186, kFutex = 202, kKill = 62;
constexpr long kExitGroup = 231, kFork = 57, kWait4 = 61, kPrctl = 157;

[[noreturn]] void fail(const char* what) {
  long bytes = 0;
  while (what[bytes]) ++bytes;
  system_call(kWrite, 2, reinterpret_cast<long>(what), bytes);
  system_call(kExitGroup, 99);
  __builtin_unreachable();
}

ControlPage& control() {
  return *reinterpret_cast<ControlPage*>(tiptoe_boot.segment);
}
ChunkDescriptor& descriptor(u32 index) {
  return reinterpret_cast<ChunkDescriptor*>(tiptoe_boot.segment +
                                            control().descriptors_offset)[index];
}
u8* chunk(u32 index) {
  return reinterpret_cast<u8*>(tiptoe_boot.segment + control().chunks_offset +
                               index * 1ul * kChunkBytes);
}

void wake(u32& word) {
  system_call(kFutex, reinterpret_cast<long>(&word), 1, 0x7fffffff);
}
// For at most 10 ms, after which the caller looks whether the recorder is still there.
void wait_while(u32& word, u32 value) {
  const long timeout[2] = {0, 10'000'000};
  system_call(kFutex, reinterpret_cast<long>(&word), 0, value, reinterpret_cast<long>(timeout));
}
void ring() {
  __atomic_add_fetch(&control().doorbell, 1, __ATOMIC_SEQ_CST);
  wake(control().doorbell);
}

bool recorder_is_gone() {
  return __atomic_load_n(&control().recorder_stopped, __ATOMIC_SEQ_CST) ||
         (__atomic_load_n(&control().recorder_lock, __ATOMIC_SEQ_CST) & 0x40000000);
}

// The index of a free chunk, or ~0.
u32 pop_free() {
  u64 head = __atomic_load_n(&control().free_list, __ATOMIC_SEQ_CST);
  while (const u32 index_plus_1 = static_cast<u32>(head)) {
    const u64 next = ((head >> 32) + 1) << 32 | descriptor(index_plus_1 - 1).next_free;
    if (__atomic_compare_exchange_n(&control().free_list, &head, next, false, __ATOMIC_SEQ_CST,
                                    __ATOMIC_SEQ_CST)) {
      return index_plus_1 - 1;
    }
  }
  u32 fresh = __atomic_load_n(&control().next_fresh, __ATOMIC_SEQ_CST);
  while (fresh < control().chunk_count) {
    if (__atomic_compare_exchange_n(&control().next_fresh, &fresh, fresh + 1, false,
                                    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
      return fresh;
    }
  }
  return ~0u;
}

u32 take_chunk(ChunkKind kind, u32 process, u32 stream, u32 sequence) {
  for (;;) {
    const u32 freed = __atomic_load_n(&control().freed, __ATOMIC_SEQ_CST);
    const u32 index = pop_free();
    if (index == ~0u) {
      if (recorder_is_gone()) return ~0u;
      wait_while(control().freed, freed);
      continue;
    }
    ChunkDescriptor& taken = descriptor(index);
    taken.kind = kind;
    taken.process = process;
    taken.stream = stream;
    taken.sequence = sequence;
    taken.published_bytes = 0;
    taken.pid = static_cast<i32>(system_call(kGetpid));
    taken.begin_tsc = __builtin_ia32_rdtsc();
    __atomic_store_n(reinterpret_cast<u32*>(&taken.state), 1, __ATOMIC_SEQ_CST);
    return index;
  }
}

void drop(u64 words) {
  __atomic_add_fetch(&control().dropped_words, words, __ATOMIC_SEQ_CST);
}

void seal(u32 index, u32 bytes) {
  ChunkDescriptor& sealed = descriptor(index);
  sealed.end_tsc = __builtin_ia32_rdtsc();
  sealed.published_bytes = bytes;
  __atomic_add_fetch(&control().sealed_count, 1, __ATOMIC_SEQ_CST);
  __atomic_store_n(reinterpret_cast<u32*>(&sealed.state), 2, __ATOMIC_SEQ_CST);
  ring();
}

// --- definitions and flow
// -------------------------------------------------------------------------

struct FakeBlock {  // one block of 4 instructions, left by its last one
  BlockDefinition block;
  BlockSegment segment;
  BlockExit exit;
  u8 code[8];
};

u32 my_process;
u32 my_definitions;

void publish(DefinitionKind kind, const void* payload, u32 bytes) {
  ChunkDescriptor& mine = descriptor(my_definitions);
  u8* at = chunk(my_definitions) + mine.published_bytes;
  const DefinitionHeader header{kind, bytes};
  __builtin_memcpy(at, &header, sizeof(header));
  for (u32 i = 0; i < bytes; ++i) at[sizeof(header) + i] = static_cast<const u8*>(payload)[i];
  __atomic_store_n(&mine.published_bytes,
                   mine.published_bytes + static_cast<u32>(sizeof(header) + align_up(bytes, 8)),
                   __ATOMIC_SEQ_CST);
}

u32 start_process(u32 parent) {
  my_process = __atomic_fetch_add(&control().next_process, 1, __ATOMIC_SEQ_CST);
  my_definitions = take_chunk(ChunkKind::kDefinitions, my_process, 0, 0);
  const ProcessDefinition process{my_process, parent, static_cast<i32>(system_call(kGetpid)), 0,
                                  __builtin_ia32_rdtsc()};
  publish(DefinitionKind::kProcess, &process, sizeof(process));
  const u32 stream = __atomic_fetch_add(&control().next_stream, 1, __ATOMIC_SEQ_CST);
  const ThreadDefinition thread{stream,
                                my_process,
                                static_cast<i32>(system_call(kGettid)),
                                0,
                                tiptoe_boot.registers.rip,
                                __builtin_ia32_rdtsc()};
  publish(DefinitionKind::kThread, &thread, sizeof(thread));
  return stream;
}

// Defines one block (an exit id of 4 instructions) and returns the id.
u32 define_block() {
  const u32 id = __atomic_fetch_add(&control().next_exit_id, 1, __ATOMIC_SEQ_CST);
  FakeBlock fake{};
  fake.block = {my_process, id, 1, 1, 4, 0, 0};
  fake.segment = {tiptoe_boot.registers.rip, 8, 0};
  fake.exit = {tiptoe_boot.registers.rip, 3, ExitKind::kJmp, {}};
  publish(DefinitionKind::kBlock, &fake, sizeof(fake));
  return id;
}

// Exit ids that do not compress.
u32 next_noise() {
  static u64 state = 1;
  state = state * 6364136223846793005u + 1442695040888963407u;
  return static_cast<u32>(state >> 33) | 1;
}

// `words` flow words, in as many chunks as they need, the last one left unsealed.
void record_words(u32 stream, u32 id, u64 words, bool noise = false) {
  constexpr u64 kWordsPerChunk = kChunkBytes / sizeof(u32);
  u32 sequence = 0;
  while (words) {
    const u32 index = take_chunk(ChunkKind::kFlow, my_process, stream, sequence++);
    if (index == ~0u) return drop(words);
    u32* at = reinterpret_cast<u32*>(chunk(index));
    const u64 count = words < kWordsPerChunk ? words : kWordsPerChunk;
    for (u64 i = 0; i < count; ++i) at[i] = noise ? next_noise() : id;
    words -= count;
    if (!words) return;
    seal(index, kChunkBytes);
    while (__atomic_load_n(&control().sealed_count, __ATOMIC_SEQ_CST) > control().backlog_limit) {
      if (recorder_is_gone()) return drop(words);
      wait_while(control().freed, __atomic_load_n(&control().freed, __ATOMIC_SEQ_CST));
    }
    if (recorder_is_gone()) return drop(words);
  }
}

// --- execve
// ---------------------------------------------------------------------------------------

bool filter_installed = false;

Request& claim_request() {
  for (;;) {
    for (Request& request : control().requests) {
      RequestState idle = RequestState::kIdle;
      if (__atomic_compare_exchange_n(&request.state, &idle, RequestState::kClaimed, false,
                                      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
        return request;
      }
    }
  }
}

RequestState await_answer(Request& request, RequestState posted) {
  u32& word = *reinterpret_cast<u32*>(&request.state);
  while (__atomic_load_n(&word, __ATOMIC_SEQ_CST) == static_cast<u32>(posted) &&
         !recorder_is_gone()) {
    wait_while(word, static_cast<u32>(posted));
  }
  return static_cast<RequestState>(__atomic_load_n(&word, __ATOMIC_SEQ_CST));
}

// Executes the program's own argv[1] with the arguments that follow; returns when that fails.
void exec_next_argument() {
  u64* stack = reinterpret_cast<u64*>(tiptoe_boot.registers.gpr[4]);
  const u64 argc = stack[0];
  if (argc < 2) return;
  char** argv = reinterpret_cast<char**>(stack + 1);
  char** envp = argv + argc + 1;
  Request& request = claim_request();
  request.pid = static_cast<i32>(system_call(kGetpid));
  request.tid = static_cast<i32>(system_call(kGettid));
  request.process = my_process;
  request.path_address = reinterpret_cast<u64>(argv[1]);
  request.foreign_filter = filter_installed;
  __atomic_store_n(&request.state, RequestState::kExecPosted, __ATOMIC_SEQ_CST);
  ring();
  const RequestState answer = await_answer(request, RequestState::kExecPosted);
  if (answer == RequestState::kExecRefused) {  // nobody will touch the slot again
    __atomic_store_n(&request.state, RequestState::kIdle, __ATOMIC_SEQ_CST);
  }
  system_call(kExecve, reinterpret_cast<long>(argv[1]), reinterpret_cast<long>(argv + 1),
              reinterpret_cast<long>(envp));
  if (answer == RequestState::kExecRefused) return;
  __atomic_store_n(&request.state, RequestState::kExecFailed, __ATOMIC_SEQ_CST);
  ring();
  if (await_answer(request, RequestState::kExecFailed) != RequestState::kIdle &&
      !recorder_is_gone()) {
    fail("fake runtime: not idle after a failed exec\n");
  }
}

// A seccomp filter that allows everything.
void install_filter() {
  struct Instruction {
    u16 code;
    u8 yes, no;
    u32 k;
  } allow{0x06, 0, 0, 0x7fff0000};
  struct {
    u16 count;
    Instruction* instructions;
  } filter{1, &allow};
  system_call(kPrctl, 38, 1);  // PR_SET_NO_NEW_PRIVS
  system_call(kPrctl, 22, 2, reinterpret_cast<long>(&filter));
  filter_installed = true;
}

// A forked child with a stream of its own, which ends unsealed.
void fork_and_record() {
  const long child = system_call(kFork);
  if (child == 0) {
    const u32 stream = start_process(1);
    record_words(stream, define_block(), 1000);
    system_call(kExitGroup, 0);
  }
  system_call(kWait4, child, 0, 0, 0);
}

}  // namespace

extern "C" void fake_main() {
  if (fake_boot_pointer != &tiptoe_boot) fail("fake runtime: relocation not applied\n");
  if (tiptoe_boot.magic != kBootMagic) fail("fake runtime: no boot parameters\n");
  if (control().magic != kSegmentMagic || control().segment_bytes != tiptoe_boot.segment_bytes) {
    fail("fake runtime: no segment\n");
  }
  const u32 parts = tiptoe_boot.log_level;
  if (parts & kPartRecord) {
    const u32 stream = start_process(0);
    const u32 id = define_block();
    record_words(stream, id, parts & kPartRecordMuch ? kMuchWords : kFewWords, parts & kPartNoise);
  }
  if (parts & kPartSeccomp) install_filter();
  if (parts & kPartFork) fork_and_record();
  if (parts & kPartExec) exec_next_argument();
  if (parts & kPartKill) system_call(kKill, system_call(kGetpid), 9);
}
