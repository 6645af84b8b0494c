#include "inject/inject.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "bridge/boot.h"
#include "inject/placement.h"
#include "inject/process_facts.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

namespace tiptoe::inject {
namespace {

constexpr u32 kFewestChunks = 2;  // the first thread, and what it tells of itself
constexpr u64 kLimitShare = 8;    // of a finite RLIMIT_AS, one part of this many is ours

Error refused(const char* what, i64 result) {
  return Error{std::string("the program's process refuses ") + what + ": " +
               strerror(static_cast<int>(-result))};
}

// --- remote calls
// ---------------------------------------------------------------------------------

// Where the target can be made to run `syscall`, and a byte of its memory that is zero (an empty
// string). Both are found in the vdso, or else in any executable mapping.
struct Foothold {
  u64 syscall_instruction = 0;
  u64 zero_byte = 0;
};

std::optional<Foothold> find_foothold_in(const Tracee& tracee, const Mapping& mapping) {
  if ((mapping.protection & (PROT_READ | PROT_EXEC)) != (PROT_READ | PROT_EXEC)) return {};
  std::vector<u8> bytes(std::min<u64>(mapping.end - mapping.start, 1u << 20));
  if (!tracee.read(mapping.start, bytes)) return {};
  constexpr u8 kSyscall[] = {0x0f, 0x05};
  const auto code = std::search(bytes.begin(), bytes.end(), kSyscall, kSyscall + 2);
  const auto zero = std::find(bytes.begin(), bytes.end(), 0);
  if (code == bytes.end() || zero == bytes.end()) return {};
  return Foothold{mapping.start + static_cast<u64>(code - bytes.begin()),
                  mapping.start + static_cast<u64>(zero - bytes.begin())};
}

Expected<Foothold> find_foothold(const Tracee& tracee, const ProcessFacts& facts) {
  if (const Mapping* vdso = facts.mapping_at(facts.aux(AT_SYSINFO_EHDR))) {
    if (const auto found = find_foothold_in(tracee, *vdso)) return *found;
  }
  for (const Mapping& mapping : facts.mappings) {
    if (const auto found = find_foothold_in(tracee, mapping)) return *found;
  }
  return Error{"found no syscall instruction in the program to map memory with"};
}

Expected<u64> remote_map(Tracee& tracee, u64 address, u64 bytes, int protection, int flags,
                         i64 fd) {
  Expected<i64> result =
      tracee.syscall(SYS_mmap, {address, bytes, static_cast<u64>(protection),
                                static_cast<u64>(flags), static_cast<u64>(fd), 0});
  if (!result) return result.error();
  if (*result < 0 && *result > -4096) return refused("a memory mapping", *result);
  if (static_cast<u64>(*result) != address) return Error{"a mapping came to a wrong address"};
  return address;
}

// --- the shared memory
// ----------------------------------------------------------------------------

// Lifts the target's RLIMIT_NOFILE for as long as it lives: its descriptor table may be full.
class LiftFileLimit {
 public:
  explicit LiftFileLimit(pid_t pid) : pid_(pid) {
    if (prlimit64(pid, RLIMIT_NOFILE, nullptr, &before_) != 0) return;
    rlimit64 lifted = before_;
    lifted.rlim_cur += 64;
    lifted.rlim_max = std::max(lifted.rlim_max, lifted.rlim_cur);
    lifted_ = prlimit64(pid, RLIMIT_NOFILE, &lifted, nullptr) == 0;
  }
  LiftFileLimit(const LiftFileLimit&) = delete;
  ~LiftFileLimit() {
    if (lifted_) prlimit64(pid_, RLIMIT_NOFILE, &before_, nullptr);
  }

 private:
  pid_t pid_;
  rlimit64 before_{};
  bool lifted_ = false;
};

// A memfd made in the target: its number there. The name is empty, so that nothing in the target's
// /proc/self/maps names us.
Expected<i64> remote_memfd(Tracee& tracee, u64 empty_string) {
  for (u64 flags : {MFD_CLOEXEC, MFD_CLOEXEC | MFD_NOEXEC_SEAL}) {  // sysctl vm.memfd_noexec=2
    Expected<i64> fd = tracee.syscall(SYS_memfd_create, {empty_string, flags});
    if (!fd || *fd >= 0) return fd;
    if (*fd == -EACCES) continue;
    if (*fd != -EMFILE) return refused("shared memory", *fd);
    const LiftFileLimit lifted(tracee.tid());
    fd = tracee.syscall(SYS_memfd_create, {empty_string, flags});
    if (!fd || *fd >= 0) return fd;
    return refused("shared memory", *fd);
  }
  return refused("shared memory", -EACCES);
}

// Takes a copy of a descriptor of the target.
Expected<UniqueFd> fetch_descriptor(pid_t pid, i64 remote_fd) {
  UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) return Error{std::string("pidfd_open failed: ") + strerror(errno)};
  UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_getfd, pidfd.get(), remote_fd, 0)));
  if (!fd) return Error{std::string("pidfd_getfd failed: ") + strerror(errno)};
  return fd;
}

u32 affordable_chunks(const ProcessFacts& facts, u32 wanted) {
  if (facts.mmap_limit_bytes == ~u64{0}) return wanted;
  return static_cast<u32>(
      std::min<u64>(wanted, facts.mmap_limit_bytes / kLimitShare / kChunkBytes));
}

// Seccomp filters in force, 0 when the kernel does not tell (before 5.9) and none are on.
long seccomp_filters(pid_t pid) {
  if (const auto count = status_field(pid, "Seccomp_filters")) return std::atol(count->c_str());
  const auto mode = status_field(pid, "Seccomp");
  return mode && *mode != "0" ? 1 : 0;
}

struct MadeSegment {
  UniqueFd fd;
  u32 chunk_count = 0;
  u64 address = 0;
};

Status map_and_close(Tracee& tracee, i64 remote_fd, u64 address, u64 bytes) {
  Expected<u64> mapped = remote_map(tracee, address, bytes, PROT_READ | PROT_WRITE,
                                    MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_NORESERVE, remote_fd);
  Expected<i64> closed = tracee.syscall(SYS_close, {static_cast<u64>(remote_fd)});
  if (!mapped) return mapped.error();
  if (!closed) return closed.error();
  return {};
}

Expected<MadeSegment> make_segment(Tracee& tracee, const ProcessFacts& facts, u64 empty_string,
                                   SegmentOptions options) {
  const u32 wanted = options.chunk_count;
  options.chunk_count = affordable_chunks(facts, wanted);
  if (wanted > 0 && options.chunk_count < std::min(wanted, kFewestChunks)) {
    return Error{"too little address space to record in (see ulimit -v)"};
  }
  MadeSegment made;
  made.chunk_count = options.chunk_count;
  const u64 bytes = segment_bytes(options.chunk_count);
  Expected<u64> place = place_segment(facts, bytes);
  if (!place) return place.error();
  made.address = *place;

  Expected<i64> remote_fd = remote_memfd(tracee, empty_string);
  if (!remote_fd) return remote_fd.error();
  Expected<UniqueFd> fd = fetch_descriptor(tracee.tid(), *remote_fd);
  Status status = fd ? initialise_segment(fd->get(), options) : Status(fd.error());
  const Status mapped = map_and_close(tracee, *remote_fd, made.address, bytes);
  if (!status) return status.error();
  if (!mapped) return mapped.error();
  made.fd = std::move(*fd);
  return made;
}

// --- the runtime
// ----------------------------------------------------------------------------------

BootRegisters boot_registers(const user_regs_struct& r) {
  return {{r.rax, r.rcx, r.rdx, r.rbx, r.rsp, r.rbp, r.rsi, r.rdi, r.r8, r.r9, r.r10, r.r11, r.r12,
           r.r13, r.r14, r.r15},
          r.rip,
          r.eflags,
          r.fs_base,
          r.gs_base};
}

Status describe_mappings(const ProcessFacts& facts, BootParams& boot) {
  u32 path_bytes = 0;
  for (const Mapping& mapping : facts.mappings) {
    if (boot.mapping_count == kMaxBootMappings ||
        path_bytes + mapping.path.size() > kMaxBootPathBytes) {
      return Error{"the program starts with too many mappings"};
    }
    boot.mappings[boot.mapping_count++] = {mapping.start,
                                           mapping.end,
                                           mapping.file_offset,
                                           mapping.inode,
                                           static_cast<u32>(mapping.device),
                                           static_cast<u8>(mapping.protection),
                                           mapping.is_shared,
                                           static_cast<u16>(mapping.path.size())};
    std::memcpy(boot.paths + path_bytes, mapping.path.data(), mapping.path.size());
    path_bytes += static_cast<u32>(mapping.path.size());
  }
  return {};
}

Expected<std::unique_ptr<BootParams>> boot_params(const Tracee& tracee, const ProcessFacts& facts,
                                                  const MadeSegment& segment,
                                                  const InjectOptions& options) {
  auto boot = std::make_unique<BootParams>();
  boot->magic = kBootMagic;
  boot->flags = options.boot_flags;
  boot->registers = boot_registers(tracee.initial_registers());
  boot->segment = segment.address;
  boot->segment_bytes = segment_bytes(segment.chunk_count);
  boot->hwcap2 = facts.aux(AT_HWCAP2);
  const u64 minsigstksz = facts.aux(AT_MINSIGSTKSZ);
  boot->minsigstksz = minsigstksz ? minsigstksz : 2048;
  boot->stack_limit_bytes = facts.stack_limit_bytes;
  boot->mmap_limit_bytes = facts.mmap_limit_bytes;
  boot->cache_bytes = options.cache_bytes;
  if (seccomp_filters(tracee.tid()) > 0) boot->flags |= kBootFiltered;
  boot->trust_threshold = options.trust_threshold;
  if (facts.personality & READ_IMPLIES_EXEC) boot->flags |= kBootReadImpliesExec;
  boot->log_level = options.log_level;
  if (Status status = describe_mappings(facts, *boot); !status) return status.error();
  return boot;
}

// One PROT_NONE reservation, so that the gaps between segments are ours too; the segments in it,
// each with its final protection at once: their bytes are written from outside.
Status map_runtime(Tracee& tracee, const RuntimeImage& image, u64 base) {
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS;
  Expected<u64> reserved = remote_map(tracee, base, image.bytes(), PROT_NONE,
                                      kFlags | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1);
  if (!reserved) return reserved.error();
  for (const ImageSegment& segment : image.segments()) {
    Expected<u64> mapped = remote_map(tracee, base + segment.offset, segment.bytes,
                                      segment.protection, kFlags | MAP_FIXED, -1);
    if (!mapped) return mapped.error();
  }
  return {};
}

// Writes what is not zero anyway: fresh pages are, and a BSS of megabytes shall not become
// resident.
Status write_image(const Tracee& tracee, const RuntimeImage& image, u64 base,
                   std::span<const u8> contents) {
  for (const ImageSegment& segment : image.segments()) {
    std::span<const u8> bytes = contents.subspan(segment.offset, segment.bytes);
    while (!bytes.empty() && bytes.back() == 0) bytes = bytes.first(bytes.size() - 1);
    if (Status status = tracee.write(base + segment.offset, bytes); !status) return status;
  }
  return {};
}

Status put_runtime(Tracee& tracee, const ProcessFacts& facts, const RuntimeImage& image,
                   BootParams& boot) {
  Expected<u64> base = place_runtime(facts, image.bytes());
  if (!base) return base.error();
  if (Status status = map_runtime(tracee, image, *base); !status) return status;
  boot.runtime_start = *base;
  boot.runtime_bytes = image.bytes();
  std::vector<u8> contents = image.relocated(*base);
  std::memcpy(contents.data() + image.boot_offset(), &boot, sizeof(boot));
  return write_image(tracee, image, *base, contents);
}

// 0 when the program has something there already. The page is not writable, not even for a moment
// (PR_SET_MDWE).
Expected<u64> put_call_page(Tracee& tracee, const ProcessFacts& facts) {
  const bool taken = std::any_of(
      facts.mappings.begin(), facts.mappings.end(),
      [](const Mapping& m) { return m.start < kCallPage + kPageBytes && kCallPage < m.end; });
  if (taken) return u64{0};
  constexpr u8 kSyscallAndReturn[] = {0x0f, 0x05, 0xc3};
  Expected<u64> page = remote_map(tracee, kCallPage, kPageBytes, PROT_READ | PROT_EXEC,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1);
  if (!page) return page;
  if (Status status = tracee.write(*page, kSyscallAndReturn); !status) return status.error();
  return page;
}

// Whether the program, or who started it, has forbidden it to gain executable memory: translated
// code cannot be had then.
bool refuses_executable_memory(Tracee& tracee) {
  constexpr u64 kPrGetMdwe = 66, kRefuseExecGain = 1;  // not in every <linux/prctl.h>
  const Expected<i64> flags = tracee.syscall(SYS_prctl, {kPrGetMdwe});
  return flags && *flags > 0 && (static_cast<u64>(*flags) & kRefuseExecGain) != 0;
}

Expected<MadeSegment> inject_stopped(Tracee& tracee, const RuntimeImage& image,
                                     const InjectOptions& options, u64& entry) {
  Expected<ProcessFacts> facts = read_process_facts(tracee.tid());
  if (!facts) return facts.error();
  Expected<Foothold> foothold = find_foothold(tracee, *facts);
  if (!foothold) return foothold.error();
  tracee.set_syscall_instruction(foothold->syscall_instruction);
  // Its own filters, if they come from a program that was traced, exempt the call page.
  if (seccomp_filters(tracee.tid()) > 0) tracee.pretend_calls_from(kCallPage);
  if (refuses_executable_memory(tracee)) {
    return Error{"it may not gain executable memory (PR_SET_MDWE)"};
  }
  Expected<MadeSegment> segment =
      make_segment(tracee, *facts, foothold->zero_byte, options.segment);
  if (!segment) return segment;
  auto boot = boot_params(tracee, *facts, *segment, options);
  if (!boot) return boot.error();
  Expected<u64> call_page = put_call_page(tracee, *facts);
  if (!call_page) return call_page.error();
  (*boot)->call_page = *call_page;
  if (Status status = put_runtime(tracee, *facts, image, **boot); !status) return status.error();
  entry = (*boot)->runtime_start + image.entry_offset();
  return segment;
}

// --- what cannot be traced
// ------------------------------------------------------------------------

bool runs_x86_64_code(pid_t tid) {
  const std::string path = "/proc/" + std::to_string(tid) + "/exe";
  UniqueFd exe(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  Elf64_Ehdr header{};
  if (!exe || pread(exe.get(), &header, sizeof(header), 0) != sizeof(header)) return true;
  return header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_machine == EM_X86_64;
}

}  // namespace

std::optional<std::string> reason_not_to_inject(pid_t tid, std::optional<bool> foreign_filters) {
  if (!runs_x86_64_code(tid)) return "it is not a 64-bit x86 program";
  // Filters that we live under ourselves let us do what we are about to do in the program.
  if (foreign_filters.value_or(seccomp_filters(tid) > seccomp_filters(getpid()))) {
    return "it runs under a seccomp filter";
  }
  return std::nullopt;
}

Expected<Injected> inject_at_exec(pid_t tid, const RuntimeImage& image,
                                  const InjectOptions& options) {
  Expected<Tracee> tracee = Tracee::at_exec(tid);
  if (!tracee) {
    ptrace(PTRACE_DETACH, tid, 0, 0);
    return tracee.error();
  }
  u64 entry = 0;
  Expected<MadeSegment> segment = inject_stopped(*tracee, image, options, entry);
  if (!segment) {
    (void)tracee->give_back(tracee->initial_registers().rip);
    return segment.error();
  }
  return Injected{std::move(*tracee), std::move(segment->fd), segment->chunk_count, entry};
}

}  // namespace tiptoe::inject
