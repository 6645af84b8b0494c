// The definition stream: what a process tells once, so that its flow words can be understood.
//
// Each process of a session fills its own definition chunks with these records, one after another,
// each a DefinitionHeader followed by `payload_bytes` bytes (padded with zeros so that the next
// header is 8-byte aligned; the padding is not counted in payload_bytes). A record never straddles
// chunks. The chunk's published length moves only after a record is complete. A block's record is
// published before the block can run.
//
// Little-endian, fixed layouts; the trace file stores these bytes unchanged.
#pragma once

#include "base/types.h"

namespace tiptoe {

enum class DefinitionKind : u32 {
  kProcess = 1,    // ProcessDefinition; the first record of a process
  kThread = 2,     // ThreadDefinition; before the thread's first flow word
  kBlock = 3,      // BlockDefinition
  kModule = 4,     // ModuleDefinition: a file (or nothing) was mapped executable
  kUnmap = 5,      // UnmapDefinition: executable memory went away
  kThreadEnd = 6,  // ThreadEndDefinition
  kExec = 7,  // ExecDefinition: the process is about to become another image (it did, if a process
              // definition with the same pid follows in a new image)
  kNote = 8,  // text: something a person should know (a limitation that was met)
};

struct DefinitionHeader {
  DefinitionKind kind;
  u32 payload_bytes;
};
static_assert(sizeof(DefinitionHeader) == 8);

struct ProcessDefinition {
  u32 process;  // this process' number in the image: 1 for the process that exec'd, then by fork
  u32 parent_process;  // 0 for the first
  i32 pid;             // as the process itself sees it
  i32 parent_pid;
  u64 tsc;
};
static_assert(sizeof(ProcessDefinition) == 24);

struct ThreadDefinition {
  u32 stream;  // number of the thread's flow stream, unique in the image
  u32 process;
  i32 tid;
  u32 parent_stream;  // the stream of the thread that created it; 0 for the first
  u64 start_pc;
  u64 tsc;
};
static_assert(sizeof(ThreadDefinition) == 32);

struct ThreadEndDefinition {
  u32 stream;
  u32 reserved;
  u64 tsc;
};
static_assert(sizeof(ThreadEndDefinition) == 16);

// How a block can be left; what the field `target` of an exit means.
enum class ExitKind : u8 {
  kJmp = 1,     // direct jump; target
  kBranch = 2,  // taken conditional branch, loop or jrcxz; target
  kFallthrough =
      3,      // the block ended without a branch (limit, end of readable code); target = next pc
  kCall = 4,  // direct call; target
  kJmpIndirect = 5,   // target 0
  kCallIndirect = 6,  // target 0
  kRet = 7,           // target 0
  kSyscall = 8,       // target = next pc
  kOther = 9,  // far branch, iret, an instruction that the runtime emulates; target 0 or next pc
  kNotTaken =
      10,  // the fall-through side of a conditional branch that ends the block; target = next pc
};

// Followed by `segment_count` BlockSegment, `exit_count` BlockExit, then the bytes of all segments,
// in order. The instructions of a block are the instructions of its segments, in order: a block
// that runs on through a direct jump has the jump as the last instruction of a segment.
struct BlockDefinition {
  u32 process;
  u32 first_exit_id;  // exit i of the block has id first_exit_id + i
  u16 exit_count;     // at least 1
  u16 segment_count;
  u16 instruction_count;
  u8 mode;  // 0: 64-bit, 1: 32-bit
  u8 reserved;
};
static_assert(sizeof(BlockDefinition) == 16);

struct BlockSegment {
  u64 pc;
  u32 bytes;
  u32 reserved;
};
static_assert(sizeof(BlockSegment) == 16);

struct BlockExit {
  u64 target;
  u16 instruction;  // index of the instruction after which (by which) the block is left
  ExitKind kind;
  u8 reserved[5];
};
static_assert(sizeof(BlockExit) == 16);

// Followed by `path_bytes` bytes of path (no terminating zero), then `image_pages` pages that are
// the mapped memory itself when no file has it (the vdso).
struct ModuleDefinition {
  u32 process;
  u32 protection;  // PROT_* bits
  u64 start;
  u64 bytes;
  u64 file_offset;
  u64 inode;        // 0: not a file
  u32 device;       // as in struct stat
  u16 path_bytes;   // 0: anonymous
  u16 image_pages;  // the memory that follows, in 4096-byte pages; 0: none
  u64 tsc;
};
static_assert(sizeof(ModuleDefinition) == 56);

struct UnmapDefinition {
  u32 process;
  u32 reserved;
  u64 start;
  u64 bytes;
  u64 tsc;
};
static_assert(sizeof(UnmapDefinition) == 32);

struct ExecDefinition {
  u32 process;
  u32 reserved;
  u64 tsc;
};
static_assert(sizeof(ExecDefinition) == 16);

}  // namespace tiptoe
