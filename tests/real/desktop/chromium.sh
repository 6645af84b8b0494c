#!/bin/bash
# Many processes; its sandbox is off, for it does not start as root otherwise. One process of it is started by vfork, others by fork, V8 compiles.
# packages: chromium
# limit: 240
echo '<p id=a>before</p><script>let s = 0; for (let i = 0; i < 100000; ++i) s += i % 7; document.getElementById("a").textContent = "sum " + s;</script>' > page.html
chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync --user-data-dir="$PWD/data" --dump-dom "file://$PWD/page.html" 2>/dev/null
