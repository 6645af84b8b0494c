#include "engine/syscall/own_memory.h"

#include <asm/errno.h>

#include "sys/mapping.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

i64 make_for(const AppCall& call, u64 start, u64 end) {
  return sys::syscall6(call.number, start, end - start, call.argument(2), call.argument(3),
                       call.argument(4), call.argument(5));
}

}  // namespace

bool is_over_own(u64 start, u64 bytes) {
  return start + bytes > start && sys::find_own(start, start + bytes).end != 0;
}

i64 make_around_own(const AppCall& call, Hole hole) {
  const u64 start = call.argument(0), bytes = call.argument(1);
  if (!is_over_own(start, bytes) || start % kPageBytes != 0) return call.make();
  const u64 end = align_up(start + bytes, kPageBytes);
  i64 failed = 0;
  for (u64 at = start; at < end;) {
    const sys::OwnMapping own = sys::find_own(at, end);
    const u64 stop = own.end == 0 ? end : own.start;
    if (at < stop) {
      const i64 result = make_for(call, at, stop);
      if (sys::is_error(result) && (result != -ENOMEM || hole == Hole::kStops)) return result;
      if (sys::is_error(result)) failed = result;
    }
    if (own.end == 0) break;
    if (hole == Hole::kStops) return -ENOMEM;
    if (hole == Hole::kFails) failed = -ENOMEM;
    at = own.end;
  }
  return failed;
}

}  // namespace tiptoe::engine
