// The runtime's beginning in a new image: from what the injector says to a thread that is followed.
#include <linux/mman.h>
#include <linux/time_types.h>

#include "base/memory.h"
#include "bridge/boot.h"
#include "engine/dispatch/check_point.h"
#include "engine/dispatch/dispatch.h"
#include "engine/thread/threads.h"
#include "sys/clock.h"
#include "sys/fail.h"
#include "sys/mapping.h"
#include "sys/syscall.h"

extern "C" {
[[gnu::visibility("default")]] tiptoe::BootParams tiptoe_boot;
}

namespace tiptoe {
namespace {

using engine::Core;
using engine::ThreadState;

constinit Core g_core;
constinit engine::SignalTable g_signals;

// Far from where the kernel maps the next library, in a part of the address space that no
// sanitizer, language runtime or emulator claims for itself.
constexpr u64 kPrivateAreaBelow = u64{256} << 30;
constexpr u64 kUnlimited = ~u64{0};

bool is_vdso(const char* path, u16 bytes) {
  return bytes == 6 && memcmp(path, "[vdso]", 6) == 0;
}
bool is_stack(const char* path, u16 bytes) {
  return bytes == 7 && memcmp(path, "[stack]", 7) == 0;
}

void place_private_area(const BootParams& boot) {
  const u64 rsp = boot.registers.gpr[x86::kRsp];
  const u64 limit = boot.stack_limit_bytes < (u64{1} << 40) ? boot.stack_limit_bytes : u64{1} << 40;
  const u64 stack_floor = rsp - limit - (u64{2} << 20);
  sys::set_private_area(limit < kPrivateAreaBelow ? rsp - kPrivateAreaBelow : stack_floor);
  sys::set_reserved_area(stack_floor, align_up(rsp, u64{1} << 20));
}

void define_mapping(Core& core, const BootMapping& mapping, const char* path) {
  ModuleDefinition module{};
  module.process = engine::kFirstProcess;
  module.protection = mapping.protection;
  module.start = mapping.start;
  module.bytes = mapping.end - mapping.start;
  module.file_offset = mapping.file_offset;
  module.inode = mapping.inode;
  module.device = mapping.device;
  module.path_bytes = mapping.path_bytes;
  module.tsc = sys::tsc();
  std::span<const u8> image;
  if (is_vdso(path, mapping.path_bytes)) {
    module.image_pages = static_cast<u16>(module.bytes / kPageBytes);
    image = {reinterpret_cast<const u8*>(module.start), module.bytes};
  }
  core.definitions.module(module, {path, module.path_bytes}, image);
}

// A stack that may be executed grows: all of it is code.
u64 lowest_address(const BootParams& boot, const BootMapping& mapping, const char* path) {
  if (!is_stack(path, mapping.path_bytes) || boot.stack_limit_bytes == kUnlimited)
    return mapping.start;
  return mapping.end - align_up(boot.stack_limit_bytes, kPageBytes);
}

void read_mappings(Core& core, const BootParams& boot) {
  const sys::Held held(core.lock);
  const char* path = boot.paths;
  for (u32 i = 0; i < boot.mapping_count; ++i) {
    const BootMapping& mapping = boot.mappings[i];
    const u64 start = lowest_address(boot, mapping, path);
    core.space.map(held, start, mapping.end - start, mapping.protection,
                   {mapping.is_shared != 0, {}});
    if ((mapping.protection & PROT_EXEC) != 0) define_mapping(core, mapping, path);
    path += mapping.path_bytes;
  }
}

// Everything is set up, and the thread's gs is the runtime's.
void await_debugger() {
  const volatile u32& flags = tiptoe_boot.flags;
  const __kernel_timespec pause{0, 1'000'000};
  while ((flags & kBootAwaitDebugger) != 0) sys::call(__NR_nanosleep, &pause, nullptr);
}

}  // namespace

extern "C" [[gnu::visibility("hidden")]] void tiptoe_start() {
  const BootParams& boot = tiptoe_boot;
  if (boot.magic != kBootMagic) sys::fail("the injector is of another version", boot.magic);
  if (boot.call_page != 0) sys::tiptoe_call_site = reinterpret_cast<void (*)()>(boot.call_page);
  sys::g_log_level = boot.log_level;
  sys::look_at_tsc();
  place_private_area(boot);
  sys::claim_own(boot.runtime_start, boot.runtime_bytes);
  sys::claim_own(boot.segment, boot.segment_bytes);
  if (boot.call_page != 0) sys::claim_own(boot.call_page, kPageBytes);

  Core& core = g_core;
  if (!core.init(boot.cache_bytes, boot.mmap_limit_bytes))
    sys::fail("no memory for the code cache");
  core.trust_threshold = boot.trust_threshold;
  core.hwcap2 = boot.hwcap2;
  core.runtime_start = boot.runtime_start;
  core.runtime_bytes = boot.runtime_bytes;
  core.filtered = (boot.flags & kBootFiltered) != 0;
  core.space.set_read_implies_exec((boot.flags & kBootReadImpliesExec) != 0);
  core.events.init(boot.segment);
  core.definitions.init(&core.events);
  if ((boot.flags & kBootCheck) != 0) engine::begin_check(core);
  core.plant_fault = (boot.flags & kBootPlantFault) != 0;

  ThreadState* thread;
  {
    const sys::Held held(core.lock);
    const u32 process =
        __atomic_fetch_add(&core.events.control()->next_process, 1, __ATOMIC_RELAXED);
    core.definitions.begin_process(process, 0);
    thread = &engine::allocate_thread(held, core);
    thread->process = process;
  }
  read_mappings(core, boot);

  for (unsigned i = 0; i < 16; ++i) thread->context.gpr[i] = boot.registers.gpr[i];
  thread->context.rflags = boot.registers.rflags;
  thread->context.pc = AppPc{boot.registers.rip};
  thread->app_gs_base = boot.registers.gs_base;
  thread->app_mask = engine::current_kernel_mask();
  thread->signals = &g_signals;
  engine::set_gs(core, *thread);
  engine::init_signal_table(g_signals);
  engine::begin_thread(core, *thread, 0);
  engine::set_kernel_mask(engine::running_mask(*thread));
  engine::put_control(core.events, *thread, Control::kThreadStart,
                      {engine::low32(boot.registers.rip), engine::high32(boot.registers.rip)});
  await_debugger();
  engine::resume_at_pc(core, *thread);
}

}  // namespace tiptoe
