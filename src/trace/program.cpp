#include "trace/program.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <tuple>

#include "bridge/flow_words.h"
#include "trace/address_space.h"
#include "trace/definition_reader.h"

namespace tiptoe::trace {
namespace {

// A table of ids is used while it is at most this many times larger than what it holds.
constexpr u64 kMaxSparseness = 8;
// Definitions compress about fourfold; a file that claims more than this is meant to exhaust
// memory.
constexpr u64 kMaxDefinitionRatio = 64;
constexpr u64 kDefinitionAllowance = 64 << 20;
// Module ranges kept for children that may fork from a process, all processes together.
constexpr u64 kMaxInheritedRanges = 20'000'000;

// What a process' definition stream said about its mappings, for children forked later.
struct MappingEvent {
  u64 tsc = 0;
  u64 start = 0;
  u64 bytes = 0;
  u32 module = kNone;  // kNone: unmapped
};

struct ProcessMappings {
  AddressSpace at_start;
  std::vector<MappingEvent> events;
};

void apply(AddressSpace& space, const MappingEvent& event) {
  if (event.module == kNone) {
    space.unmap(event.start, event.bytes);
  } else {
    space.map(event.start, event.bytes, event.module);
  }
}

}  // namespace

BlockExit Block::exit(u32 index) const {
  BlockExit result;
  std::memcpy(&result, exits + index * sizeof result, sizeof result);
  return result;
}

const Process* Image::find_process(u32 wanted) const {
  for (const Process& process : processes) {
    if (process.number == wanted) return &process;
  }
  return nullptr;
}

u32 Image::find_slot(u32 exit_id) const {
  if (!dense.empty()) return kNone;
  auto after =
      std::upper_bound(blocks.begin(), blocks.end(), exit_id,
                       [](u32 id, const Block& block) { return id < block.first_exit_id; });
  if (after == blocks.begin()) return kNone;
  const Block& block = *std::prev(after);
  const u32 index = exit_id - block.first_exit_id;
  return index < block.exit_count ? block.first_slot + index : kNone;
}

const ModuleIdentity* Program::identity_of(const Module& module) const {
  const ModuleIdentity* found = nullptr;
  for (const ModuleIdentity& identity : identities) {
    if (identity.path != module.path) continue;
    found = &identity;
    if (identity.inode == module.inode) break;  // the very file, should the path have had several
  }
  return found;
}

// Fills a Program in; one use.
class ProgramLoader {
 public:
  ProgramLoader(const Reader& reader, Program& program) : reader_(reader), program_(program) {}

  void load();

 private:
  using ProcessKey = std::pair<u32, u32>;  // image number, process

  void read_small_sections();
  void read_small_section(const Section& section);
  void read_definitions();
  void read_definition_section(const Section& section);
  void read_record(const Section& section, const DefinitionRecord& record);
  void read_process(Image& image, const ProcessDefinition& process);
  void read_module(Image& image, const ModuleDefinition& definition, std::span<const u8> rest);
  void read_block(Image& image, const BlockDefinition& definition, std::span<const u8> rest);
  void number_exits(Image& image);
  void collect_streams();
  void attach_process_ends();
  std::span<const u8> keep(std::span<const u8> records);
  Image& image_of(u32 number);
  void problem(const Section& section, const char* what);

  const Reader& reader_;
  Program& program_;
  PayloadBuffer buffer_;
  std::map<u32, u32> image_index_;  // number -> index
  std::map<ProcessKey, ProcessMappings> mappings_;
  ProcessKey current_process_{};
  AddressSpace current_;  // of the process whose definitions are being read
  ProcessMappings* current_mappings_ = nullptr;
  std::map<ProcessKey, size_t> process_index_;          // into Image::processes
  std::map<std::pair<u32, u32>, size_t> thread_index_;  // image number, stream -> Image::threads
  std::vector<std::pair<ProcessKey, ProcessEnd>> ends_;
  u64 definition_bytes_ = 0;
  u64 definition_limit_ = 0;
  u64 inherited_ranges_ = 0;
};

Program Program::load(const Reader& reader) {
  Program program;
  ProgramLoader(reader, program).load();
  return program;
}

void ProgramLoader::load() {
  read_small_sections();
  read_definitions();
  for (Image& image : program_.images) number_exits(image);
  collect_streams();
  attach_process_ends();
}

void ProgramLoader::problem(const Section& section, const char* what) {
  program_.problems.add(describe(section.header) + ": " + what);
}

Image& ProgramLoader::image_of(u32 number) {
  const auto [at, is_new] = image_index_.try_emplace(number, program_.images.size());
  if (is_new) program_.images.emplace_back().number = number;
  return program_.images[at->second];
}

void ProgramLoader::read_small_sections() {
  for (const Section& section : reader_.sections()) {
    const SectionKind kind = section.header.kind;
    if (kind != SectionKind::kDefinitions && kind != SectionKind::kFlow) {
      read_small_section(section);
    }
  }
}

void ProgramLoader::read_small_section(const Section& section) {
  const auto payload = reader_.payload(section, buffer_);
  if (!payload) {
    program_.problems.add(payload.error().message);
    return;
  }
  switch (section.header.kind) {
    case SectionKind::kSession:
      program_.session = decode_session(*payload);
      break;
    case SectionKind::kImage: {
      Image& image = image_of(section.header.image);
      image.info = decode_image(*payload, image.pid);
      std::move(image.info.modules.begin(), image.info.modules.end(),
                std::back_inserter(program_.identities));
      image.info.modules.clear();
      break;
    }
    case SectionKind::kModuleIdentity:
      program_.identities.push_back(decode_module_identity(*payload));
      break;
    case SectionKind::kProcessEnd:
      ends_.emplace_back(ProcessKey{section.header.image, section.header.stream},
                         decode_process_end(*payload));
      break;
    case SectionKind::kNote:
      program_.notes.emplace_back(payload->begin(), payload->end());
      break;
    default:
      problem(section, "is of a kind that this version does not know");
      break;
  }
}

void ProgramLoader::read_definitions() {
  std::vector<const Section*> sections;
  u64 stored = 0;
  for (const Section& section : reader_.sections()) {
    if (section.header.kind != SectionKind::kDefinitions) continue;
    sections.push_back(&section);
    stored += section.header.stored_bytes;
  }
  definition_limit_ = kDefinitionAllowance + kMaxDefinitionRatio * stored;
  const auto key = [](const Section* section) {
    const SectionHeader& header = section->header;
    return std::tuple(header.image, header.stream, header.sequence, header.offset);
  };
  std::stable_sort(sections.begin(), sections.end(),
                   [key](const Section* a, const Section* b) { return key(a) < key(b); });

  const SectionHeader* previous = nullptr;
  for (const Section* section : sections) {
    const SectionHeader& header = section->header;
    const bool same =
        previous != nullptr && previous->image == header.image && previous->stream == header.stream;
    const bool follows = !same ? header.sequence == 0 && header.offset == 0
                         : previous->sequence == header.sequence
                             ? header.offset == previous->offset + previous->raw_bytes
                             : header.sequence == previous->sequence + 1 && header.offset == 0;
    if (!follows) problem(*section, "definitions before it are missing");
    previous = &header;
    read_definition_section(*section);
  }
}

std::span<const u8> ProgramLoader::keep(std::span<const u8> records) {
  auto copy = std::make_unique<u8[]>(records.size());
  std::copy(records.begin(), records.end(), copy.get());
  program_.storage_.push_back(std::move(copy));
  return {program_.storage_.back().get(), records.size()};
}

void ProgramLoader::read_definition_section(const Section& section) {
  definition_bytes_ += section.header.raw_bytes;
  if (definition_bytes_ > definition_limit_) {
    problem(section, "there are more definitions than a file of this size can hold; left out");
    return;
  }
  const auto payload = reader_.payload(section, buffer_);
  if (!payload) {
    program_.problems.add(payload.error().message);
    return;
  }
  const ProcessKey key{section.header.image, section.header.stream};
  if (key != current_process_ || current_mappings_ == nullptr) {
    current_process_ = key;
    current_mappings_ = &mappings_[key];
    current_ = current_mappings_->at_start;
  }
  DefinitionReader records(keep(*payload));
  for (DefinitionRecord record; records.next(record);) read_record(section, record);
  if (!records.complete()) problem(section, "ends in the middle of a record");
}

void ProgramLoader::read_record(const Section& section, const DefinitionRecord& record) {
  Image& image = image_of(section.header.image);
  const auto short_record = [&] { problem(section, "holds a record that is too short"); };
  switch (record.kind) {
    case DefinitionKind::kProcess: {
      const auto process = record.as<ProcessDefinition>();
      return process ? read_process(image, *process) : short_record();
    }
    case DefinitionKind::kThread: {
      const auto thread = record.as<ThreadDefinition>();
      if (!thread) return short_record();
      image.threads.push_back({thread->stream, thread->process, thread->tid, thread->parent_stream,
                               thread->start_pc, thread->tsc});
      thread_index_[{image.number, thread->stream}] = image.threads.size() - 1;
      return;
    }
    case DefinitionKind::kBlock: {
      const auto block = record.as<BlockDefinition>();
      if (!block) return short_record();
      return read_block(image, *block, record.after<BlockDefinition>());
    }
    case DefinitionKind::kModule: {
      const auto module = record.as<ModuleDefinition>();
      if (!module) return short_record();
      return read_module(image, *module, record.after<ModuleDefinition>());
    }
    case DefinitionKind::kUnmap: {
      const auto unmap = record.as<UnmapDefinition>();
      if (!unmap) return short_record();
      current_mappings_->events.push_back({unmap->tsc, unmap->start, unmap->bytes, kNone});
      return apply(current_, current_mappings_->events.back());
    }
    case DefinitionKind::kThreadEnd: {
      const auto end = record.as<ThreadEndDefinition>();
      if (!end) return short_record();
      const auto thread = thread_index_.find({image.number, end->stream});
      if (thread != thread_index_.end()) image.threads[thread->second].end_tsc = end->tsc;
      return;
    }
    case DefinitionKind::kExec: {
      // Not always the process whose definitions these are: a vfork child writes among its
      // parent's.
      const auto exec = record.as<ExecDefinition>();
      if (!exec) return short_record();
      const auto process = process_index_.find({image.number, exec->process});
      if (process != process_index_.end()) image.processes[process->second].exec = true;
      return;
    }
    case DefinitionKind::kNote:
      program_.notes.emplace_back(record.payload.begin(), record.payload.end());
      return;
  }
  problem(section, "holds a record of a kind that this version does not know");
}

void ProgramLoader::read_process(Image& image, const ProcessDefinition& process) {
  image.processes.push_back({.number = process.process,
                             .parent = process.parent_process,
                             .pid = process.pid,
                             .parent_pid = process.parent_pid,
                             .tsc = process.tsc,
                             .wait_status = {}});
  process_index_[{image.number, process.process}] = image.processes.size() - 1;
  const auto parent = mappings_.find({image.number, process.parent_process});
  if (process.parent_process == 0 || parent == mappings_.end() ||
      parent->first == current_process_) {
    return;
  }
  inherited_ranges_ += parent->second.at_start.size() + parent->second.events.size();
  if (inherited_ranges_ > kMaxInheritedRanges) return;
  AddressSpace inherited = parent->second.at_start;
  for (const MappingEvent& event : parent->second.events) {
    if (event.tsc <= process.tsc) apply(inherited, event);
  }
  current_mappings_->at_start = inherited;
  current_ = std::move(inherited);
}

void ProgramLoader::read_module(Image& image, const ModuleDefinition& definition,
                                std::span<const u8> rest) {
  Module module{image.number,
                definition.process,
                definition.start,
                definition.bytes,
                definition.file_offset,
                definition.inode,
                definition.device,
                definition.protection,
                definition.tsc,
                {},
                {}};
  const auto path = rest.first(std::min<size_t>(definition.path_bytes, rest.size()));
  module.path.assign(path.begin(), path.end());
  rest = rest.subspan(path.size());
  module.memory = rest.first(std::min<size_t>(definition.image_pages * kPageBytes, rest.size()));
  const u32 index = static_cast<u32>(program_.modules.size());
  program_.modules.push_back(std::move(module));
  current_mappings_->events.push_back({definition.tsc, definition.start, definition.bytes, index});
  apply(current_, current_mappings_->events.back());
}

void ProgramLoader::read_block(Image& image, const BlockDefinition& definition,
                               std::span<const u8> rest) {
  const auto bad = [&](const char* why) {
    program_.problems.add("the block with exit id " + std::to_string(definition.first_exit_id) +
                          " of image " + std::to_string(image.number) + " " + why);
  };
  const size_t segment_bytes = definition.segment_count * sizeof(BlockSegment);
  const size_t exit_bytes = definition.exit_count * sizeof(BlockExit);
  if (rest.size() < segment_bytes + exit_bytes) return bad("is cut");
  Block block{.first_exit_id = definition.first_exit_id,
              .first_segment = static_cast<u32>(image.segments.size()),
              .process = definition.process,
              .exit_count = definition.exit_count,
              .segment_count = definition.segment_count,
              .instruction_count = definition.instruction_count,
              .mode = definition.mode,
              .exits = rest.data() + segment_bytes};
  if (block.exit_count == 0 || block.segment_count == 0 || block.instruction_count == 0 ||
      block.first_exit_id == 0 || block.first_exit_id > kMaxExitId + 1 - block.exit_count) {
    return bad("is no possible block");
  }
  for (u32 i = 0; i < block.exit_count; ++i) {
    if (block.exit(i).instruction >= block.instruction_count) return bad("has an impossible exit");
  }
  std::span<const u8> code = rest.subspan(segment_bytes + exit_bytes);
  for (u32 i = 0; i < block.segment_count; ++i) {
    BlockSegment segment;
    std::memcpy(&segment, rest.data() + i * sizeof segment, sizeof segment);
    if (segment.bytes > code.size()) {
      image.segments.resize(block.first_segment);
      return bad("has fewer bytes of code than it says");
    }
    image.segments.push_back(
        {segment.pc, code.first(segment.bytes), current_.find(segment.pc, kNone)});
    code = code.subspan(segment.bytes);
  }
  image.blocks.push_back(block);
}

void ProgramLoader::number_exits(Image& image) {
  std::vector<Block>& blocks = image.blocks;
  std::stable_sort(blocks.begin(), blocks.end(), [](const Block& a, const Block& b) {
    return a.first_exit_id < b.first_exit_id;
  });
  u64 free_from = 0;
  std::erase_if(blocks, [&](const Block& block) {
    const bool overlaps = block.first_exit_id < free_from;
    if (overlaps) {
      program_.problems.add("exit id " + std::to_string(block.first_exit_id) + " of image " +
                            std::to_string(image.number) + " is defined twice");
    } else {
      free_from = u64{block.first_exit_id} + block.exit_count;
    }
    return overlaps;
  });
  for (u32 i = 0; i < blocks.size(); ++i) {
    blocks[i].first_slot = static_cast<u32>(image.block_of_slot.size());
    image.block_of_slot.insert(image.block_of_slot.end(), blocks[i].exit_count, i);
  }
  if (blocks.empty()) return;
  image.first_id = blocks.front().first_exit_id;
  const u64 range = free_from - image.first_id;
  if (range > kMaxSparseness * image.exit_count()) return;
  image.dense.assign(range, kNone);
  for (const Block& block : blocks) {
    for (u32 i = 0; i < block.exit_count; ++i) {
      image.dense[block.first_exit_id - image.first_id + i] = block.first_slot + i;
    }
  }
}

void ProgramLoader::collect_streams() {
  std::map<std::pair<u32, u32>, std::vector<u32>> found;  // image number, stream
  for (u32 i = 0; i < reader_.sections().size(); ++i) {
    const SectionHeader& header = reader_.sections()[i].header;
    if (header.kind == SectionKind::kFlow) found[{header.image, header.stream}].push_back(i);
  }
  for (auto& [key, sections] : found) {
    std::stable_sort(sections.begin(), sections.end(), [this](u32 a, u32 b) {
      return reader_.sections()[a].header.sequence < reader_.sections()[b].header.sequence;
    });
    image_of(key.first);
    const u32 image_index = image_index_[key.first];
    std::vector<Thread>& threads = program_.images[image_index].threads;
    const auto thread = thread_index_.find(key);
    const bool defined = thread != thread_index_.end();
    const size_t thread_index = defined ? thread->second : threads.size();
    if (!defined) {
      threads.push_back({.stream = key.second, .defined = false});
      program_.problems.add("stream " + std::to_string(key.second) + " of image " +
                            std::to_string(key.first) + " has no thread definition");
    }
    program_.streams.push_back({image_index, static_cast<u32>(thread_index), std::move(sections)});
  }
}

void ProgramLoader::attach_process_ends() {
  for (const auto& [key, end] : ends_) {
    const auto process = process_index_.find(key);
    if (process == process_index_.end()) continue;
    image_of(key.first).processes[process->second].wait_status = end.wait_status;
  }
}

}  // namespace tiptoe::trace
