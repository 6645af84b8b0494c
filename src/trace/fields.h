// Tagged fields: the payload of the small sections.
//
// A field is a tag (u16), two zero bytes, a length (u32) and that many bytes. Unknown tags are
// skipped, missing ones keep their default, so fields can be added without a new format version.
#pragma once

#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/types.h"

namespace tiptoe::trace {

class FieldWriter {
 public:
  void text(u16 tag, std::string_view value) { put(tag, value.data(), value.size()); }
  void bytes(u16 tag, std::span<const u8> value) { put(tag, value.data(), value.size()); }
  void number(u16 tag, u64 value) { put(tag, &value, sizeof value); }

  const std::vector<u8>& data() const { return data_; }

 private:
  void put(u16 tag, const void* value, size_t size);

  std::vector<u8> data_;
};

struct Field {
  u16 tag = 0;
  std::span<const u8> value;

  std::string text() const { return {reinterpret_cast<const char*>(value.data()), value.size()}; }
  std::vector<u8> bytes() const { return {value.begin(), value.end()}; }
  u64 number() const;  // zero-extended from what is there
};

class FieldReader {
 public:
  explicit FieldReader(std::span<const u8> data) : data_(data) {}
  // False at the end, or where the rest is no field.
  bool next(Field& field);

 private:
  std::span<const u8> data_;
};

}  // namespace tiptoe::trace
