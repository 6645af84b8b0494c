// Threads, channels, panics that unwind through joins, atomics, a worker pool, processes, catch_unwind.
// packages: rustc
// prepare: rustc -O "$CASE" -o program
// run: ./program
use std::collections::{BTreeMap, HashMap};
use std::panic;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier, Condvar, Mutex, RwLock};
use std::thread;

fn collatz(mut n: u64) -> u64 {
    let mut steps = 0;
    while n != 1 {
        n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
        steps += 1;
    }
    steps
}

struct Noisy(&'static str);
impl Drop for Noisy {
    fn drop(&mut self) {
        println!("drop {}", self.0);
    }
}

fn main() {
    panic::set_hook(Box::new(|_| {}));
    let (sender, receiver) = channel();
    let workers: Vec<_> = (0..8)
        .map(|n| {
            let sender = sender.clone();
            thread::spawn(move || {
                for i in 1..2000u64 {
                    sender.send(collatz(i * 8 + n)).unwrap();
                }
            })
        })
        .collect();
    drop(sender);
    println!("{}", receiver.iter().sum::<u64>());
    workers.into_iter().for_each(|w| w.join().unwrap());

    let count = Arc::new(AtomicUsize::new(0));
    let table = Arc::new(RwLock::new(HashMap::new()));
    let barrier = Arc::new(Barrier::new(10));
    let threads: Vec<_> = (0..10)
        .map(|n| {
            let (count, table, barrier) = (count.clone(), table.clone(), barrier.clone());
            thread::spawn(move || {
                barrier.wait();
                for i in 0..500 {
                    count.fetch_add(i * n, Ordering::SeqCst);
                    *table.write().unwrap().entry(i % 17).or_insert(0) += n;
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|t| t.join().unwrap());
    let sorted: BTreeMap<_, _> = table.read().unwrap().clone().into_iter().collect();
    println!("{} {:?}", count.load(Ordering::SeqCst), sorted.iter().take(3).collect::<Vec<_>>());

    let panics = (0..200).filter(|n| thread::spawn({ let n = *n; move || if n % 3 == 0 { panic!("{}", n) } }).join().is_err()).count();
    println!("{} panics", panics);
    let result = panic::catch_unwind(|| {
        let _outer = Noisy("outer");
        let _inner = Noisy("inner");
        let v: Vec<i32> = vec![1, 2, 3];
        v[v.len()]
    });
    println!("{}", result.is_err());
    let pair = Arc::new((Mutex::new(false), Condvar::new()));
    let other = pair.clone();
    let waiter = thread::spawn(move || {
        let mut ready = other.0.lock().unwrap();
        while !*ready {
            ready = other.1.wait(ready).unwrap();
        }
        "woken"
    });
    *pair.0.lock().unwrap() = true;
    pair.1.notify_all();
    println!("{}", waiter.join().unwrap());
    let output = Command::new("sh").args(["-c", "echo $0; exit 4", "child"]).output().unwrap();
    println!("{:?} {:?}", String::from_utf8(output.stdout), output.status.code());
    let text: String = (0..5000u32).filter_map(|n| char::from_u32(n * 7 % 0x3000 + 32)).collect();
    println!("{} {}", text.len(), text.to_uppercase().chars().rev().filter(|c| c.is_alphabetic()).count());
    let _ = panic::take_hook();
    let v: Option<i32> = std::env::args().nth(5).map(|_| 1);
    std::process::exit(if v.is_some() { 0 } else { 77 });
}
