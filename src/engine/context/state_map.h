// From a place in the code cache back to the program: which instruction, and where its registers
// are.
//
// Every emitted byte belongs to a MapEntry, and every entry names a ParkedState. Signals, faults,
// unfollow and profilers all ask resolve(); nothing else in the engine knows how to read a thread
// that was stopped inside the cache.
#pragma once

#include "engine/context/thread_state.h"

namespace tiptoe::engine {

// How far the program has come at a cache byte.
enum class At : u8 {
  kBefore,         // the entry's instruction has not been executed
  kAfter,          // it has; the program is at the instruction behind it
  kExit,           // it has left the block by exit number `app_offset`, whose target is static
  kTargetInRcx,    // it has left by an indirect branch; the target is in the machine's rcx
  kTargetInSlot,   // the same; the target is in ThreadState::target
  kTargetOnStack,  // it has executed `ret`: the target is the word at the machine's rsp
};

// In Parked::place: the program's gs base has been added to the machine register.
constexpr u8 kBiasedByGs = 0x40;

// Where one register of the program is while it is not in itself.
struct Parked {
  x86::Gpr reg = x86::kNoGpr;
  u8 place = 0;  // a machine register's number, kBiasedByGs | such a number, or 0x80 | Spill

  friend bool operator==(const Parked&, const Parked&) = default;
};
constexpr Parked parked_in(x86::Gpr reg, Spill slot) {
  return {reg, static_cast<u8>(0x80 | static_cast<u8>(slot))};
}
constexpr Parked parked_in(x86::Gpr reg, x86::Gpr machine) {
  return {reg, machine};
}

struct ParkedState {
  At at = At::kBefore;
  bool app_fault = false;   // a fault here is the program's own, not the engine's
  bool unrecorded = false;  // kExit: the exit's flow word has not been stored yet
  bool fs_is_gs = false;    // fs has the base of the program's gs; its own is in the thread state
  i32 rsp_adjust = 0;       // the program's rsp is the machine's plus this
  Parked parked[4] = {};

  friend bool operator==(const ParkedState&, const ParkedState&) = default;
};

using StateId = u16;

// All distinct parked states, each once. Grows under the translation lock, is read without it.
class StateTable {
 public:
  StateId intern(const ParkedState& state);
  const ParkedState& operator[](StateId id) const { return states_[id]; }

 private:
  static constexpr unsigned kMax = 2048;
  u32 count_ = 0;
  u16 buckets_[4096] = {};  // id + 1, open addressing
  ParkedState states_[kMax] = {};
};

struct AppState {
  Context context;   // the program's registers, flags and pc
  const Exit* exit;  // At::kExit: the exit taken
  u32 instructions;  // instructions of the block executed since its head; meaningless when left
  bool left_block;   // the flow word of the exit is stored, or is owed (`exit_unrecorded`)
  bool exit_unrecorded;
  bool app_fault;
  At at;
  bool fs_is_gs = false;  // the program's fs base is ThreadState::app_fs_base
};

// Resolves a thread that stopped with `machine` registers (pc is the cache pc) inside `piece`.
AppState resolve(const StateTable& states, const Piece& piece, const ThreadState& thread,
                 const Context& machine, u64 machine_pc, bool stolen_register);

// The app instruction that the copied instruction at `machine_pc` stands for.
AppPc app_pc_of(const Piece& piece, u64 machine_pc);

}  // namespace tiptoe::engine
