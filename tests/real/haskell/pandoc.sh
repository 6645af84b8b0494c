#!/bin/bash
# A program built by GHC, its garbage collector and its Lua.
# packages: pandoc
# limit: 120
cat > text.md <<'MD'
# Title {#one}

A *list* of **things** with `code`, [a link](http://x.invalid) and $x^2$:

1. first
2. second
    - nested

| a | b |
|---|---|
| 1 | 2 |

> quoted ~~struck~~ text[^1]

[^1]: A note.

```c
int main(void) { return 0; }
```
MD
for format in html5 latex rst mediawiki json man plain; do
  echo "== $format"
  pandoc -f markdown -t "$format" text.md
done
for _ in {1..20}; do cat text.md; done > long.md
pandoc long.md -t html | pandoc -f html -t markdown | md5sum
echo 'function Str(s) return pandoc.Str(s.text:upper()) end' > up.lua
pandoc --lua-filter=up.lua -t plain text.md | head -n 3
pandoc -f nonsense text.md
