#!/bin/bash
# The compiler: LLVM, its threads, its jobserver, the linker; a message about an error.
# packages: rustc
# limit: 200
cat > program.rs <<'RUST'
use std::collections::HashMap;
fn main() {
    let mut counts: HashMap<u32, u32> = HashMap::new();
    for i in 0..10_000u32 { *counts.entry(i.wrapping_mul(2654435761) >> 28).or_default() += 1; }
    let mut all: Vec<_> = counts.into_iter().collect();
    all.sort();
    println!("{:?}", &all[..4]);
}
RUST
rustc -C opt-level=2 -C codegen-units=4 --emit=obj -o program.o program.rs && sha256sum < program.o
echo 'fn main() { let x: i32 = "text"; }' | rustc --color=never -
