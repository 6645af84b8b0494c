// How the structures of records.h stand in their sections, writer and reader side by side.
#pragma once

#include <span>
#include <vector>

#include "trace/records.h"

namespace tiptoe::trace {

// The end marker: why the recording ended, and what it holds.
struct EndRecord {
  EndReason reason = EndReason::kProgramEnded;
  SessionTotals totals;
  u64 flow_words = 0;
};

std::vector<u8> encode(const SessionInfo& session);
std::vector<u8> encode(const ImageInfo& image, i32 pid);
std::vector<u8> encode(const ModuleIdentity& module);
std::vector<u8> encode(const ProcessEnd& end);
std::vector<u8> encode(const EndRecord& end);

// Never fail: what is missing or damaged keeps its default.
SessionInfo decode_session(std::span<const u8> payload);
ImageInfo decode_image(std::span<const u8> payload, i32& pid);
ModuleIdentity decode_module_identity(std::span<const u8> payload);
ProcessEnd decode_process_end(std::span<const u8> payload);
EndRecord decode_end(std::span<const u8> payload);

}  // namespace tiptoe::trace
