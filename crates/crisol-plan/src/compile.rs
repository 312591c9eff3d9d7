//! Kernels made ready to run, kept for the whole process.

use crate::interpret::Program;
use crisol_ir::Result;
use crisol_ir::kernel::{Call, Kernel};
use rustc_hash::FxHashMap;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

/// Kernels that the process keeps at most; those of a plan live as long as it does anyway.
const KEPT: usize = 4096;

/// How kernels run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// As native code.
    Compiled,
    /// Instruction by instruction over blocks, with the same bits.
    Interpreted,
}

impl Mode {
    /// Compiled, unless the feature `jit` is off or the environment variable `CRISOL_JIT` is 0 at first use.
    pub fn from_environment() -> Mode {
        static MODE: OnceLock<Mode> = OnceLock::new();
        *MODE.get_or_init(|| {
            let off = std::env::var("CRISOL_JIT").is_ok_and(|value| value.trim() == "0");
            if off || !cfg!(feature = "jit") { Mode::Interpreted } else { Mode::Compiled }
        })
    }
}

/// A kernel that can run.
#[allow(clippy::large_enum_variant)] // always behind an `Arc`
#[derive(Debug)]
pub(crate) enum Ready {
    #[cfg(feature = "jit")]
    Compiled(crisol_jit::CompiledKernel),
    Interpreted(Program),
}

impl Ready {
    /// Runs the kernel.
    ///
    /// # Safety
    /// As for [`run`](crate::interpret::run).
    #[inline]
    pub(crate) unsafe fn call(&self, call: &Call) {
        // SAFETY: passed on.
        unsafe {
            match self {
                #[cfg(feature = "jit")]
                Ready::Compiled(kernel) => kernel.call(call),
                Ready::Interpreted(program) => program.run(call),
            }
        }
    }
}

#[derive(Default)]
struct Cache {
    kernels: FxHashMap<(Kernel, bool), (Arc<Ready>, u64)>,
    clock: u64,
}

/// The kernel made ready, and whether that had to be done now.
pub(crate) fn ready(kernel: Kernel, mode: Mode) -> Result<(Arc<Ready>, bool)> {
    static CACHE: LazyLock<Mutex<Cache>> = LazyLock::new(Mutex::default);
    let lock = || CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    let key = (kernel, cfg!(feature = "jit") && mode == Mode::Compiled);
    {
        let mut cache = lock();
        cache.clock += 1;
        let clock = cache.clock;
        if let Some((ready, last_use)) = cache.kernels.get_mut(&key) {
            *last_use = clock;
            return Ok((ready.clone(), false));
        }
    }
    // Compiled outside the lock: other threads go on; whoever comes second with the same kernel has wasted its time.
    let ready = Arc::new(prepare(&key.0, key.1)?);
    let mut cache = lock();
    if cache.kernels.len() >= KEPT {
        // Half goes at once, so that a full cache is not searched at every step.
        let mut uses: Vec<u64> = cache.kernels.values().map(|(_, last_use)| *last_use).collect();
        // Sorted as a whole, which happens once in thousands of kernels: selecting would be one more algorithm to compile.
        uses.sort_unstable();
        let median = uses[uses.len() / 2];
        cache.kernels.retain(|_, (_, last_use)| *last_use > median);
    }
    let clock = cache.clock;
    cache.kernels.insert(key, (ready.clone(), clock));
    Ok((ready, true))
}

fn prepare(kernel: &Kernel, compiled: bool) -> Result<Ready> {
    #[cfg(feature = "jit")]
    if compiled {
        return Ok(Ready::Compiled(crisol_jit::CompiledKernel::compile(kernel)?));
    }
    let _ = compiled;
    kernel.verify()?;
    Ok(Ready::Interpreted(Program::new(kernel)))
}
