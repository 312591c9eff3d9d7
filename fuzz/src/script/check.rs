//! Holds the ways to run a script against each other: the same bits, and the values of plain definitions.

use super::record::{Recorded, Shown, Way, run};
use super::{Script, plain};
use crate::oracle::same_bits;
use crisol_ir::Value;
use crisol_tensor::{set_cursor, set_jit};

/// A way and what it takes place in.
#[derive(Clone, Copy, Debug)]
struct Setting {
    threads: usize,
    cursor: bool,
    jit: bool,
    way: Way,
}

impl Script {
    /// Runs the script with every operation evaluated at once, then fused on 1, 2, 3 and 8 threads, with and without compiled
    /// kernels, the recorder's cursor, extra prints and held handles, on threads of their own and on this one, which may have
    /// run others before; and on the plain definitions. Steps that were seen before make no plans.
    ///
    /// # Errors
    /// What differs, with the script's text.
    pub fn check(&self) -> Result<(), String> {
        self.compare().map_err(|message| format!("{message}\n{self}"))
    }

    fn compare(&self) -> Result<(), String> {
        let fused = |extras| Way { at_once: false, extras };
        let at_once = Setting { threads: 1, cursor: false, jit: false, way: Way { at_once: true, extras: None } };
        let reference = self.on_new_thread(at_once)?;
        let settings = [
            Setting { threads: 1, cursor: true, jit: true, way: fused(None) },
            Setting { threads: 3, cursor: true, jit: true, way: fused(Some(1)) },
            Setting { threads: 2, cursor: false, jit: true, way: fused(Some(2)) },
            Setting { threads: 8, cursor: true, jit: false, way: fused(Some(3)) },
        ];
        for setting in settings {
            let found = self.on_new_thread(setting)?;
            same(&reference, &found).map_err(|message| format!("{setting:?}: {message}"))?;
            if setting.cursor && setting.way.extras.is_none() {
                self.no_plans_made_again(&found)?;
            }
        }
        let here = crisol_kernels::with_threads(2, || run(self, fused(None)));
        let here = here.map_err(|message| format!("on a thread with a history: {message}"))?;
        same(&reference, &here).map_err(|message| format!("on a thread with a history: {message}"))?;

        let plain = plain::run(self, &reference.observed).map_err(|error| error.to_string())?;
        // Sums over different numbers of values may give zeros of either sign.
        compare(&plain, &reference.shown, |a, b| a == b || same_bits(a, b))
            .map_err(|message| format!("plain: {message}"))
    }

    fn on_new_thread(&self, setting: Setting) -> Result<Recorded, String> {
        let work = || {
            set_cursor(setting.cursor);
            set_jit(setting.jit);
            crisol_kernels::with_threads(setting.threads, || run(self, setting.way))
        };
        let result = std::thread::scope(|scope| scope.spawn(work).join());
        result.unwrap_or_else(|_| Err("a panic".to_owned())).map_err(|message| format!("{setting:?}: {message}"))
    }

    /// Whether each step whose body, and the one before it, were seen in this order makes no plans.
    fn no_plans_made_again(&self, recorded: &Recorded) -> Result<(), String> {
        for (step, body) in self.order.iter().enumerate().skip(1) {
            let made = recorded.plans[step] - recorded.plans[step - 1];
            if made > 0 && self.order[..step].contains(body) {
                return Err(format!("step {step} makes {made} plans again: {:?} by step", recorded.plans));
            }
        }
        Ok(())
    }
}

fn same(a: &Recorded, b: &Recorded) -> Result<(), String> {
    compare(&a.shown, &b.shown, same_numbers)
}

fn compare(a: &[Shown], b: &[Shown], equal: impl Fn(&Value, &Value) -> bool) -> Result<(), String> {
    for ((what, a), (also, b)) in a.iter().zip(b) {
        if what != also {
            return Err(format!("{what:?} is shown where it should be {also:?}"));
        }
        if !equal(a, b) {
            return Err(format!("{what}: {b:?} instead of {a:?}"));
        }
    }
    if a.len() != b.len() { Err(format!("{} values are shown instead of {}", b.len(), a.len())) } else { Ok(()) }
}

/// The same bits; which NaN an operation gives is not defined.
fn same_numbers(a: &Value, b: &Value) -> bool {
    let tame = |value: &Value| match value {
        Value::F32(array) => Value::F32(array.mapv(|x| if x.is_nan() { f32::NAN } else { x })),
        Value::F64(array) => Value::F64(array.mapv(|x| if x.is_nan() { f64::NAN } else { x })),
        other => other.clone(),
    };
    same_bits(&tame(a), &tame(b))
}
