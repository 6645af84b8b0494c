// A stack overflow in a thread: the handler of the standard library, on its alternate stack, says so and aborts.
// packages: rustc
// prepare: rustc "$CASE" -o program
// run: ./program
fn deep(n: u64) -> u64 {
    let space = [n; 100];
    if n == u64::MAX { 0 } else { deep(n + 1) + space[(n % 100) as usize] }
}

fn main() {
    println!("begin");
    let thread = std::thread::Builder::new().name("deep".into()).spawn(|| deep(0)).unwrap();
    println!("{}", thread.join().is_ok());
}
