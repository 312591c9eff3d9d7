//! The kind of processor that kernels and compiled code are chosen for.

use std::fmt;
use std::sync::OnceLock;

/// A set of vector instructions, each one including those before it.
///
/// Results may differ in the last bits from one to the next. On processors other than x86-64 there is [`Cpu::Baseline`] alone:
/// what every processor of the architecture has.
///
/// ```
/// use crisol_ir::{Cpu, cpu};
///
/// if cpu() >= Cpu::Avx2 {
///     println!("vectors of 256 bits at least");
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cpu {
    /// What the architecture guarantees: on x86-64 SSE2.
    Baseline,
    /// SSE4.2 and all before it.
    Sse42,
    /// AVX2 and FMA.
    Avx2,
    /// AVX-512 with its parts F, BW, DQ and VL (all processors since Skylake-X and Zen 4), and BMI2.
    Avx512,
}

impl Cpu {
    /// All kinds, the plainest first.
    pub const ALL: [Cpu; 4] = [Cpu::Baseline, Cpu::Sse42, Cpu::Avx2, Cpu::Avx512];

    /// The name that the environment variable `CRISOL_CPU` knows.
    pub fn name(self) -> &'static str {
        match self {
            Cpu::Baseline => "baseline",
            Cpu::Sse42 => "sse4.2",
            Cpu::Avx2 => "avx2",
            Cpu::Avx512 => "avx512",
        }
    }

    /// What this processor has, whatever `CRISOL_CPU` says.
    pub fn detected() -> Cpu {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            if !(has!("sse4.2") && has!("sse4.1") && has!("ssse3") && has!("popcnt")) {
                Cpu::Baseline
            } else if !(has!("avx") && has!("avx2") && has!("fma")) {
                Cpu::Sse42
            } else if !(has!("avx512f") && has!("avx512bw") && has!("avx512dq") && has!("avx512vl") && has!("bmi2")) {
                Cpu::Avx2
            } else {
                Cpu::Avx512
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        Cpu::Baseline
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The instructions that this process uses: those detected, or fewer when the environment variable `CRISOL_CPU` names a kind
/// (`avx512`, `avx2`, `sse4.2` or `baseline`).
///
/// Read once, at the first call; a name that is unknown is reported on stderr and ignored.
pub fn cpu() -> Cpu {
    static CHOSEN: OnceLock<Cpu> = OnceLock::new();
    *CHOSEN.get_or_init(|| {
        let detected = Cpu::detected();
        let Some(wanted) = std::env::var_os("CRISOL_CPU") else {
            return detected;
        };
        match Cpu::ALL.into_iter().find(|cpu| wanted.eq_ignore_ascii_case(cpu.name())) {
            Some(cpu) => cpu.min(detected),
            None => {
                let names = Cpu::ALL.map(Cpu::name).join(", ");
                eprintln!("crisol: CRISOL_CPU={} is none of {names}: using {detected}", wanted.display());
                detected
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_only_takes_away() {
        assert!(cpu() <= Cpu::detected());
        let wanted = std::env::var("CRISOL_CPU").ok();
        match Cpu::ALL.into_iter().find(|cpu| Some(cpu.name()) == wanted.as_deref()) {
            Some(wanted) => assert_eq!(cpu(), wanted.min(Cpu::detected())),
            None => assert_eq!(cpu(), Cpu::detected()),
        }
    }
}
