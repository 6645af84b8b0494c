// All opcode tables, indexed so that a decoder finds the rules of one opcode at once. Built and
// checked at compile time; what is left is two arrays of 16-bit indices and the rules themselves.
#pragma once

#include "arch/x86/rules_0f.h"
#include "arch/x86/rules_primary.h"
#include "arch/x86/rules_vector.h"
#include "arch/x86/rules_x87.h"

namespace tiptoe::x86::rules {

// Adds the rules of every space to `table`, in the order in which they are to be tried.
template <typename Table>
constexpr void add_all_rules(Table& table) {
  auto in = [&](Space space) { return Sink<Table>{table, space}; };
  primary_rules(in(kPrimary));
  x87_rules(in(kPrimary));
  integer_0f_rules(in(k0f));
  system_0f_rules(in(k0f));
  state_0f_rules(in(k0f));
  sse_0f_rules(in(k0f));
  legacy_0f38_rules(in(k0f38));
  legacy_0f3a_rules(in(k0f3a));
  amd_3dnow_rules(in(k3dnow));
  vex_0f_rules(in(kVex0f));
  vex_0f38_rules(in(kVex0f38));
  vex_0f3a_rules(in(kVex0f3a));
  vex_map7_rules(in(kVex7));
  xop8_rules(in(kXop8));
  xop9_rules(in(kXop9));
  xopa_rules(in(kXopA));
  evex_0f_rules(in(kEvex0f));
  evex_0f38_rules(in(kEvex0f38));
  evex_0f3a_rules(in(kEvex0f3a));
  evex_map5_rules(in(kEvex5));
  evex_map6_rules(in(kEvex6));
}

// First pass: how many rules there are, and how many each opcode has.
struct RuleCounter {
  unsigned rules = 0;
  unsigned entries = 0;
  u16 per_opcode[kSpaceCount * 256] = {};
  constexpr void add(Space space, const Rule& rule) {
    ++rules;
    for (unsigned o = rule.first; o <= rule.last; ++o) {
      ++per_opcode[space * 256 + o];
      ++entries;
    }
  }
};

constexpr RuleCounter count_rules() {
  RuleCounter counter;
  add_all_rules(counter);
  return counter;
}
inline constexpr RuleCounter kCounts = count_rules();

// Second pass: the rules in the order written, and for each opcode the list of those that may
// apply.
struct RuleTable {
  Rule rules[kCounts.rules] = {};
  u16 start[kSpaceCount * 256 + 1] = {};  // into `order`
  u16 order[kCounts.entries] = {};        // into `rules`
  bool modrm[kSpaceCount * 256] = {};     // the opcode has a ModRM byte
  bool modrm_agrees = true;               // all rules of an opcode say the same about it

  unsigned count = 0;
  u16 filled[kSpaceCount * 256] = {};

  constexpr void add(Space space, const Rule& rule) {
    for (unsigned o = rule.first; o <= rule.last; ++o) {
      const unsigned slot = space * 256 + o;
      const bool has = rule.traits & kModrm;
      if (filled[slot] == 0) modrm[slot] = has;
      modrm_agrees = modrm_agrees && modrm[slot] == has;
      order[start[slot] + filled[slot]++] = static_cast<u16>(count);
    }
    rules[count++] = rule;
  }
};

constexpr RuleTable build_rules() {
  RuleTable table;
  for (unsigned i = 0; i < kSpaceCount * 256; ++i) {
    table.start[i + 1] = static_cast<u16>(table.start[i] + kCounts.per_opcode[i]);
  }
  add_all_rules(table);
  return table;
}

constexpr bool every_opcode_has_rules(const RuleTable& table, Space space, Range range) {
  for (unsigned o = range.first; o <= range.last; ++o) {
    if (table.start[space * 256 + o] == table.start[space * 256 + o + 1]) return false;
  }
  return true;
}

// Whether `later` can never be reached behind `earlier` at an opcode of both.
constexpr bool hides(const Rule& earlier, const Rule& later) {
  return (later.pp & ~earlier.pp) == 0 && (later.where & ~earlier.where) == 0 &&
         (later.reg_values & ~earlier.reg_values) == 0 &&
         (later.rm_values & ~earlier.rm_values) == 0;
}

// Every rule applies to some bytes: at one of its opcodes at least, no earlier rule hides it.
constexpr bool every_rule_is_reached(const RuleTable& table) {
  bool reached[kCounts.rules] = {};
  for (unsigned slot = 0; slot < kSpaceCount * 256; ++slot) {
    for (unsigned i = table.start[slot]; i < table.start[slot + 1]; ++i) {
      bool hidden = false;
      for (unsigned j = table.start[slot]; j < i; ++j) {
        hidden = hidden || hides(table.rules[table.order[j]], table.rules[table.order[i]]);
      }
      if (!hidden) reached[table.order[i]] = true;
    }
  }
  for (bool each : reached) {
    if (!each) return false;
  }
  return true;
}

inline constexpr RuleTable kBuilt = build_rules();
static_assert(kCounts.entries < 0xffff && kCounts.rules < 0xffff);
static_assert(kBuilt.modrm_agrees);
static_assert(every_rule_is_reached(kBuilt));
static_assert(every_opcode_has_rules(kBuilt, kPrimary, {0x68, 0xc3}));
static_assert(every_opcode_has_rules(kBuilt, k0f, {0x40, 0x71}));
static_assert(sizeof(Rule) <= 20);

// What stays in the program.
struct OpcodeTable {
  Rule rules[kCounts.rules];
  u16 start[kSpaceCount * 256 + 1];
  u16 order[kCounts.entries];
  u8 modrm[kSpaceCount * 256 / 8];
};

constexpr OpcodeTable pack() {
  OpcodeTable packed{};
  for (unsigned i = 0; i < kCounts.rules; ++i) packed.rules[i] = kBuilt.rules[i];
  for (unsigned i = 0; i < kCounts.entries; ++i) packed.order[i] = kBuilt.order[i];
  for (unsigned i = 0; i <= kSpaceCount * 256; ++i) packed.start[i] = kBuilt.start[i];
  for (unsigned i = 0; i < kSpaceCount * 256; ++i) {
    if (kBuilt.modrm[i]) packed.modrm[i / 8] |= static_cast<u8>(1u << (i % 8));
  }
  return packed;
}
inline constexpr OpcodeTable kTable = pack();

}  // namespace tiptoe::x86::rules
