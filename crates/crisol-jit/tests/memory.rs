//! Kernels give back all they took. The only test of its process: the stack of another one's thread would count as a leak.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use crisol_ir::DType;
use crisol_ir::kernel::*;
use crisol_jit::CompiledKernel;

/// The address space that is mapped and the memory that is resident, in pages.
fn pages() -> (usize, usize) {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    let mut numbers = text.split(' ').map(|number| number.parse::<usize>().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

fn kernel(number: usize) -> Kernel {
    let mut kernel = Builder::new();
    let input = kernel.input(DType::F32, Access::Contiguous);
    let x = kernel.load(input);
    let mut y = x;
    for term in 0..10 {
        let c = kernel.constant(Type::F32, (number + term) as f64);
        y = kernel.multiply_add(y, x, c);
    }
    kernel.output(y, DType::F32, Role::Store(Access::Contiguous));
    kernel.finish()
}

#[test]
fn ten_thousand_kernels_leave_the_memory_as_it_was() {
    let make = |count: usize| {
        for number in 0..count {
            CompiledKernel::compile(&kernel(number)).unwrap();
        }
    };
    make(200);
    let (mapped, resident) = pages();
    make(10_000);
    let (mapped_after, resident_after) = pages();
    if std::env::var_os("ASAN_OPTIONS").is_some() {
        // AddressSanitizer keeps what was freed, to notice when it is used.
        return;
    }
    // A kernel that leaked its code would leave a page at least.
    assert!(mapped_after < mapped + 500, "{mapped} pages mapped before, {mapped_after} after");
    assert!(resident_after < resident + 500, "{resident} pages resident before, {resident_after} after");
}
