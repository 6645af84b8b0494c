// The bytes of a trace file; FORMAT.md says the same in words. Little-endian, fixed layouts.
#pragma once

#include <array>
#include <cstddef>

#include "base/types.h"
#include "bridge/shared_memory.h"

namespace tiptoe::trace {

constexpr u32 kFormatVersion = 3;

// The first bytes of a file. The first byte is no text, the last ones notice newline conversion.
constexpr std::array<u8, 8> kFileMagic = {0x89, 'T', 'P', 'T', 'O', 'E', '\r', '\n'};

struct FileHeader {
  std::array<u8, 8> magic;
  u32 version;
  u32 reserved;
};
static_assert(sizeof(FileHeader) == 16);

enum class SectionKind : u16 {
  kSession = 1,         // fields, see record_fields.h
  kImage = 2,           // fields
  kModuleIdentity = 3,  // fields
  kProcessEnd = 4,      // fields
  kNote = 5,            // text
  kDefinitions = 6,     // definition records (bridge/definitions.h)
  kFlow = 7,            // flow words (bridge/flow_words.h)
  kIndex = 8,           // u64 file offset of the index section before (0: none), IndexEntry[]
  kEnd = 9,             // fields
};

constexpr u32 kSectionMagic = 0x63735454;  // "TTsc"
constexpr u64 kSectionAlignment = 8;  // sections begin at multiples of this, zeros between them

struct SectionHeader {
  u32 magic;
  SectionKind kind;
  u8 codec;  // Codec
  u8 reserved0;
  u32 image;         // 0 where it does not apply
  u32 stream;        // kFlow: stream; kDefinitions, kProcessEnd: process
  u32 sequence;      // kFlow, kDefinitions: number of the chunk
  u32 offset;        // kDefinitions: where in the chunk the records begin
  u32 raw_bytes;     // of the payload, uncompressed
  u32 stored_bytes;  // of the payload, as it stands behind this header
  u64 begin_tsc;     // kFlow
  u64 end_tsc;
  u32 number;       // of this section in the file: 0, 1, 2... (kIndex, kEnd: 0)
  u32 payload_crc;  // CRC-32C of the stored payload
  u32 reserved1;
  u32 header_crc;  // CRC-32C of the 60 bytes above
};
static_assert(sizeof(SectionHeader) == 64);
static_assert(offsetof(SectionHeader, header_crc) == 60);

struct IndexEntry {
  u64 file_offset;
  SectionHeader header;
};
static_assert(sizeof(IndexEntry) == 72);

// The last bytes of a finished file.
struct FileTrailer {
  u64 index_offset;  // of the last kIndex section
  u64 end_offset;    // of the kEnd section
  u32 crc;           // CRC-32C of the 16 bytes above
  u32 magic;
};
static_assert(sizeof(FileTrailer) == 24);
constexpr u32 kTrailerMagic = 0x646e4554;  // "TEnd"

// Nothing larger is written, and a header that claims more is damaged.
constexpr u32 kMaxRawBytes = 16 * kChunkBytes;

}  // namespace tiptoe::trace
