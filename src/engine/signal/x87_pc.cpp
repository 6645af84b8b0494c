#include "engine/signal/x87_pc.h"

#include "base/memory.h"
#include "sys/signal_frame.h"

namespace tiptoe::engine {

u64 x87_pc() {
  alignas(16) u8 image[sys::kFxsaveBytes];
  asm volatile("fxsave64 %0" : "=m"(image));
  u64 pc;
  memcpy(&pc, image + sys::kX87PcOffset, sizeof pc);
  return pc;
}

u64 app_x87_pc(const Core& core, u64 machine_pc) {
  const Piece* piece = core.cache.find(machine_pc);
  if (piece != nullptr) return raw(app_pc_of(*piece, machine_pc));
  return core.cache.contains(machine_pc) ? 0 : machine_pc;  // 0: its code has been evicted since
}

}  // namespace tiptoe::engine
