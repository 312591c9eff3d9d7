//! What joining, choosing, adding up, running sums and orders reach on this machine, beside the copy of as many bytes
//! in the same run: `cargo run --release --example moving`. Medians in milliseconds.

use crisol_kernels::{
    Choice, ChoiceError, GeometryError, Order, Pool2d, argsort, concatenate, cumsum, gather, max_pool2d, parallel_for,
    scatter_add, sum_pool2d, threads,
};
use std::hint::black_box;
use std::sync::Mutex;
use std::time::Instant;

/// The median of some runs after one to warm up.
fn median<E>(mut run: impl FnMut() -> Result<(), E>) -> Result<f64, E> {
    run()?;
    let mut times = Vec::new();
    for _ in 0..9 {
        let start = Instant::now();
        run()?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

/// A copy on all threads: the floor of whatever reads and writes so much.
fn copy(from: &[f32], to: &mut [f32]) {
    const BLOCK: usize = 32 << 10;
    let parts: Vec<Mutex<&mut [f32]>> = to.chunks_mut(BLOCK).map(Mutex::new).collect();
    parallel_for(parts.len(), &|chunk| {
        if let Ok(mut part) = parts[chunk].lock() {
            let length = part.len();
            part.copy_from_slice(&from[chunk * BLOCK..][..length]);
        }
    });
}

fn print(what: &str, time: f64, floor: f64, against: &str) {
    println!("{what:<44} {time:8.3}   {floor:8.3} {against}   {:.2} times", time / floor);
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("{} threads", threads());
    let (rows, columns) = (4096, 1024);
    let mut state = 1u32;
    let mut word = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 8
    };
    let x: Vec<f32> = (0..rows * columns).map(|_| word() as f32 / 1e7 - 0.8).collect();
    let mut out = vec![0f32; 2 * x.len()];

    let both: Vec<f32> = x.iter().chain(&x).copied().collect();
    let floor = median(|| {
        copy(black_box(&both), &mut out);
        Ok::<_, GeometryError>(())
    })?;
    let time = median(|| concatenate(rows, &[black_box(&x), &x], &mut out))?;
    print("concatenate two [4096, 1024], last axis", time, floor, "copy");
    let time = median(|| concatenate(1, &[black_box(&x), &x], &mut out))?;
    print("concatenate two [4096, 1024], first axis", time, floor, "copy");

    let (vocabulary, width, count) = (30_000, 128, 32_768);
    let indices: Vec<i32> = (0..count).map(|_| (word() as usize % vocabulary) as i32).collect();
    let choice = Choice { outer: 1, size: vocabulary, inner: width, count, shared_outer: true, shared_inner: true };
    let (table, updates) = (&x[..vocabulary * width], &both[..count * width]);
    let floor = median(|| {
        copy(black_box(updates), &mut out[..count * width]);
        Ok::<_, GeometryError>(())
    })?;
    let time = median(|| gather(&choice, black_box(table), &indices, &mut out[..count * width]))?;
    print("gather 32768 of 30000 rows of 128", time, floor, "copy");
    let time = median(|| scatter_add(&choice, &indices, black_box(updates), &mut out[..vocabulary * width]))?;
    print("scatter_add 32768 onto 30000 rows of 128", time, floor, "copy");
    let each =
        Choice { inner: 1, size: columns, outer: rows, count: columns, shared_outer: false, shared_inner: false };
    let places: Vec<i32> = (0..rows * columns).map(|_| (word() as usize % columns) as i32).collect();
    let floor = median(|| {
        copy(black_box(&x), &mut out[..x.len()]);
        Ok::<_, ChoiceError>(())
    })?;
    let time = median(|| gather(&each, black_box(&x), &places, &mut out[..x.len()]))?;
    print("gather along rows of [4096, 1024]", time, floor, "copy");

    for (name, sizes) in [("last", [rows, columns, 1]), ("first", [1, rows, columns])] {
        let time = median(|| cumsum(sizes, false, black_box(&x), &mut out[..x.len()]))?;
        print(&format!("cumsum of [4096, 1024], {name} axis"), time, floor, "copy");
    }

    let mut order = vec![0i32; x.len()];
    let mut sorted = x.clone();
    let floor = median(|| {
        sorted.copy_from_slice(&x);
        let parts: Vec<Mutex<&mut [f32]>> = sorted.chunks_mut(columns).map(Mutex::new).collect();
        parallel_for(parts.len(), &|row| {
            if let Ok(mut part) = parts[row].lock() {
                part.sort_unstable_by(f32::total_cmp);
            }
        });
        Ok::<_, GeometryError>(())
    })?;
    let whole = Order { outer: rows, size: columns, inner: 1, count: columns, descending: false };
    let time = median(|| argsort(&whole, black_box(&x), &mut order))?;
    print("argsort rows of [4096, 1024]", time, floor, "sort of values");
    let top = Order { count: 10, descending: true, ..whole };
    let time = median(|| argsort(&top, black_box(&x), &mut order[..rows * 10]))?;
    print("the 10 largest of rows of [4096, 1024]", time, floor, "sort of values");

    let pool = Pool2d {
        batch: 4,
        in_height: 128,
        in_width: 128,
        channels: 64,
        window: [2, 2],
        stride: [2, 2],
        padding: [[0, 0], [0, 0]],
    };
    let images = &x[..pool.input_len()];
    let floor = median(|| max_pool2d(&pool, black_box(images), &mut out[..pool.output_len()]))?;
    let time = median(|| sum_pool2d(&pool, black_box(images), &mut out[..pool.output_len()]))?;
    print("sum_pool2d 2x2 of [4, 128, 128, 64]", time, floor, "max_pool2d");
    Ok(())
}
