#include "engine/event/definitions.h"

#include "base/memory.h"
#include "sys/clock.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

template <typename T>
std::span<const u8> bytes_of(const T& value) {
  return {reinterpret_cast<const u8*>(&value), sizeof(T)};
}

}  // namespace

void Definitions::begin_process(u32 process, u32 parent_process) {
  process_ = process;
  chunk_ = kNoChunk;
  sequence_ = 0;
  sharing_process(process, parent_process);
}

void Definitions::sharing_process(u32 process, u32 parent_process) {
  const ProcessDefinition definition{process, parent_process,
                                     static_cast<i32>(sys::call(__NR_getpid)),
                                     static_cast<i32>(sys::call(__NR_getppid)), sys::tsc()};
  append(DefinitionKind::kProcess, {bytes_of(definition)});
}

void Definitions::append(DefinitionKind kind, std::initializer_list<std::span<const u8>> parts) {
  if (!memory_->defining() || silent_) return;
  u64 payload = 0;
  for (const auto part : parts) payload += part.size();
  const u64 total = align_up(sizeof(DefinitionHeader) + payload, 8);
  if (total > kChunkBytes) return;

  if (chunk_ != kNoChunk && memory_->descriptor(chunk_).published_bytes + total > kChunkBytes) {
    memory_->seal(chunk_, memory_->descriptor(chunk_).published_bytes);
    chunk_ = kNoChunk;
  }
  if (chunk_ == kNoChunk) {
    chunk_ = memory_->claim(ChunkKind::kDefinitions, process_, 0, sequence_);
    if (chunk_ == kNoChunk) {  // no recorder, or no chunk
      __atomic_fetch_add(&memory_->control()->dropped_words, total / 4, __ATOMIC_RELAXED);
      return;
    }
    ++sequence_;
  }

  ChunkDescriptor& descriptor = memory_->descriptor(chunk_);
  u8* at = reinterpret_cast<u8*>(memory_->address_of(chunk_) + descriptor.published_bytes);
  const DefinitionHeader header{kind, static_cast<u32>(payload)};
  memcpy(at, &header, sizeof header);
  at += sizeof header;
  for (const auto part : parts) {
    memcpy(at, part.data(), part.size());
    at += part.size();
  }
  __atomic_store_n(&descriptor.published_bytes,
                   descriptor.published_bytes + static_cast<u32>(total), __ATOMIC_RELEASE);
}

void Definitions::thread_start(const ThreadState& thread, u32 parent_stream, AppPc pc) {
  const ThreadDefinition definition{thread.stream, thread.process, thread.tid,
                                    parent_stream, raw(pc),        sys::tsc()};
  append(DefinitionKind::kThread, {bytes_of(definition)});
}

void Definitions::thread_end(const ThreadState& thread) {
  const ThreadEndDefinition definition{thread.stream, 0, sys::tsc()};
  append(DefinitionKind::kThreadEnd, {bytes_of(definition)});
}

void Definitions::block(const Block& block, std::span<const Exit> exits,
                        std::span<const u8> bytes) {
  const BlockDefinition definition{
      process_, block.first_flow_id, static_cast<u16>(exits.size()), 1, block.instruction_count, 0,
      0};
  const BlockSegment segment{raw(block.start), block.app_bytes, 0};
  constexpr unsigned kMaxExits = 64;
  BlockExit out[kMaxExits];
  for (unsigned i = 0; i < exits.size() && i < kMaxExits; ++i) {
    out[i] = BlockExit{raw(exits[i].target), exits[i].instruction, exits[i].kind, {}};
  }
  append(DefinitionKind::kBlock,
         {bytes_of(definition),
          bytes_of(segment),
          {reinterpret_cast<const u8*>(out), exits.size() * sizeof(BlockExit)},
          bytes});
}

void Definitions::module(const ModuleDefinition& module, std::span<const char> path,
                         std::span<const u8> image) {
  append(DefinitionKind::kModule,
         {bytes_of(module), {reinterpret_cast<const u8*>(path.data()), path.size()}, image});
}

void Definitions::unmap(u64 start, u64 bytes) {
  const UnmapDefinition definition{process_, 0, start, bytes, sys::tsc()};
  append(DefinitionKind::kUnmap, {bytes_of(definition)});
}

void Definitions::exec(u32 process) {
  const ExecDefinition definition{process, 0, sys::tsc()};
  append(DefinitionKind::kExec, {bytes_of(definition)});
}

void Definitions::note(const char* text) {
  u64 length = 0;
  while (text[length] != 0) ++length;
  append(DefinitionKind::kNote, {{reinterpret_cast<const u8*>(text), length}});
}

}  // namespace tiptoe::engine
