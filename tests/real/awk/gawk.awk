#!/usr/bin/gawk -f
# packages: gawk
BEGIN {
  for (i = 0; i < 40000; ++i) words[sprintf("%x", i * 7919 % 4093)]++
  n = asorti(words, sorted)
  print n, sorted[1], sorted[n], words["1f"]
  text = ""
  for (i = 1; i <= n; ++i) text = text " " sorted[i]
  print gsub(/[aeiou][^aeiou ]+/, "<&>", text), length(text)
  print match("key=value; x=y", /([a-z]+)=([a-z]+)/, m), m[1], m[2]
  "echo child; exit 3" | getline line
  print line, close("echo child; exit 3")
  command = "sort -rn"
  for (i = 0; i < 5; ++i) print i * 7 % 5 |& command
  close(command, "to")
  while ((command |& getline line) > 0) printf "%s ", line
  print ""
  printf "%.10f %d %s\n", atan2(0, -1), 2 ^ 53, strftime("%Y", 0, 1)
  print substr("hello", 2, 3), toupper("abc"), index("hello", "ll"), and(12, 10), strtonum("0x1f")
  print length(2 ^ 1000), -7 % 3
  exit 9
}
