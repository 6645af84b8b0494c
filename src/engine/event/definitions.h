// Writing definition records: what the reader needs once, to understand the flow words.
#pragma once

#include <span>

#include "engine/event/event_memory.h"
#include "sys/lock.h"

namespace tiptoe::engine {

class Definitions {
 public:
  void init(EventMemory* memory) { memory_ = memory; }
  // This process' number in the image; set at start and in a forked child, which begins a new
  // chunk.
  void begin_process(u32 process, u32 parent_process);
  // A process that shares this one's memory, and so its definitions.
  void sharing_process(u32 process, u32 parent_process);
  // This process tells nothing from now on.
  void silence() { silent_ = true; }
  bool silent() const { return silent_; }
  u32 process() const { return process_; }

  void thread_start(const ThreadState& thread, u32 parent_stream, AppPc pc);
  void thread_end(const ThreadState& thread);
  // `exits` without the landing; `bytes` is the app code of the block.
  void block(const Block& block, std::span<const Exit> exits, std::span<const u8> bytes);
  void module(const ModuleDefinition& module, std::span<const char> path,
              std::span<const u8> image);
  void unmap(u64 start, u64 bytes);
  void exec(u32 process);  // may be one that shares this one's memory
  void note(const char* text);

 private:
  // Appends one record made of parts; publishes it when complete.
  void append(DefinitionKind kind, std::initializer_list<std::span<const u8>> parts);

  EventMemory* memory_ = nullptr;
  u32 process_ = 0;
  u32 chunk_ = kNoChunk;
  u32 sequence_ = 0;
  bool silent_ = false;
};

}  // namespace tiptoe::engine
