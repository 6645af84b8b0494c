#include "record/image_drain.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "record/futex.h"
#include "record/process_end.h"
#include "record/written_words.h"
#include "trace/module_identity.h"

namespace tiptoe::record {
namespace {

// Sealed chunks from which on the recorder counts as behind the program: few enough to stay in the
// processor's cache until they are drained, enough not to be taken for a hiccup.
constexpr u32 kBehindChunks = 4;

template <class T>
T load(const T& word) {
  return std::atomic_ref(const_cast<T&>(word)).load();
}

template <class T>
bool payload_as(std::span<const u8> payload, T& value) {
  if (payload.size() < sizeof(T)) return false;
  std::memcpy(&value, payload.data(), sizeof(T));
  return true;
}

bool is_readable(int fd) {
  pollfd event{fd, POLLIN, 0};
  return poll(&event, 1, 0) == 1;
}

UniqueFd open_pidfd(pid_t pid) {
  return UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
}

}  // namespace

DrainTotals& DrainTotals::operator+=(const DrainTotals& other) {
  flow_words += other.flow_words;
  dropped_words += other.dropped_words;
  threads += other.threads;
  processes += other.processes;
  return *this;
}

ImageDrain::ImageDrain(u32 number, UniqueFd segment, inject::SegmentMapping mapping,
                       u32 chunk_count, pid_t root, trace::Writer* writer)
    : number_(number),
      segment_(std::move(segment)),
      identity_(SegmentIdentity::of(segment_.get())),
      mapping_(std::move(mapping)),
      chunk_count_(chunk_count),
      writer_(writer),
      root_(root) {
  watch_process(kRootProcess, root);
}

void ImageDrain::watch_process(u32 process, std::optional<pid_t> pid) {
  if (!pid || !watch(process, *pid)) dead_on_arrival_.push_back(process);
}

bool ImageDrain::watch(u32 number, pid_t pid) {
  UniqueFd pidfd = open_pidfd(pid);
  if (!pidfd) return false;
  new_pidfds_.push_back(pidfd.get());
  alive_.emplace(number, LiveProcess{pid, std::move(pidfd)});
  return true;
}

ChunkState ImageDrain::state_of(u32 index) const {
  return load(mapping_.descriptor(index).state);
}

std::vector<u32> ImageDrain::chunks_in(ChunkState state, ChunkKind kind) const {
  std::vector<u32> found;
  const u32 used = std::min(load(control().next_fresh), chunk_count_);
  for (u32 i = 0; i < used; ++i) {
    if (state_of(i) == state && mapping_.descriptor(i).kind == kind) found.push_back(i);
  }
  return found;
}

// Nothing is kept of a stream that has ended, or of a process that is gone: there may be millions.
void ImageDrain::drain() {
  drain_definitions();
  const std::vector<u32> ended = std::exchange(ended_streams_, {});
  drain_flow();
  for (u32 stream : ended) streams_.erase(stream);
}

// --- definitions
// ----------------------------------------------------------------------------------

void ImageDrain::drain_definitions() {
  for (u32 index : chunks_in(ChunkState::kFilling, ChunkKind::kDefinitions)) {
    drain_definitions_of(index);
  }
  for (u32 index : chunks_in(ChunkState::kSealed, ChunkKind::kDefinitions)) {
    drain_definitions_of(index);
    release_sealed(index);
  }
}

void ImageDrain::drain_definitions_of(u32 index) {
  const ChunkDescriptor& descriptor = mapping_.descriptor(index);
  u32& drained = drained_bytes_[index];
  const u32 published = std::min(load(descriptor.published_bytes), kChunkBytes);
  if (published <= drained) return;
  const std::span<const u8> fresh(mapping_.chunk(chunk_count_, index) + drained,
                                  published - drained);
  for (size_t at = 0; at + sizeof(DefinitionHeader) <= fresh.size();) {
    DefinitionHeader header;
    std::memcpy(&header, fresh.data() + at, sizeof(header));
    at += sizeof(header);
    if (header.payload_bytes > fresh.size() - at) break;
    on_definition(header.kind, fresh.subspan(at, header.payload_bytes));
    at += align_up(header.payload_bytes, 8);
  }
  if (writer_) {
    (void)writer_->write_definitions(number_, descriptor.process, descriptor.sequence, drained,
                                     fresh);
  }
  drained = published;
}

void ImageDrain::on_definition(DefinitionKind kind, std::span<const u8> payload) {
  switch (kind) {
    case DefinitionKind::kThread:
      ++threads_;
      break;
    case DefinitionKind::kThreadEnd: {
      ThreadEndDefinition end;
      if (payload_as(payload, end)) ended_streams_.push_back(end.stream);
      break;
    }
    case DefinitionKind::kProcess: {
      ProcessDefinition process;
      if (payload_as(payload, process)) on_process(process);
      break;
    }
    case DefinitionKind::kModule: {
      ModuleDefinition module;
      if (!payload_as(payload, module) || module.inode == 0) break;
      if (module.path_bytes > payload.size() - sizeof(module)) break;
      const u8* path = payload.data() + sizeof(module);
      on_module(module, std::string(path, path + module.path_bytes));
      break;
    }
    default:
      break;
  }
}

void ImageDrain::on_process(const ProcessDefinition& process) {
  ++processes_;
  if (process.process == kRootProcess || gone_.contains(process.process)) return;
  watch_process(process.process, find_thread(process.pid, identity_));
}

// The file is read by the path that the process has for it, which may differ from ours (chroot).
void ImageDrain::on_module(const ModuleDefinition& module, std::string path) {
  const std::string key =
      path + '\n' + std::to_string(module.device) + ':' + std::to_string(module.inode);
  if (!writer_ || !known_modules_.insert(key).second) return;
  Expected<trace::ModuleIdentity> identity =
      trace::identify_module("/proc/" + std::to_string(root_) + "/root" + path);
  if (!identity) identity = trace::identify_module(path);
  if (!identity) return;
  identity->path = std::move(path);
  (void)writer_->write_module_identity(*identity);
}

// --- flow
// -----------------------------------------------------------------------------------------

// In each stream's own order: a pass may see a chunk sealed after it had looked at the one before.
void ImageDrain::drain_flow() {
  std::vector<u32> sealed = chunks_in(ChunkState::kSealed, ChunkKind::kFlow);
  std::sort(sealed.begin(), sealed.end(), [this](u32 a, u32 b) {
    return mapping_.descriptor(a).sequence < mapping_.descriptor(b).sequence;
  });
  if (!sealed.empty()) drain_definitions();  // of blocks published while we looked
  for (u32 index : sealed) {
    const ChunkDescriptor& descriptor = mapping_.descriptor(index);
    if (!is_next(descriptor)) continue;
    write_flow(index, sealed_words(index));
    release_sealed(index);
  }
}

// What a process leaves behind is taken when it goes, in order; what one records that was only
// thought to be gone comes as it is.
bool ImageDrain::is_next(const ChunkDescriptor& descriptor) const {
  const auto stream = streams_.find(descriptor.stream);
  if (stream != streams_.end()) return descriptor.sequence <= stream->second.next_sequence;
  return descriptor.sequence == 0 || gone_.contains(descriptor.process);
}

std::span<const u32> ImageDrain::sealed_words(u32 index) const {
  const u32 bytes = std::min(mapping_.descriptor(index).published_bytes, kChunkBytes);
  return {reinterpret_cast<const u32*>(mapping_.chunk(chunk_count_, index)), bytes / sizeof(u32)};
}

void ImageDrain::write_flow(u32 index, std::span<const u32> words) {
  const ChunkDescriptor& descriptor = mapping_.descriptor(index);
  streams_[descriptor.stream] = {descriptor.process, descriptor.sequence + 1};
  if (words.empty()) return;
  flow_words_ += words.size();
  if (!writer_) return;
  // The program waits for a recorder that is too far behind: density is for when there is time.
  const bool behind = load(control().sealed_count) >= kBehindChunks;
  writer_->use_codec(behind ? trace::Codec::kLz4 : trace::Codec::kZstd);
  const Status written = writer_->write_flow(number_, descriptor.stream, descriptor.sequence,
                                             descriptor.begin_tsc, descriptor.end_tsc, words);
  if (!written) unwritten_words_ += words.size();
}

// --- processes that are gone
// ----------------------------------------------------------------------

std::vector<int> ImageDrain::new_pidfds() {
  return std::exchange(new_pidfds_, {});
}

void ImageDrain::find_dead_processes() {
  std::vector<u32> dead = std::exchange(dead_on_arrival_, {});
  for (const auto& [process, live] : alive_) {
    if (is_readable(live.pidfd.get())) dead.push_back(process);
  }
  for (u32 process : dead) {
    const auto live = alive_.find(process);
    if (live != alive_.end()) {
      ended_.push_back({process, live->second.pid, std::move(live->second.pidfd)});
    }
    on_process_gone(process);
  }
  write_ends(writer_, number_, ended_);
}

void ImageDrain::write_ends(trace::Writer* writer, u32 image, std::vector<EndedProcess>& ended) {
  std::erase_if(ended, [&](const EndedProcess& end) {
    const ProcessEnd status = process_end(end.pidfd.get());
    if (status.known == ProcessEnd::kYes && writer) {
      (void)writer->write_process_end(image, end.process, end.pid, status.wait_status);
    }
    return status.known != ProcessEnd::kNotYet;
  });
}

void ImageDrain::on_process_gone(u32 process) {
  if (gone_.insert(process)) {
    alive_.erase(process);
    drain();
    take_unsealed_of(process);
    std::erase_if(streams_, [&](const auto& open) { return open.second.process == process; });
  }
  if (alive_.empty()) adopt_strays();
}

// A child that has just been forked has not said so yet, and one that records nothing never does.
// They are looked for when all that are known have gone: their requests want an answer.
void ImageDrain::adopt_strays() {
  u32 forks;
  do {
    forks = load(control().forks_begun);
    if (forks == 0) return;
    for (const pid_t pid : processes_mapping(identity_)) {
      if (watch(next_stray_, pid)) --next_stray_;
    }
  } while (alive_.empty() && load(control().forks_begun) != forks);
  nobody_left_ = alive_.empty();
}

// A stray has left the image, by whatever number it went.
void ImageDrain::forget_stray(pid_t pid) {
  const auto stray = std::find_if(alive_.begin(), alive_.end(), [&](const auto& live) {
    return live.first > next_stray_ && live.second.pid == pid;
  });
  if (stray != alive_.end()) alive_.erase(stray);
}

void ImageDrain::on_exec(u32 process, pid_t pid) {
  forget_stray(pid);
  const auto live = alive_.find(process);
  if (live == alive_.end() || live->second.pid == pid) on_process_gone(process);
}

void ImageDrain::take_unsealed_of(u32 process) {
  for (ChunkKind kind : {ChunkKind::kDefinitions, ChunkKind::kFlow}) {
    for (u32 index : chunks_in(ChunkState::kFilling, kind)) {
      if (mapping_.descriptor(index).process != process) continue;
      write_unsealed(index);
      release_unsealed(index);
    }
  }
}

void ImageDrain::write_unsealed(u32 index) {
  if (mapping_.descriptor(index).kind == ChunkKind::kDefinitions)
    return drain_definitions_of(index);
  const std::span<const u32> chunk(
      reinterpret_cast<const u32*>(mapping_.chunk(chunk_count_, index)), kChunkBytes / sizeof(u32));
  write_flow(index, chunk.first(written_words(chunk)));
}

// Zeroing keeps the pages, for which the program would otherwise pay again: 256 faults a chunk.
void ImageDrain::release_sealed(u32 index) {
  const u32 bytes = std::min(mapping_.descriptor(index).published_bytes, kChunkBytes);
  std::memset(mapping_.chunk(chunk_count_, index), 0, bytes);
  push_free(index);
  // Not before: who finds no chunk, and none sealed either, goes without.
  std::atomic_ref(control().sealed_count).fetch_sub(1);
}

// Nobody knows how much of it was touched (payloads are written before their control word), mostly
// little: the kernel takes the pages back.
void ImageDrain::release_unsealed(u32 index) {
  u8* bytes = mapping_.chunk(chunk_count_, index);
  const off_t offset = static_cast<off_t>(bytes - reinterpret_cast<u8*>(&control()));
  if (fallocate(segment_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, kChunkBytes)) {
    std::memset(bytes, 0, kChunkBytes);
  }
  push_free(index);
}

void ImageDrain::push_free(u32 index) {
  drained_bytes_.erase(index);
  ChunkDescriptor& descriptor = mapping_.descriptor(index);
  std::atomic_ref(descriptor.published_bytes).store(0);
  std::atomic_ref(descriptor.state).store(ChunkState::kFree);
  std::atomic_ref<u64> list(control().free_list);
  u64 head = list.load();
  do {
    descriptor.next_free = static_cast<u32>(head);
  } while (!list.compare_exchange_weak(head, ((head >> 32) + 1) << 32 | (index + 1)));
  std::atomic_ref(control().freed).fetch_add(1);
  futex_wake_all(control().freed);
}

// --- the end
// --------------------------------------------------------------------------------------

bool ImageDrain::is_done() const {
  if (!alive_.empty()) return false;
  const bool has_forked = load(control().forks_begun) != 0;
  return has_forked ? nobody_left_ : gone_.size() + 1 >= load(control().next_process);
}

// Processes may still be running, and filling chunks: nothing is released.
void ImageDrain::finish() {
  drain();
  for (ChunkKind kind : {ChunkKind::kDefinitions, ChunkKind::kFlow}) {
    std::vector<u32> rest = chunks_in(ChunkState::kSealed, kind);
    const std::vector<u32> unsealed = chunks_in(ChunkState::kFilling, kind);
    rest.insert(rest.end(), unsealed.begin(), unsealed.end());
    std::sort(rest.begin(), rest.end(), [this](u32 a, u32 b) {
      return mapping_.descriptor(a).sequence < mapping_.descriptor(b).sequence;
    });
    for (u32 index : rest) {
      const bool is_whole = kind == ChunkKind::kFlow && state_of(index) == ChunkState::kSealed;
      is_whole ? write_flow(index, sealed_words(index)) : write_unsealed(index);
    }
  }
}

void ImageDrain::stop() {
  std::atomic_ref(control().recorder_stopped).store(1);
  futex_wake_all(control().freed);
}

void ImageDrain::abandon() {
  stop();
  std::atomic_ref(control().recorder_lock).store(FUTEX_OWNER_DIED);
  futex_wake_all(control().recorder_lock);
}

DrainTotals ImageDrain::totals() const {
  return {flow_words_, load(control().dropped_words) + unwritten_words_, threads_, processes_};
}

}  // namespace tiptoe::record
