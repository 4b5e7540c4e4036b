//! What both programs begin with: a runtime with GOMAXPROCS threads, current_thread if that is one.
use std::env;
use tokio::runtime::{Builder, Runtime};

pub fn runtime() -> Runtime {
    let threads: usize = env::var("GOMAXPROCS").map_or(1, |v| v.parse().expect("GOMAXPROCS is no number"));
    let mut builder = if threads == 1 { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    if threads > 1 {
        builder.worker_threads(threads);
    }
    builder.enable_all().build().expect("no runtime")
}
