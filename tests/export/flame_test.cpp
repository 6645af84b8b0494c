// The flame graph: well-formed, deterministic, and its boxes add up.
#include "export/flame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "export/text.h"
#include "support/trace_builder.h"

namespace tiptoe::exporter {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::vector<FlameFrame> some_frames() {
  return {{"all", "", false, 0, 1000, 0},
          {"main", "prog", true, 1, 900, 100},
          {"a<b>&\"c\"", "prog", true, 2, 500, 500},
          {"memcpy", "libc.so.6", false, 2, 300, 300},
          {"_dl_start", "ld-linux-x86-64.so.2", false, 1, 100, 100}};
}

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(Flame, places_boxes_side_by_side_below_their_caller) {
  const std::string svg = make_flame_graph(some_frames(), {.title = "t"});
  EXPECT_EQ(count(svg, "<g class=\"f\""), 5u);
  EXPECT_THAT(svg, HasSubstr("data-x=\"500\" data-w=\"300\" data-d=\"2\" data-n=\"memcpy\""));
  EXPECT_THAT(svg, HasSubstr("data-x=\"900\" data-w=\"100\" data-d=\"1\" data-n=\"_dl_start\""));
}

TEST(Flame, is_well_formed_xml_whatever_the_names) {
  auto frames = some_frames();
  frames[1].name = "]]> \x01 \xff\xfe <script>";
  const auto path = testing::temporary_file("names.svg");
  std::ofstream(path) << make_flame_graph(frames, {.title = "<&\">"});
  const std::string check =
      "python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' " + path.string();
  EXPECT_EQ(std::system(check.c_str()), 0);
}

TEST(Flame, gives_the_same_bytes_for_the_same_frames) {
  EXPECT_EQ(make_flame_graph(some_frames(), {.title = "t"}),
            make_flame_graph(some_frames(), {.title = "t"}));
}

TEST(Flame, leaves_out_what_is_too_narrow_and_says_so) {
  const std::string svg = make_flame_graph(some_frames(), {.title = "t", .min_share = 0.4});
  EXPECT_EQ(count(svg, "<g class=\"f\""), 3u);
  EXPECT_THAT(svg, HasSubstr("2 boxes too narrow"));
}

TEST(Flame, of_nothing_is_still_a_picture) {
  EXPECT_THAT(make_flame_graph({}, {.title = "t"}), Not(HasSubstr("<script>")));
  EXPECT_THAT(make_flame_graph({{"all", "", false, 0, 0, 0}}, {.title = "t"}), HasSubstr("</svg>"));
}

TEST(Flame, needs_nothing_from_elsewhere) {
  const std::string svg = make_flame_graph(some_frames(), {.title = "t"});
  EXPECT_EQ(count(svg, "http"), 1u) << "the name space of SVG alone";
}

TEST(Text, replaces_what_is_no_utf8) {
  EXPECT_EQ(valid_utf8("a\xff"
                       "b"),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(valid_utf8("\xc3\xa9"), "\xc3\xa9");
  EXPECT_EQ(valid_utf8("\xed\xa0\x80").find('\xed'), std::string::npos) << "a surrogate";
  EXPECT_EQ(with_commas(1234567), "1,234,567");
  EXPECT_EQ(with_commas(999), "999");
}

}  // namespace
}  // namespace tiptoe::exporter
