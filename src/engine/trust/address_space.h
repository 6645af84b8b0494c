// What the runtime knows of the process' executable memory.
//
// A sorted list of the ranges that are executable, or may change unseen (and become executable
// later), kept up to date by the wrappers of the system calls on memory. It answers two questions:
// may code be executed here, and could it change without a system call that we understand?
#pragma once

#include "engine/types.h"
#include "sys/lock.h"

namespace tiptoe::engine {

// A file, as the kernel tells files apart. Inode 0: none.
struct FileId {
  u64 device = 0;
  u64 inode = 0;
  bool operator==(const FileId&) const = default;
};

// What is behind a mapping.
struct Backing {
  // Other than by a call on this range: it is shared, or somebody can write to its file.
  bool may_change = false;
  FileId file;  // of a private mapping whose file may be opened for writing some day
  bool operator==(const Backing&) const = default;
};

struct CodeRange {
  u64 start;
  u64 end;
  bool executable;
  bool writable;
  Backing backing;
};

class AddressSpace {
 public:
  bool init();

  // A new mapping replaces whatever was there.
  void map(const sys::Held&, u64 start, u64 bytes, int prot, const Backing& backing = {});
  void unmap(const sys::Held&, u64 start, u64 bytes);
  void protect(const sys::Held&, u64 start, u64 bytes, int prot);

  // The executable range that holds `address`, or nullptr.
  const CodeRange* find_code(const sys::Held&, u64 address) const;
  // The range that holds `address`, executable or not, or nullptr.
  const CodeRange* find(const sys::Held&, u64 address) const;
  // A range with this file behind it. False when there is none.
  bool find_file(const sys::Held&, const FileId& file, CodeRange& out) const;
  // Whether any executable range overlaps [start, start + bytes).
  bool has_code_in(const sys::Held&, u64 start, u64 bytes) const;
  // Calls visit(start, bytes) for each executable part of [start, start + bytes).
  template <typename Visit>
  void for_each_code_in(const sys::Held&, u64 start, u64 bytes, Visit visit) const;

  // Whether code in the range may change without a system call that we understand.
  bool may_change_unseen(const CodeRange& range) const {
    return range.writable || range.backing.may_change || all_may_change_;
  }
  // From now on what is known in [start, start + bytes) may change unseen.
  void let_change(const sys::Held&, u64 start, u64 bytes);
  // The same for the private mappings of a file. False when there are none.
  bool let_change(const sys::Held&, const FileId& file);
  // The same for everything.
  void let_all_change() { all_may_change_ = true; }

  // Counts what was said of mappings: the same number twice, and nothing was said in between.
  u64 changes() const { return changes_; }

  // personality(READ_IMPLIES_EXEC): readable means executable.
  void set_read_implies_exec(bool on) { read_implies_exec_ = on; }
  bool read_implies_exec() const { return read_implies_exec_; }

  // userfaultfd: reading a page may wait for another thread of the program.
  void set_pages_may_wait() { pages_may_wait_ = true; }
  bool pages_may_wait() const { return pages_may_wait_; }

 private:
  static constexpr u32 kMax = 65536;
  bool is_executable(int prot) const;
  u32 first_ending_after(u64 address) const;
  void split_at(u64 address);
  void erase(u32 first, u32 last);
  void insert(u32 at, const CodeRange& range);
  void merge_with_next(u32 at);

  CodeRange* ranges_ = nullptr;
  u32 count_ = 0;
  u64 changes_ = 0;
  bool read_implies_exec_ = false;
  bool all_may_change_ = false;
  bool pages_may_wait_ = false;
};

template <typename Visit>
void AddressSpace::for_each_code_in(const sys::Held&, u64 start, u64 bytes, Visit visit) const {
  const u64 end = start + bytes;
  for (u32 i = first_ending_after(start); i < count_ && ranges_[i].start < end; ++i) {
    if (!ranges_[i].executable) continue;
    const u64 from = ranges_[i].start < start ? start : ranges_[i].start;
    const u64 to = ranges_[i].end < end ? ranges_[i].end : end;
    visit(from, to - from);
  }
}

}  // namespace tiptoe::engine
