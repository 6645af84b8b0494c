// Runs one instruction on the processor with chosen registers and flags, and shows what it left.
#pragma once

#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

#include <array>
#include <cstring>
#include <span>

#include "arch/x86/registers.h"

namespace tiptoe::x86::oracle {

struct State {
  std::array<u64, kGprCount> regs = {};  // rsp is not used
  u64 flags = 0;
};

// Maps one page of code and one of data below 2 GiB, so that the stub reaches the data without a
// register. Not for more than one thread.
class NativeRunner {
 public:
  NativeRunner() {
    page_ = static_cast<u8*>(::mmap(nullptr, 2 * kPageBytes, PROT_READ | PROT_WRITE | PROT_EXEC,
                                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0));
    if (page_ == MAP_FAILED) page_ = nullptr;
    for (int signal : kSignals) {
      struct sigaction action = {};
      action.sa_handler = on_signal;
      action.sa_flags = SA_NODEFER;
      ::sigaction(signal, &action, &old_[index_of(signal)]);
    }
  }
  ~NativeRunner() {
    for (int signal : kSignals) ::sigaction(signal, &old_[index_of(signal)], nullptr);
    if (page_) ::munmap(page_, 2 * kPageBytes);
  }
  NativeRunner(const NativeRunner&) = delete;
  NativeRunner& operator=(const NativeRunner&) = delete;

  bool ready() const { return page_ != nullptr; }

  // Puts the instruction between the loading and the storing of the state.
  void assemble(std::span<const u8> insn) {
    at_ = page_;
    for (u8 reg : kCalleeSaved) push(reg);
    move(0x89, kRsp, kStackSlot);
    emit({0xff, 0x34, 0x25});  // push [flags]
    emit_address(kInputSlot + 8 * kGprCount);
    emit({0x9d});  // popfq
    for (u8 reg = 0; reg < kGprCount; ++reg) {
      if (reg != kRsp) move(0x8b, reg, kInputSlot + 8u * reg);
    }
    for (u8 byte : insn) *at_++ = byte;
    for (u8 reg = 0; reg < kGprCount; ++reg) {
      if (reg != kRsp) move(0x89, reg, kOutputSlot + 8u * reg);
    }
    move(0x8b, kRsp, kStackSlot);
    emit({0x9c, 0x8f, 0x04, 0x25});  // pushfq; pop [flags]
    emit_address(kOutputSlot + 8 * kGprCount);
    emit({0xfc});  // cld
    for (unsigned i = std::size(kCalleeSaved); i-- > 0;) pop(kCalleeSaved[i]);
    emit({0xc3});
  }

  // Returns the number of the signal that the instruction raised, or 0.
  int run(const State& in, State& out) {
    std::memcpy(data(kInputSlot), &in, sizeof in);
    const int signal = sigsetjmp(escape_, 1);
    if (signal == 0) {
      reinterpret_cast<void (*)()>(page_)();
    } else {
      asm volatile("cld");
    }
    std::memcpy(&out, data(kOutputSlot), sizeof out);
    return signal;
  }

 private:
  static constexpr int kSignals[] = {SIGILL, SIGSEGV, SIGFPE, SIGTRAP, SIGBUS};
  static constexpr u8 kCalleeSaved[] = {kRbx, kRbp, kR12, kR13, kR14, kR15};
  static constexpr unsigned kInputSlot = 0, kOutputSlot = 1024, kStackSlot = 2048;

  static unsigned index_of(int signal) {
    unsigned index = 0;
    while (kSignals[index] != signal) ++index;
    return index;
  }
  static void on_signal(int signal) { siglongjmp(escape_, signal); }

  u8* data(unsigned slot) { return page_ + kPageBytes + slot; }
  void emit(std::initializer_list<u8> bytes) {
    for (u8 byte : bytes) *at_++ = byte;
  }
  void emit_address(unsigned slot) {
    const u32 address = static_cast<u32>(reinterpret_cast<u64>(data(slot)));
    std::memcpy(at_, &address, 4);
    at_ += 4;
  }
  // mov between a register and a slot, 64 bits.
  void move(u8 opcode, u8 reg, unsigned slot) {
    emit({static_cast<u8>(0x48 | (reg >= 8 ? 4 : 0)), opcode,
          static_cast<u8>(0x04 | (reg & 7) << 3), 0x25});
    emit_address(slot);
  }
  void push(u8 reg) {
    if (reg >= 8) emit({0x41});
    emit({static_cast<u8>(0x50 | (reg & 7))});
  }
  void pop(u8 reg) {
    if (reg >= 8) emit({0x41});
    emit({static_cast<u8>(0x58 | (reg & 7))});
  }

  static inline sigjmp_buf escape_;
  u8* page_ = nullptr;
  u8* at_ = nullptr;
  struct sigaction old_[std::size(kSignals)] = {};
};

}  // namespace tiptoe::x86::oracle
