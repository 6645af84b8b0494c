// What the runtime knows of the process' executable memory.
//
// A sorted list of the ranges that are executable, or shared (and may become executable), kept up
// to date by the wrappers of mmap, munmap, mprotect, mremap and shmat. It answers two questions:
// may code be executed here, and could it change without a system call that we see?
#pragma once

#include "engine/types.h"
#include "sys/lock.h"

namespace tiptoe::engine {

struct CodeRange {
  u64 start;
  u64 end;
  bool executable;
  bool writable;
  bool shared;  // a MAP_SHARED mapping: another mapping of the same memory may be writable
};

class AddressSpace {
 public:
  bool init();

  // A new mapping replaces whatever was there.
  void map(const sys::Held&, u64 start, u64 bytes, int prot, bool shared);
  void unmap(const sys::Held&, u64 start, u64 bytes);
  void protect(const sys::Held&, u64 start, u64 bytes, int prot);

  // The executable range that holds `address`, or nullptr.
  const CodeRange* find_code(const sys::Held&, u64 address) const;
  // The range that holds `address`, executable or shared, or nullptr.
  const CodeRange* find(const sys::Held&, u64 address) const;
  // Whether any executable range overlaps [start, start + bytes).
  bool has_code_in(const sys::Held&, u64 start, u64 bytes) const;

  // personality(READ_IMPLIES_EXEC): readable means executable.
  void set_read_implies_exec() { read_implies_exec_ = true; }
  bool read_implies_exec() const { return read_implies_exec_; }

 private:
  static constexpr u32 kMax = 65536;
  bool is_executable(int prot) const;
  u32 first_ending_after(u64 address) const;
  void split_at(u64 address);
  void erase(u32 first, u32 last);
  void insert(u32 at, const CodeRange& range);

  CodeRange* ranges_ = nullptr;
  u32 count_ = 0;
  bool read_implies_exec_ = false;
};

}  // namespace tiptoe::engine
