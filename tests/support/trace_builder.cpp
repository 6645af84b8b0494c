#include "support/trace_builder.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstring>
#include <stdexcept>

#include "arch/x86/decode.h"

namespace tiptoe::testing {
namespace {

struct TemporaryFolder {
  std::filesystem::path path;
  TemporaryFolder() {
    std::string name = std::filesystem::temp_directory_path() / "tiptoe-test-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    path = name;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
};

template <class T>
void append(std::vector<u8>& out, const T& value) {
  const u8* bytes = reinterpret_cast<const u8*>(&value);
  out.insert(out.end(), bytes, bytes + sizeof value);
}

u32 low(u64 value) {
  return static_cast<u32>(value);
}
u32 high(u64 value) {
  return static_cast<u32>(value >> 32);
}

// The exits of a block whose last instruction is `insn`, ending at `next_pc`.
std::vector<BlockExit> exits_of(const x86::Insn& insn, u64 next_pc, u16 index) {
  const u64 target = next_pc + static_cast<u64>(insn.branch_offset);
  switch (insn.flow) {
    case x86::Flow::kJmp:
      return {{target, index, ExitKind::kJmp, {}}};
    case x86::Flow::kJcc:
    case x86::Flow::kLoop:
    case x86::Flow::kJrcxz:
      return {{target, index, ExitKind::kBranch, {}}, {next_pc, index, ExitKind::kNotTaken, {}}};
    case x86::Flow::kCall:
      return {{target, index, ExitKind::kCall, {}}};
    case x86::Flow::kJmpIndirect:
      return {{0, index, ExitKind::kJmpIndirect, {}}};
    case x86::Flow::kCallIndirect:
      return {{0, index, ExitKind::kCallIndirect, {}}};
    case x86::Flow::kRet:
      return {{0, index, ExitKind::kRet, {}}};
    case x86::Flow::kSyscall:
      return {{next_pc, index, ExitKind::kSyscall, {}}};
    default:
      return {{next_pc, index, ExitKind::kFallthrough, {}}};
  }
}

}  // namespace

std::filesystem::path temporary_file(const std::string& name) {
  static const TemporaryFolder folder;
  return folder.path / name;
}

std::vector<u8> from_hex(std::string_view hex) {
  std::vector<u8> bytes;
  for (size_t i = 0; i + 1 < hex.size();) {
    if (hex[i] == ' ') {
      ++i;
      continue;
    }
    bytes.push_back(static_cast<u8>(std::stoul(std::string(hex.substr(i, 2)), nullptr, 16)));
    i += 2;
  }
  return bytes;
}

TraceBuilder::TraceBuilder(u64 start_pc, const trace::WriterOptions& options,
                           const std::string& name)
    : path_(temporary_file(name)) {
  std::filesystem::remove(path_);
  auto writer = trace::Writer::create(
      path_, {{"built", "by hand"}, "/tmp", 1, 2, 3, "test", "no machine"}, options);
  if (!writer) throw std::runtime_error(writer.error().message);
  writer_.emplace(std::move(*writer));
  trace::ImageInfo image;
  image.path = "/built";
  image.argv = {"built"};
  EXPECT_TRUE(writer_->write_image(1, 100, image).ok());
  define(DefinitionKind::kProcess, ProcessDefinition{1, 0, 100, 99, tsc_++});
  map(0x1000, 0xff000, "");
  define(DefinitionKind::kThread, ThreadDefinition{1, 1, 100, 0, start_pc, tsc_++});
  control(Control::kThreadStart, {low(start_pc), high(start_pc)});
}

template <class T>
void TraceBuilder::define(DefinitionKind kind, const T& fixed, const std::vector<u8>& rest) {
  std::vector<u8>& out = definitions_[process_];
  append(out, DefinitionHeader{kind, static_cast<u32>(sizeof fixed + rest.size())});
  append(out, fixed);
  out.insert(out.end(), rest.begin(), rest.end());
  out.resize(align_up(out.size(), 8));
}

u32 TraceBuilder::block(u64 pc, std::string_view hex) {
  return block({{pc, hex}});
}

u32 TraceBuilder::block(std::initializer_list<std::pair<u64, std::string_view>> segments) {
  std::vector<u8> segment_records;
  std::vector<u8> code;
  x86::Insn last;
  u64 next_pc = 0;
  u16 instructions = 0;
  for (const auto& [pc, hex] : segments) {
    const std::vector<u8> bytes = from_hex(hex);
    append(segment_records, BlockSegment{pc, static_cast<u32>(bytes.size()), 0});
    for (size_t at = 0; at < bytes.size(); at += last.length) {
      if (!x86::decode(std::span(bytes).subspan(at), x86::Mode::k64, last)) {
        throw std::runtime_error("a test's code does not decode");
      }
      ++instructions;
    }
    code.insert(code.end(), bytes.begin(), bytes.end());
    next_pc = pc + bytes.size();
  }
  const auto exits = exits_of(last, next_pc, static_cast<u16>(instructions - 1));
  Exits known{next_exit_id_, {}};
  for (const BlockExit& exit : exits) {
    append(segment_records, exit);
    known.kinds.push_back(exit.kind);
  }
  segment_records.insert(segment_records.end(), code.begin(), code.end());
  define(DefinitionKind::kBlock,
         BlockDefinition{process_, next_exit_id_, static_cast<u16>(exits.size()),
                         static_cast<u16>(segments.size()), instructions, 0, 0},
         segment_records);
  next_exit_id_ += static_cast<u32>(exits.size());
  blocks_.push_back(known);
  return static_cast<u32>(blocks_.size() - 1);
}

u32 TraceBuilder::exit_id(u32 block, ExitKind kind) const {
  const Exits& exits = blocks_.at(block);
  for (u32 i = 0; i < exits.kinds.size(); ++i) {
    if (exits.kinds[i] == kind) return exits.first_id + i;
  }
  throw std::runtime_error("a test's block has no such exit");
}

TraceBuilder& TraceBuilder::run(u32 block, ExitKind kind) {
  words_.push_back(exit_id(block, kind));
  return *this;
}

TraceBuilder& TraceBuilder::run(u32 block) {
  if (blocks_.at(block).kinds.size() != 1) throw std::runtime_error("which exit?");
  return run(block, blocks_[block].kinds[0]);
}

TraceBuilder& TraceBuilder::control(Control kind, std::initializer_list<u32> payload) {
  words_.push_back(control_word(kind, static_cast<u32>(payload.size())));
  words_.insert(words_.end(), payload.begin(), payload.end());
  return *this;
}

TraceBuilder& TraceBuilder::signal(u32 number, u64 at, u64 handler) {
  return control(Control::kSignal, {number, low(at), high(at), low(handler), high(handler)});
}

TraceBuilder& TraceBuilder::sigreturn(u64 pc) {
  return control(Control::kSigreturn, {low(pc), high(pc)});
}

TraceBuilder& TraceBuilder::partial(u32 block, u32 instructions) {
  return control(Control::kPartial, {blocks_.at(block).first_id, instructions});
}

void TraceBuilder::write_flow() {
  const u32 sequence = next_sequence_[stream_]++;
  EXPECT_TRUE(writer_->write_flow(1, stream_, sequence, tsc_, tsc_ + 1, words_).ok());
  tsc_ += 2;
  words_.clear();
}

TraceBuilder& TraceBuilder::cut(u32 lost) {
  write_flow();
  next_sequence_[stream_] += lost;
  return *this;
}

void TraceBuilder::begin_stream(u32 stream) {
  if (!words_.empty()) write_flow();
  stream_ = stream;
}

TraceBuilder& TraceBuilder::thread(u32 stream, i32 tid, u64 start_pc) {
  const u32 parent = stream_;
  begin_stream(stream);
  define(DefinitionKind::kThread,
         ThreadDefinition{stream, process_, tid, parent, start_pc, tsc_++});
  return control(Control::kThreadStart, {low(start_pc), high(start_pc)});
}

TraceBuilder& TraceBuilder::fork(u32 process, i32 pid, u32 stream, u64 pc) {
  const u32 parent = std::exchange(process_, process);
  begin_stream(stream);
  define(DefinitionKind::kProcess, ProcessDefinition{process, parent, pid, 100, tsc_++});
  define(DefinitionKind::kThread, ThreadDefinition{stream, process, pid, 1, pc, tsc_++});
  return control(Control::kForkChild, {low(pc), high(pc)});
}

TraceBuilder& TraceBuilder::map(u64 start, u64 bytes, const std::string& path, u64 file_offset) {
  define(DefinitionKind::kModule,
         ModuleDefinition{process_, 5, start, bytes, file_offset, path.empty() ? 0u : 7u, 8,
                          static_cast<u16>(path.size()), 0, tsc_++},
         {path.begin(), path.end()});
  return *this;
}

TraceBuilder& TraceBuilder::unmap(u64 start, u64 bytes) {
  define(DefinitionKind::kUnmap, UnmapDefinition{process_, 0, start, bytes, tsc_++});
  return *this;
}

std::filesystem::path TraceBuilder::finish(trace::EndReason reason) {
  if (!words_.empty()) write_flow();
  for (const auto& [process, records] : definitions_) {
    EXPECT_TRUE(writer_->write_definitions(1, process, 0, 0, records).ok());
  }
  EXPECT_TRUE(writer_->finish(reason, {0, 1, 1, 1, 0}).ok());
  return path_;
}

}  // namespace tiptoe::testing
