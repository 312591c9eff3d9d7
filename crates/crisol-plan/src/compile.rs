//! Kernels made ready to run, kept for the whole process.

use crate::cache::Cache;
use crate::interpret::Program;
use crisol_ir::Result;
use crisol_ir::kernel::{Call, Kernel, RowKernel};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};

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

/// Kernels that run row by row as one function.
#[derive(Debug)]
pub(crate) struct ReadyRows {
    #[cfg(feature = "jit")]
    rows: crisol_jit::CompiledRows,
}

impl ReadyRows {
    /// Runs the kernels, a call each.
    ///
    /// # Safety
    /// As for [`Ready::call`], in each row.
    pub(crate) unsafe fn call(&self, calls: &[Call]) {
        // SAFETY: passed on.
        #[cfg(feature = "jit")]
        unsafe {
            self.rows.call(calls);
        }
        let _ = calls;
    }
}

/// The kernel made ready, and whether that had to be done now.
pub(crate) fn ready(kernel: Kernel, mode: Mode) -> Result<(Arc<Ready>, bool)> {
    static CACHE: LazyLock<Mutex<Cache<(Kernel, bool), Ready>>> = LazyLock::new(Mutex::default);
    let key = (kernel, cfg!(feature = "jit") && mode == Mode::Compiled);
    if let Some(ready) = lock(&CACHE).get(&key) {
        return Ok((ready, false));
    }
    // Compiled outside the lock: other threads go on; whoever comes second with the same kernel has wasted its time.
    let ready = Arc::new(prepare(&key.0, key.1)?);
    lock(&CACHE).insert(key, &ready);
    Ok((ready, true))
}

/// Kernels made ready to run row by row, and whether that had to be done now; `None` if they run one by one alone.
pub(crate) fn ready_rows(kernels: Vec<RowKernel>) -> Result<Option<(Arc<ReadyRows>, bool)>> {
    static CACHE: LazyLock<Mutex<Cache<Vec<RowKernel>, ReadyRows>>> = LazyLock::new(Mutex::default);
    if let Some(ready) = lock(&CACHE).get(&kernels) {
        return Ok(Some((ready, false)));
    }
    let Some(ready) = prepare_rows(&kernels)?.map(Arc::new) else { return Ok(None) };
    lock(&CACHE).insert(kernels, &ready);
    Ok(Some((ready, true)))
}

fn lock<K, V>(cache: &Mutex<Cache<K, V>>) -> MutexGuard<'_, Cache<K, V>> {
    cache.lock().unwrap_or_else(PoisonError::into_inner)
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

fn prepare_rows(kernels: &[RowKernel]) -> Result<Option<ReadyRows>> {
    #[cfg(feature = "jit")]
    return Ok(crisol_jit::CompiledRows::compile(kernels)?.map(|rows| ReadyRows { rows }));
    #[cfg(not(feature = "jit"))]
    {
        let _ = kernels;
        Ok(None)
    }
}
