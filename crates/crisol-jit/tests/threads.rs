//! Kernels made, run and freed by several threads at once, and kernels that cannot be made.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use crisol_ir::kernel::{Instruction, Kernel, Register};
use crisol_jit::{CompiledKernel, Fused};

/// The pages that are resident.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse().unwrap()
}

/// The bytes that may be executed. (Of all that is mapped, allocators reserve much for each thread.)
fn executable() -> u64 {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let sizes = maps.lines().filter(|line| line.contains(" r-xp ")).map(|line| {
        let (first, last) = line.split_once(' ').unwrap().0.split_once('-').unwrap();
        u64::from_str_radix(last, 16).unwrap() - u64::from_str_radix(first, 16).unwrap()
    });
    sizes.sum()
}

/// Every thread makes expressions of its own, runs and drops them; now and then one that is refused.
fn work(count: usize) {
    std::thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                for number in 0..count {
                    let factor = (thread * count + number) as f32;
                    let fused = Fused::new(|k| k.output(k.input::<f32>() * factor + 1.0)).unwrap();
                    let y = fused.evaluate::<f32>(&[&[0f32, 1.0, 2.0, 3.0, 4.0]]).unwrap();
                    assert_eq!(y[[4]], 4.0 * factor + 1.0);
                    let wrong = Kernel {
                        body: vec![Instruction::Bits(Register(9), crisol_ir::kernel::Type::F32)],
                        ..Kernel::default()
                    };
                    assert!(CompiledKernel::compile(&wrong).is_err());
                }
            });
        }
    });
}

#[test]
fn threads_make_and_free_kernels_and_memory_stays_flat() {
    work(100);
    let (code, before) = (executable(), resident());
    work(500);
    let after = resident();
    // Each of the 2000 kernels has a page of code at least. AddressSanitizer keeps what was freed, to notice when it is used.
    assert!(
        std::env::var_os("ASAN_OPTIONS").is_some() || after < before + 500,
        "{before} pages resident before, {after} after"
    );
    assert_eq!(executable(), code);
    // Nothing is writable and executable at once, while kernels live.
    let fused = Fused::new(|k| k.output(k.input::<f32>() * 3.0)).unwrap();
    assert_eq!(fused.evaluate::<f32>(&[&2f32]).unwrap()[[]], 6.0);
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    assert!(maps.lines().any(|line| line.contains(" r-xp ")));
    assert!(!maps.lines().any(|line| line.contains("rwx")), "{maps}");
}
