// The trace file: what the writer wrote comes back, and a file in any condition opens without harm.
// hazard: 6.15
// timeout: 240
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <fstream>
#include <random>

#include "support/trace_builder.h"
#include "trace/crc32c.h"
#include "trace/flow_reader.h"
#include "trace/module_identity.h"
#include "trace/program.h"
#include "trace/reader.h"
#include "trace/reader_fuzz.h"
#include "trace/writer.h"

namespace tiptoe::trace {
namespace {

using testing::temporary_file;
using testing::TraceBuilder;

std::vector<u8> contents(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void put(const std::filesystem::path& path, std::span<const u8> bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
}

// Everything that a reader of the file would look at; counts words so that nothing is optimised
// away.
struct Everything {
  bool opened = false;
  bool whole = false;
  std::vector<u32> words;  // of all streams

  explicit Everything(const std::filesystem::path& path) {
    const auto reader = Reader::open(path);
    if (!reader) return;
    opened = true;
    const Program program = Program::load(*reader);
    whole = reader->integrity().ok() && program.problems.problem_count == 0;
    for (const Stream& stream : program.streams) {
      FlowReader flow(*reader, stream);
      for (FlowChunk chunk; flow.next(chunk);) {
        words.insert(words.end(), chunk.words.begin(), chunk.words.end());
        for_each_record(chunk.words, *this);
      }
      whole = whole && flow.problems().problem_count == 0;
    }
    for (const Image& image : program.images) {
      for (u32 id = 0; id < 64; ++id) {
        const u32 slot = image.slot_of(id);
        if (slot != kNone) sum += image.blocks[image.block_of_slot[slot]].exit(0).target;
      }
    }
  }
  void exit(u32 id) { sum += id; }
  void control(Control kind, std::span<const u32> payload) {
    for (const u32 word : payload) sum += word;
    sum += static_cast<u32>(kind);
  }
  u64 sum = 0;
};

std::filesystem::path small_trace() {
  TraceBuilder b;
  const u32 loop = b.block(0x1000, "ff c8 75 fc");
  const u32 end = b.block(0x1004, "c3");
  for (int chunk = 0; chunk < 4; ++chunk) {
    for (int i = 0; i < 50; ++i) b.run(loop, ExitKind::kBranch);
    b.cut();
  }
  b.run(loop, ExitKind::kNotTaken).run(end).control(Control::kThreadEnd);
  b.thread(2, 102, 0x1000).run(loop, ExitKind::kNotTaken).run(end);
  EXPECT_TRUE(b.writer().write_note("a note").ok());
  EXPECT_TRUE(b.writer().write_process_end(1, 1, 100, 7 << 8).ok());
  ModuleIdentity module;
  module.path = "/lib/x.so";
  module.build_id = {1, 2, 3};
  EXPECT_TRUE(b.writer().write_module_identity(module).ok());
  return b.finish();
}

TEST(Crc32c, agrees_with_the_standard_check_value) {
  const std::string check = "123456789";
  const std::span<const u8> bytes(reinterpret_cast<const u8*>(check.data()), check.size());
  EXPECT_EQ(crc32c(bytes), 0xe3069283u);
  EXPECT_EQ(crc32c_portable(bytes), 0xe3069283u);
}

TEST(Crc32c, both_ways_agree_on_random_bytes) {
  std::mt19937 random(1);
  for (size_t size = 0; size < 300; ++size) {
    std::vector<u8> bytes(size);
    for (u8& byte : bytes) byte = static_cast<u8>(random());
    ASSERT_EQ(crc32c(bytes), crc32c_portable(bytes)) << size;
  }
}

TEST(TraceFile, returns_what_was_written) {
  const auto path = small_trace();
  const auto reader = Reader::open(path);
  ASSERT_TRUE(reader.ok());
  EXPECT_TRUE(reader->integrity().ok());
  EXPECT_TRUE(reader->integrity().has_index);
  EXPECT_EQ(reader->end()->reason, EndReason::kProgramEnded);
  const Program program = Program::load(*reader);
  EXPECT_EQ(program.problems.problem_count, 0u);
  EXPECT_THAT(program.session.argv, ::testing::ElementsAre("built", "by hand"));
  EXPECT_EQ(program.session.machine, "no machine");
  EXPECT_THAT(program.notes, ::testing::ElementsAre("a note"));
  ASSERT_EQ(program.images.size(), 1u);
  EXPECT_EQ(program.images[0].info.path, "/built");
  EXPECT_EQ(program.images[0].pid, 100);
  ASSERT_EQ(program.images[0].processes.size(), 1u);
  EXPECT_EQ(program.images[0].processes[0].wait_status, 7 << 8);
  ASSERT_EQ(program.images[0].blocks.size(), 2u);
  const Block& loop = program.images[0].blocks[0];
  EXPECT_EQ(loop.exit_count, 2);
  EXPECT_EQ(loop.exit(0).target, 0x1000u);
  EXPECT_EQ(loop.exit(1).target, 0x1004u);
  EXPECT_EQ(program.images[0].segments[0].bytes.size(), 4u);
  ASSERT_EQ(program.streams.size(), 2u);
  EXPECT_EQ(program.thread(program.streams[1]).tid, 102);
  ASSERT_EQ(program.identities.size(), 1u);
  EXPECT_THAT(program.identities[0].build_id, ::testing::ElementsAre(1, 2, 3));
  EXPECT_EQ(Everything(path).words.size(), 3 + 200 + 2 + 1 + 3 + 2u);
}

TEST(TraceFile, is_for_its_owner_alone) {
  const mode_t before = umask(0);
  const auto path = small_trace();
  umask(before);
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
}

TEST(TraceFile, an_older_one_is_kept) {
  const auto path = temporary_file("kept.trace");
  put(path, std::vector<u8>{1, 2, 3});
  ASSERT_TRUE(Writer::create(path, {}).ok());
  EXPECT_EQ(contents(path.string() + ".old"), (std::vector<u8>{1, 2, 3}));
}

TEST(TraceFile, cannot_be_a_folder_or_lie_in_one_that_is_not_there) {
  EXPECT_FALSE(Writer::create("/tmp", {}).ok());
  EXPECT_FALSE(Writer::create("/no/such/folder/x", {}).ok());
  const auto device = Writer::create("/dev/null", {});
  ASSERT_FALSE(device.ok());
  EXPECT_THAT(device.error().message, ::testing::HasSubstr("not a regular file"));
}

class EveryCodec : public ::testing::TestWithParam<Codec> {};

TEST_P(EveryCodec, gives_the_same_words_back) {
  TraceBuilder b(0x1000, {.codec = GetParam()}, "codec.trace");
  const u32 loop = b.block(0x1000, "ff c8 75 fc");
  for (int i = 0; i < 200'000; ++i) b.run(loop, ExitKind::kBranch);
  const auto path = b.finish();
  const Everything all(path);
  EXPECT_TRUE(all.whole);
  EXPECT_EQ(all.words.size(), 200'003u);
  const u64 size = std::filesystem::file_size(path);
  if (GetParam() == Codec::kNone) {
    EXPECT_GT(size, 800'000u);
  } else {
    EXPECT_LT(size, 20'000u);
  }
}
INSTANTIATE_TEST_SUITE_P(All, EveryCodec,
                         ::testing::Values(Codec::kNone, Codec::kZstd, Codec::kLz4));

TEST(TraceFile, opens_when_cut_at_any_byte_and_keeps_what_stands_before) {
  const auto whole = contents(small_trace());
  const Everything reference(small_trace());
  const auto path = temporary_file("cut.trace");
  size_t most = 0;
  for (size_t size = 1; size < whole.size(); ++size) {
    put(path, std::span(whole).first(size));
    const Everything cut(path);
    ASSERT_TRUE(cut.opened) << size;
    ASSERT_FALSE(cut.whole) << size;
    // Stream 1 comes first, so what is there is a beginning of what was.
    ASSERT_LE(cut.words.size(), reference.words.size());
    ASSERT_GE(cut.words.size(), most) << "fewer words from more bytes, at " << size;
    most = cut.words.size();
    ASSERT_TRUE(std::equal(cut.words.begin(), cut.words.end(), reference.words.begin())) << size;
  }
  EXPECT_EQ(most, reference.words.size());
}

TEST(TraceFile, says_what_a_cut_took) {
  const auto whole = contents(small_trace());
  const auto reader_of = [&](size_t size) {
    const auto path = temporary_file("said.trace");
    put(path, std::span(whole).first(size));
    return Reader::open(path);
  };
  const auto first_sections = reader_of(whole.size())->sections();
  const Section& last = first_sections.back();
  const auto cut = reader_of(last.file_offset + sizeof(SectionHeader) + 1);
  ASSERT_EQ(cut->integrity().problem_count, 1u);
  EXPECT_THAT(cut->integrity().problems[0], ::testing::HasSubstr(describe(last.header)));
  const auto headless = reader_of(last.file_offset);
  ASSERT_EQ(headless->integrity().problem_count, 1u);
  EXPECT_THAT(headless->integrity().problems[0], ::testing::HasSubstr("end marker is missing"));
}

TEST(TraceFile, other_files_are_refused) {
  const auto path = temporary_file("other");
  put(path, std::vector<u8>{'h', 'e', 'l', 'l', 'o'});
  EXPECT_FALSE(Reader::open(path).ok());
  put(path, {});
  EXPECT_FALSE(Reader::open(path).ok());
  EXPECT_FALSE(Reader::open("/tmp").ok());
  EXPECT_FALSE(Reader::open("/no/such/file").ok());
  auto newer = contents(small_trace());
  newer[8] = kFormatVersion + 1;
  put(path, newer);
  const auto opened = Reader::open(path);
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.error().message,
              ::testing::HasSubstr("format " + std::to_string(kFormatVersion + 1)));
  const auto fifo = temporary_file("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_FALSE(Reader::open(fifo).ok());
}

TEST(TraceFile, a_damaged_section_costs_only_itself) {
  const auto path = small_trace();
  auto bytes = contents(path);
  const auto sections = Reader::open(path)->sections();
  const auto flow = std::find_if(sections.begin(), sections.end(), [](const Section& section) {
    return section.header.kind == SectionKind::kFlow && section.header.sequence == 1;
  });
  ASSERT_NE(flow, sections.end());
  bytes[flow->file_offset + sizeof(SectionHeader)] ^= 1;
  put(path, bytes);
  const Everything damaged(path);
  EXPECT_TRUE(damaged.opened);
  EXPECT_FALSE(damaged.whole);
  EXPECT_EQ(damaged.words.size(), Everything(small_trace()).words.size() - 50);
}

TEST(TraceFile, a_lost_index_is_rebuilt) {
  const auto path = small_trace();
  const auto bytes = contents(path);
  put(path, std::span(bytes).first(bytes.size() - sizeof(FileTrailer)));
  const auto reader = Reader::open(path);
  ASSERT_TRUE(reader.ok());
  EXPECT_FALSE(reader->integrity().has_index);
  EXPECT_TRUE(reader->integrity().has_end);
  EXPECT_EQ(Everything(path).words, Everything(small_trace()).words);
}

// More sections than one part of the index lists: found by the index, by a scan, and when the file
// was cut behind any part.
TEST(TraceFile, with_an_index_in_parts_is_whole) {
  constexpr u32 kNotes = 10'000;
  const auto path = temporary_file("parts.trace");
  auto writer = Writer::create(path, {});
  ASSERT_TRUE(writer.ok());
  for (u32 i = 0; i < kNotes; ++i) ASSERT_TRUE(writer->write_note(std::to_string(i)).ok());
  ASSERT_TRUE(writer->finish(EndReason::kProgramEnded, {}).ok());
  const auto bytes = contents(path);

  const auto numbers_in = [&](const Reader& reader) {
    PayloadBuffer buffer;
    u32 expected = 0;
    for (const Section& section : reader.sections()) {
      if (section.header.kind != SectionKind::kNote) continue;
      const auto payload = reader.payload(section, buffer);
      const std::string text(payload->begin(), payload->end());
      EXPECT_EQ(text, std::to_string(expected++));
    }
    return expected;
  };
  const auto whole = Reader::open(path);
  ASSERT_TRUE(whole.ok());
  EXPECT_TRUE(whole->integrity().ok() && whole->integrity().has_index);
  EXPECT_EQ(numbers_in(*whole), kNotes);

  put(path, std::span(bytes).first(bytes.size() - sizeof(FileTrailer)));
  const auto scanned = Reader::open(path);
  EXPECT_FALSE(scanned->integrity().has_index);
  EXPECT_EQ(numbers_in(*scanned), kNotes);
  EXPECT_EQ(scanned->integrity().problem_count, 1u);  // the trailer

  for (const u32 kept : {4000u, 4096u, 5000u, 9000u}) {
    put(path, std::span(bytes).first(whole->sections()[kept].file_offset));
    const auto cut = Reader::open(path);
    EXPECT_EQ(numbers_in(*cut), kept - 1);                  // the first section is the session
    EXPECT_EQ(cut->integrity().problem_count, 1u) << kept;  // no end
  }
}

// A part of the index that leads to itself, or forwards, is no way to the sections.
TEST(TraceFile, an_index_that_runs_in_circles_is_not_followed) {
  const auto path = small_trace();
  auto bytes = contents(path);
  FileTrailer trailer;
  std::memcpy(&trailer, bytes.data() + bytes.size() - sizeof trailer, sizeof trailer);
  SectionHeader index;
  std::memcpy(&index, bytes.data() + trailer.index_offset, sizeof index);
  ASSERT_EQ(index.kind, SectionKind::kIndex);
  std::vector<u8> payload(sizeof(u64));
  std::memcpy(payload.data(), &trailer.index_offset, sizeof(u64));
  index.codec = 0;
  index.raw_bytes = index.stored_bytes = static_cast<u32>(payload.size());
  index.payload_crc = crc32c(payload);
  index.header_crc =
      crc32c({reinterpret_cast<const u8*>(&index), offsetof(SectionHeader, header_crc)});
  std::memcpy(bytes.data() + trailer.index_offset, &index, sizeof index);
  std::memcpy(bytes.data() + trailer.index_offset + sizeof index, payload.data(), payload.size());
  put(path, bytes);
  const auto reader = Reader::open(path);
  ASSERT_TRUE(reader.ok());
  EXPECT_FALSE(reader->integrity().has_index);
  EXPECT_EQ(Everything(path).words, Everything(small_trace()).words);
}

// Seals headers again after they were changed, so that what lies behind the checksums is reached.
void reseal(std::vector<u8>& bytes) {
  for (size_t at = sizeof(FileHeader); at + sizeof(SectionHeader) <= bytes.size(); at += 8) {
    SectionHeader header;
    std::memcpy(&header, bytes.data() + at, sizeof header);
    if (header.magic != kSectionMagic) continue;
    if (header.stored_bytes <= bytes.size() - at - sizeof header) {
      header.payload_crc =
          crc32c(std::span(bytes).subspan(at + sizeof header, header.stored_bytes));
    }
    header.header_crc =
        crc32c({reinterpret_cast<const u8*>(&header), offsetof(SectionHeader, header_crc)});
    std::memcpy(bytes.data() + at, &header, sizeof header);
  }
}

class Mutations : public ::testing::TestWithParam<std::tuple<Codec, bool>> {};

TEST_P(Mutations, never_do_harm) {
  const auto [codec, sealed] = GetParam();
  TraceBuilder b(0x1000, {.codec = codec}, "mutated.trace");
  const u32 loop = b.block(0x1000, "ff c8 75 fc");
  const u32 end = b.block({{0x1004, "eb 0a"}, {0x1010, "c3"}});
  for (int i = 0; i < 100; ++i) b.run(loop, ExitKind::kBranch);
  b.run(loop, ExitKind::kNotTaken).run(end).signal(3, 0x1000, 0x1000).sigreturn(0x1000);
  b.fork(2, 101, 2, 0x1000).unmap(0x2000, 0x1000).run(end);
  const auto path = b.finish();
  const auto original = contents(path);
  std::mt19937 random(sealed ? 1 : 2);
  constexpr u32 kInteresting[] = {0, 1, 0x7f, 0xff, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff};
  for (int round = 0; round < 2000; ++round) {
    std::vector<u8> bytes = original;
    for (u32 change = random() % 6 + 1; change != 0; --change) {
      const size_t at = random() % bytes.size();
      switch (random() % 4) {
        case 0:
          bytes[at] ^= static_cast<u8>(1 << random() % 8);
          break;
        case 1:
          bytes[at] = static_cast<u8>(random());
          break;
        case 2: {
          const u32 value = kInteresting[random() % std::size(kInteresting)];
          std::memcpy(bytes.data() + at, &value, std::min<size_t>(4, bytes.size() - at));
          break;
        }
        default:
          bytes.resize(std::max<size_t>(at, 16));
          break;
      }
    }
    if (sealed) reseal(bytes);
    put(path, bytes);
    const auto started = std::chrono::steady_clock::now();
    testing::read_everything(path);  // under ASan in the asan preset
    ASSERT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(5)) << round;
  }
}
INSTANTIATE_TEST_SUITE_P(All, Mutations,
                         ::testing::Combine(::testing::Values(Codec::kNone, Codec::kZstd,
                                                              Codec::kLz4),
                                            ::testing::Bool()));

TEST(Writer, ends_marked_when_the_file_may_grow_no_more) {
  const auto path = temporary_file("limited.trace");
  auto writer = Writer::create(path, {}, {.codec = Codec::kNone, .max_file_bytes = 100'000});
  ASSERT_TRUE(writer.ok());
  std::vector<u32> words(5000, 1);
  u32 accepted = 0;
  while (writer->write_flow(1, 1, accepted, 0, 0, words)) ++accepted;
  EXPECT_EQ(accepted, 4u);
  EXPECT_TRUE(writer->ended());
  EXPECT_FALSE(writer->write_note("too late").ok());
  ASSERT_TRUE(writer->finish(EndReason::kProgramEnded, {}).ok());
  EXPECT_LE(std::filesystem::file_size(path), 100'000u);
  const auto reader = Reader::open(path);
  ASSERT_TRUE(reader.ok());
  EXPECT_TRUE(reader->integrity().ok());
  EXPECT_EQ(reader->end()->reason, EndReason::kDiskFull);
  EXPECT_EQ(Everything(path).words.size(), accepted * words.size());
}

TEST(Writer, respects_the_process_file_size_limit_without_its_signal) {
  const auto path = temporary_file("rlimit.trace");
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{50'000, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  auto writer = Writer::create(path, {}, {.codec = Codec::kNone});
  bool created = writer.ok();
  std::vector<u32> words(5000, 1);
  u32 accepted = 0;
  while (created && writer->write_flow(1, 1, accepted, 0, 0, words)) ++accepted;
  const bool finished = created && writer->finish(EndReason::kProgramEnded, {}).ok();
  setrlimit(RLIMIT_FSIZE, &before);
  ASSERT_TRUE(finished);
  EXPECT_EQ(accepted, 2u);
  EXPECT_EQ(Reader::open(path)->end()->reason, EndReason::kDiskFull);
}

// A small tmpfs really runs full. Needs root, as the whole suite does in CI; skipped otherwise.
TEST(Writer, ends_marked_on_a_full_disk) {
  const auto folder = temporary_file("small_disk");
  std::filesystem::create_directory(folder);
  const std::string mount = "mount -t tmpfs -o size=256k none " + folder.string() + " 2>/dev/null";
  if (geteuid() != 0 || std::system(mount.c_str()) != 0) GTEST_SKIP() << "cannot mount a tmpfs";
  {
    auto writer = Writer::create(folder / "full.trace", {}, {.codec = Codec::kNone});
    EXPECT_TRUE(writer.ok());
    std::vector<u32> words(2000, 1);
    u32 accepted = 0;
    while (writer->write_flow(1, 1, accepted, 0, 0, words)) ++accepted;
    EXPECT_GT(accepted, 10u);
    EXPECT_TRUE(writer->finish(EndReason::kProgramEnded, {}).ok());
    const auto reader = Reader::open(folder / "full.trace");
    EXPECT_TRUE(reader.ok() && reader->integrity().ok());
    EXPECT_EQ(reader->end()->reason, EndReason::kDiskFull);
    EXPECT_EQ(Everything(folder / "full.trace").words.size(), accepted * words.size());
  }
  EXPECT_EQ(std::system(("umount " + folder.string()).c_str()), 0);
}

TEST(ModuleIdentity, has_the_build_id_that_the_linker_wrote) {
  const auto identity = identify_module("/proc/self/exe");
  ASSERT_TRUE(identity.ok());
  EXPECT_GT(identity->bytes, 0u);
  const auto libc = identify_module("/lib/x86_64-linux-gnu/libc.so.6");
  ASSERT_TRUE(libc.ok());
  EXPECT_EQ(libc->build_id.size(), 20u);
  EXPECT_EQ(build_id_of(contents("/lib/x86_64-linux-gnu/libc.so.6")), libc->build_id);
  EXPECT_FALSE(identify_module("/no/such/file").ok());
}

}  // namespace
}  // namespace tiptoe::trace
