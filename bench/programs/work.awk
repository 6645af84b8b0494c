# Fields, associative arrays, regular expressions, string functions, sorting, a recursive function.
# Input: text of words and a number at the end of each line.

function depth(n) { return n < 2 ? 1 : 1 + depth(int(n / 2)) + (n % 3 == 0 ? depth(int(n / 3)) : 0) }

{
  for (i = 1; i < NF; ++i) {
    ++count[$i]
    length_sum += length($i)
  }
  total += $NF
  by_last_digit[$NF % 10] += $NF
}

/b[aeiou]n.*st/ { ++matches; text = $0; changed += gsub(/[aeiou]r?/, "<&>", text); kept = text }

FNR % 7 == 0 { joined = sprintf("%s-%05d-%s", toupper(substr($1, 1, 3)), $NF, $2); ++seen[joined]; steps += depth($NF) }

END {
  words = asorti(count, names, "@ind_str_asc")
  asort(count, counts, "@val_num_desc")
  for (digit = 0; digit < 10; ++digit) printf "%d ", by_last_digit[digit]
  print NR, words, names[1], names[words], counts[1], length_sum, total, matches, changed, length(seen), steps
  print kept
}
