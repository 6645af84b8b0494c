// For debuggers: the program's state of a thread that was stopped in the code cache or the gate.
//
// A debugger calls it in the stopped thread, on any stack, with the registers it found there. It
// answers by the function that signals are delivered by, changes nothing and takes no lock.
// tests/tools/master_stepper.cpp asks at every instruction; docs/MASTER_TEST.md has a line for gdb.
#include "bridge/inspection.h"

#include "base/memory.h"
#include "engine/dispatch/dispatch.h"
#include "engine/dispatch/stopped_thread.h"

namespace tiptoe {

extern "C" [[gnu::visibility("hidden"), gnu::used]] void tiptoe_inspect(const MachineState* machine,
                                                                        Inspection* out) {
  const engine::ThreadState& thread = engine::this_thread();
  engine::Context registers;
  for (unsigned i = 0; i < 16; ++i) registers.gpr[i] = machine->gpr[i];
  registers.rflags = machine->rflags;
  registers.pc = AppPc{0};
  const engine::StoppedThread stopped =
      engine::stopped_thread(*thread.core, thread, registers, machine->pc);
  const engine::Context& app = stopped.app.context;
  for (unsigned i = 0; i < 16; ++i) out->app.gpr[i] = app.gpr[i];
  out->app.rflags = app.rflags;
  out->app.pc = raw(app.pc);
  out->app_gs_base = thread.app_gs_base;
  out->app_fs_base = thread.app_fs_base;
  out->fs_is_gs = stopped.app.fs_is_gs;
  out->where = static_cast<u32>(stopped.where);
  out->known = engine::has_app_state(stopped.where);
}

}  // namespace tiptoe
