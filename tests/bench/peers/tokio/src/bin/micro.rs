//! tokio's side of ../micro/tasks.h and chans.h: the same workloads, counts and output.
//!
//!     micro [NAME...]    RUNS and GOMAXPROCS from the environment
//!
//! tokio has no channel without a buffer: mpsc of capacity 1 stands for it. A receiver has one owner: the four
//! of chan_mpmc share it behind an async mutex.
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, fs};
use tokio::sync::{mpsc, Mutex, Notify};
use tokio::task::{yield_now, JoinHandle};
use tokio::{spawn, time};

type Figures = Vec<(String, &'static str, f64)>;

fn each(name: &str, start: Instant, count: usize) -> Figures {
    vec![(name.into(), "ns", start.elapsed().as_nanos() as f64 / count as f64)]
}

fn millis(name: &str, start: Instant) -> Figures {
    vec![(name.into(), "ms", start.elapsed().as_nanos() as f64 / 1e6)]
}

async fn join_all(tasks: Vec<JoinHandle<()>>) {
    for task in tasks {
        task.await.unwrap();
    }
}

async fn spawn_join(name: &str, count: usize) -> Figures {
    let start = Instant::now();
    for _ in 0..count {
        spawn(async {}).await.unwrap();
    }
    each(name, start, count)
}

async fn spawn_many(name: &str, count: usize) -> Figures {
    let start = Instant::now();
    join_all((0..count).map(|_| spawn(async {})).collect()).await;
    each(name, start, count)
}

async fn yield_pair(name: &str, count: usize) -> Figures {
    let start = Instant::now();
    let one = || {
        spawn(async move {
            for _ in 0..count / 2 {
                yield_now().await;
            }
        })
    };
    join_all(vec![one(), one()]).await;
    each(name, start, count)
}

async fn mutex2(name: &str, count: usize) -> Figures {
    let guarded = Arc::new(Mutex::new(0));
    let start = Instant::now();
    let one = || {
        let guarded = guarded.clone();
        spawn(async move {
            for _ in 0..count / 2 {
                *guarded.lock().await += 1;
            }
        })
    };
    join_all(vec![one(), one()]).await;
    assert_eq!(*guarded.lock().await, count / 2 * 2);
    each(name, start, count)
}

async fn unbuffered(name: &str, count: usize) -> Figures {
    let (there, mut arrived) = mpsc::channel::<usize>(1);
    let (back, mut came_back) = mpsc::channel::<usize>(1);
    let start = Instant::now();
    spawn(async move {
        for _ in 0..count {
            back.send(arrived.recv().await.unwrap()).await.unwrap();
        }
    });
    for i in 0..count {
        there.send(i).await.unwrap();
        assert_eq!(came_back.recv().await, Some(i));
    }
    each(name, start, count)
}

async fn buffered(name: &str, count: usize) -> Figures {
    let (sender, mut receiver) = mpsc::channel::<usize>(128);
    let start = Instant::now();
    spawn(async move {
        for i in 0..count {
            sender.send(i).await.unwrap();
        }
    });
    for i in 0..count {
        assert_eq!(receiver.recv().await, Some(i));
    }
    each(name, start, count)
}

async fn many_to_many(name: &str, count: usize) -> Figures {
    const SIDES: usize = 4;
    let (sender, receiver) = mpsc::channel::<usize>(128);
    let receiver = Arc::new(Mutex::new(receiver));
    let start = Instant::now();
    let mut tasks = vec![];
    for _ in 0..SIDES {
        let (sender, receiver) = (sender.clone(), receiver.clone());
        tasks.push(spawn(async move {
            for i in 0..count / SIDES {
                sender.send(i).await.unwrap();
            }
        }));
        tasks.push(spawn(async move {
            for _ in 0..count / SIDES {
                receiver.lock().await.recv().await.unwrap();
            }
        }));
    }
    join_all(tasks).await;
    each(name, start, count)
}

async fn select2(name: &str, count: usize) -> Figures {
    let (even, mut from_even) = mpsc::channel::<usize>(1);
    let (odd, mut from_odd) = mpsc::channel::<usize>(1);
    let start = Instant::now();
    spawn(async move {
        for i in 0..count {
            if i % 2 == 0 { even.send(i).await.unwrap() } else { odd.send(i).await.unwrap() }
        }
    });
    let mut sum = 0;
    for _ in 0..count {
        tokio::select! { Some(v) = from_even.recv() => sum += v, Some(v) = from_odd.recv() => sum += v }
    }
    assert_eq!(sum, count * (count - 1) / 2);
    each(name, start, count)
}

fn skynet_node(up: mpsc::Sender<usize>, number: usize, leaves: usize) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        if leaves == 1 {
            return up.send(number).await.unwrap();
        }
        let (below, mut from_below) = mpsc::channel(1);
        for i in 0..10 {
            spawn(skynet_node(below.clone(), number + i * (leaves / 10), leaves / 10));
        }
        let mut sum = 0;
        for _ in 0..10 {
            sum += from_below.recv().await.unwrap();
        }
        up.send(sum).await.unwrap();
    })
}

async fn skynet(name: &str, count: usize) -> Figures {
    let (top, mut result) = mpsc::channel(1);
    let start = Instant::now();
    spawn(skynet_node(top, 0, count));
    assert_eq!(result.recv().await, Some(count * (count - 1) / 2));
    millis(name, start)
}

async fn ring(name: &str, count: usize) -> Figures {
    const LAPS: usize = 20;
    let (first, mut from_last) = mpsc::channel::<usize>(1);
    for _ in 0..count {
        let (out, next) = mpsc::channel(1);
        spawn(async move {
            for _ in 0..LAPS {
                out.send(from_last.recv().await.unwrap()).await.unwrap();
            }
        });
        from_last = next;
    }
    yield_now().await;
    let start = Instant::now();
    for lap in 0..LAPS {
        first.send(lap).await.unwrap();
        assert_eq!(from_last.recv().await, Some(lap));
    }
    each(name, start, count * LAPS)
}

async fn sleepers(tasks: usize, sleeps: usize, each: Duration) {
    let one = || {
        spawn(async move {
            for _ in 0..sleeps {
                time::sleep(each).await;
            }
        })
    };
    join_all((0..tasks).map(|_| one()).collect()).await;
}

async fn sleep_1us(name: &str, count: usize) -> Figures {
    let start = Instant::now();
    sleepers(count / 20, 20, Duration::from_micros(1)).await;
    each(name, start, count)
}

async fn sleep_10ms(name: &str, count: usize) -> Figures {
    let start = Instant::now();
    sleepers(count, 10, Duration::from_millis(10)).await;
    millis(name, start)
}

/// Resident and page table bytes.
fn weigh() -> (f64, f64) {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let kib = |key| {
        let line = status.lines().find(|line| line.starts_with(key)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap()
    };
    (kib("VmRSS:") * 1024.0, kib("VmPTE:") * 1024.0)
}

async fn mem(name: &str, count: usize) -> Figures {
    let stop = Arc::new(Notify::new());
    let (up, mut all_up) = mpsc::channel::<()>(1);
    let before = weigh();
    for _ in 0..count {
        let (stop, up) = (stop.clone(), up.clone());
        spawn(async move {
            drop(up);
            stop.notified().await
        });
    }
    drop(up);
    all_up.recv().await;
    let after = weigh();
    let of_one = |from, to| (to - from) / count as f64;
    vec![(name.into(), "B", of_one(before.0, after.0)), (format!("{name}_pte"), "B", of_one(before.1, after.1))]
}

async fn run(name: &str) -> Figures {
    match name {
        "yield_pair" => yield_pair(name, 1_000_000).await,
        "spawn_join" => spawn_join(name, 100_000).await,
        "spawn_10k" => spawn_many(name, 10_000).await,
        "mutex2" => mutex2(name, 2_000_000).await,
        "sleep_1us" => sleep_1us(name, 20_000).await,
        "sleep_10ms" => sleep_10ms(name, 10_000).await,
        "mem" => mem(name, 1_000_000).await,
        "chan_unbuf" => unbuffered(name, 200_000).await,
        "chan_buf128" => buffered(name, 1_000_000).await,
        "chan_mpmc" => many_to_many(name, 400_000).await,
        "ring_10k" => ring(name, 10_000).await,
        "skynet_1M" => skynet(name, 1_000_000).await,
        "select2" => select2(name, 200_000).await,
        _ => {
            eprintln!("bench: no workload {name}");
            std::process::exit(2)
        }
    }
}

async fn measure(name: &str, runs: usize) {
    let mut results = vec![];
    for _ in 0..runs {
        results.push(run(name).await);
    }
    for f in 0..results[0].len() {
        let mut values: Vec<f64> = results.iter().map(|r| r[f].2).collect();
        values.sort_by(|a, b| a.partial_cmp(b).unwrap());
        println!("{} {:.4} {}", results[0][f].0, values[values.len() / 2], results[0][f].1);
    }
}

fn main() {
    let runs = env::var("RUNS").ok().and_then(|v| v.parse().ok()).filter(|n| *n > 0).unwrap_or(3);
    let names: Vec<String> = env::args().skip(1).collect();
    let all = async move {
        for name in names {
            measure(&name, if name == "mem" { 1 } else { runs }).await;
        }
    };
    // The driver is itself a task on a worker, as main is a goroutine in Go.
    peer_tokio::runtime().block_on(async { spawn(all).await.unwrap() });
}
