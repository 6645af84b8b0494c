// Splits a definition section into its records.
#pragma once

#include <cstring>
#include <optional>
#include <span>

#include "bridge/definitions.h"

namespace tiptoe::trace {

struct DefinitionRecord {
  DefinitionKind kind{};
  std::span<const u8> payload;

  // The fixed part of the payload; nothing when it is too short.
  template <class T>
  std::optional<T> as() const {
    if (payload.size() < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, payload.data(), sizeof value);
    return value;
  }
  // What follows the fixed part.
  template <class T>
  std::span<const u8> after() const {
    return payload.subspan(sizeof(T));
  }
};

class DefinitionReader {
 public:
  explicit DefinitionReader(std::span<const u8> records) : records_(records) {}

  bool next(DefinitionRecord& record) {
    DefinitionHeader header;
    if (records_.size() < sizeof header) return false;
    std::memcpy(&header, records_.data(), sizeof header);
    if (header.payload_bytes > records_.size() - sizeof header) return false;
    record = {header.kind, records_.subspan(sizeof header, header.payload_bytes)};
    const u64 whole = align_up(sizeof header + u64{header.payload_bytes}, 8);
    records_ = records_.subspan(whole < records_.size() ? whole : records_.size());
    return true;
  }
  // After next() returned false: whether every byte was part of a record.
  bool complete() const { return records_.empty(); }

 private:
  std::span<const u8> records_;
};

}  // namespace tiptoe::trace
