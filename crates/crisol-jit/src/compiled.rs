//! A kernel as native code: the processor's description, one Cranelift module a kernel, and the entry point.

use crate::lower::{self, Callee};
use crate::wide;
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};
use cranelift_codegen::{ir, isa};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{FuncId, Linkage, Module, ModuleError};
use crisol_ir::kernel::{BinaryFunction, Call, Function, Kernel};
use crisol_ir::{Error, ErrorKind, Result};
use std::fmt;
use std::mem::ManuallyDrop;
use std::sync::OnceLock;

/// A [`Kernel`] compiled for this machine; its memory is given back when it is dropped.
///
/// ```
/// use crisol_jit::{Call, CompiledKernel};
/// use crisol_ir::{DType, kernel::{Access, Builder, Role}};
///
/// // out[i] = in[i] * in[i]
/// let mut kernel = Builder::new();
/// let input = kernel.input(DType::F32, Access::Contiguous);
/// let x = kernel.load(input);
/// let y = kernel.multiply(x, x);
/// kernel.output(y, DType::F32, Role::Store(Access::Contiguous));
/// let square = CompiledKernel::compile(&kernel.finish())?;
///
/// let x = [1.0f32, 2.0, 3.0, 4.0, 5.0];
/// let mut y = [0.0f32; 5];
/// let pointers = [x.as_ptr().cast_mut().cast(), y.as_mut_ptr().cast()];
/// let call = Call {
///     pointers: pointers.as_ptr(),
///     row_strides: [0; 2].as_ptr(),
///     column_strides: [0; 2].as_ptr(),
///     rows: 1,
///     columns: 5,
///     position: 0,
///     position_row_step: 0,
///     position_column_step: 0,
/// };
/// // SAFETY: both arrays hold the five elements that the call names.
/// unsafe { square.call(&call) };
/// assert_eq!(y, [1.0, 4.0, 9.0, 16.0, 25.0]);
/// # Ok::<(), crisol_jit::Error>(())
/// ```
pub struct CompiledKernel {
    entry: Entry,
    code_bytes: usize,
    /// Owns the memory that `entry` points into.
    _code: Code,
    /// What the code reads.
    _constants: lower::Table,
}

impl CompiledKernel {
    /// Compiles a kernel.
    ///
    /// # Errors
    /// A kernel that [`Kernel::verify`] refuses; a processor that Cranelift does not know; memory that the system does not
    /// give or does not allow to be executed.
    pub fn compile(kernel: &Kernel) -> Result<CompiledKernel> {
        kernel.verify()?;
        let mut code = Code::new()?;
        let defined = match wide::code(kernel) {
            Some(bytes) => define_bytes(&mut code.0, &bytes),
            None => define(&mut code.0, kernel),
        };
        let (function, code_bytes, constants) = defined.map_err(|message| failure(kernel, message))?;
        let entry = code.entry(function).map_err(|message| failure(kernel, message))?;
        Ok(CompiledKernel { entry, code_bytes, _code: code, _constants: constants })
    }

    /// Runs the kernel.
    ///
    /// # Safety
    /// `call` holds as many pointers and strides as the kernel has inputs and outputs; every element that they address is
    /// valid for reads (outputs: also for writes) and aligned for its type, and outputs overlap nothing but as [`Call`]
    /// allows. Nobody else writes to inputs or touches outputs meanwhile.
    pub unsafe fn call(&self, call: &Call) {
        // SAFETY: the code lives as long as `self`; the rest is this function's own contract.
        unsafe { (self.entry)(call) }
    }

    /// The machine code, constants included, for a disassembler: written to a file,
    /// `objdump -D -b binary -m i386:x86-64 FILE` shows it.
    pub fn code(&self) -> &[u8] {
        // SAFETY: the code begins at its entry, is as long as Cranelift said, may be read, and lives as long as `self`.
        unsafe { std::slice::from_raw_parts(self.entry as *const u8, self.code_bytes) }
    }

    /// The size of the machine code, constants included.
    pub fn code_bytes(&self) -> usize {
        self.code_bytes
    }
}

impl fmt::Debug for CompiledKernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompiledKernel").field("code_bytes", &self.code_bytes).finish()
    }
}

/// What compiled code is called by.
pub(crate) type Entry = unsafe extern "C" fn(*const Call);

/// A module that gives its memory back: Cranelift's own leaks it when dropped.
pub(crate) struct Code(ManuallyDrop<JITModule>);

impl Code {
    /// An empty module for this processor.
    fn new() -> Result<Code> {
        let mut builder = JITBuilder::with_isa(host()?.clone(), cranelift_module::default_libcall_names());
        for (name, address) in SYMBOLS {
            builder.symbol(*name, address.0);
        }
        Ok(Code(ManuallyDrop::new(JITModule::new(builder))))
    }

    /// Code that is there already, ready to run, and where it begins.
    pub(crate) fn of(bytes: &[u8]) -> Result<(Code, Entry)> {
        let mut code = Code::new()?;
        let entry = define_bytes(&mut code.0, bytes).and_then(|(function, ..)| code.entry(function));
        let entry = entry.map_err(|message| Error::new(ErrorKind::Internal, message).operation("compile"))?;
        Ok((code, entry))
    }

    /// Makes the module ready to run: where one of its functions begins.
    fn entry(&mut self, function: FuncId) -> Result<Entry, String> {
        self.0.finalize_definitions().map_err(|error| format!("{error:#}"))?;
        let address = self.0.get_finalized_function(function);
        // SAFETY: the address is that of a finalized function of exactly this signature, declared in `define` or `define_bytes`.
        Ok(unsafe { std::mem::transmute::<*const u8, Entry>(address) })
    }
}

impl Drop for Code {
    fn drop(&mut self) {
        // SAFETY: taken once, here; whoever holds `self` holds the only pointers to the code, so none of it is running.
        unsafe { ManuallyDrop::take(&mut self.0).free_memory() }
    }
}

// SAFETY: once it has its entry the module is not touched again until it is dropped, which takes `&mut`.
unsafe impl Sync for Code {}
// SAFETY: nothing in the module belongs to the thread that made it.
unsafe impl Send for Code {}

/// Adds code that is there already.
fn define_bytes(module: &mut JITModule, bytes: &[u8]) -> Result<(FuncId, usize, lower::Table), String> {
    let text = |error: ModuleError| format!("{error:#}");
    let mut signature = module.make_signature();
    signature.params.push(ir::AbiParam::new(ir::types::I64));
    let function = module.declare_function("kernel", Linkage::Export, &signature).map_err(text)?;
    module.define_function_bytes(function, 64, bytes, &[]).map_err(text)?;
    Ok((function, bytes.len(), lower::Table::new()))
}

/// Translates the kernel and adds the code to the module: the function, its size, and the constants it reads.
fn define(module: &mut JITModule, kernel: &Kernel) -> Result<(FuncId, usize, lower::Table), String> {
    let text = |error: ModuleError| format!("{error:#}");
    let mut context = module.make_context();
    context.func.signature.params.push(ir::AbiParam::new(ir::types::I64));
    let function = module.declare_function("kernel", Linkage::Export, &context.func.signature).map_err(text)?;
    let mut functions = lower::Functions::default();
    for instruction in &kernel.body {
        let Some(which) = Callee::of(instruction) else {
            continue;
        };
        let (name, operands) = symbol(which);
        let mut signature = module.make_signature();
        signature.params.resize(operands, ir::AbiParam::new(ir::types::F64));
        signature.returns.push(ir::AbiParam::new(ir::types::F64));
        let id = module.declare_function(name, Linkage::Import, &signature).map_err(text)?;
        functions.entry(which).or_insert_with(|| module.declare_func_in_func(id, &mut context.func));
    }
    let mut scratch = FunctionBuilderContext::new();
    let mut builder = FunctionBuilder::new(&mut context.func, &mut scratch);
    let constants = lower::function(&mut builder, kernel, &functions);
    builder.finalize(module.target_config());
    module.define_function(function, &mut context).map_err(text)?;
    let size = context.compiled_code().map_or(0, |code| code.code_buffer().len());
    Ok((function, size, constants))
}

#[cold]
fn failure(kernel: &Kernel, message: String) -> Error {
    Error::new(ErrorKind::Internal, format!("{message}, in\n{kernel}")).operation("compile")
}

/// The description of this machine's processor, made once.
fn host() -> Result<&'static OwnedTargetIsa> {
    static HOST: OnceLock<Result<OwnedTargetIsa, String>> = OnceLock::new();
    let host = HOST.get_or_init(|| {
        let mut flags = settings::builder();
        let mut set = |name, value| flags.set(name, value).map_err(|error| error.to_string());
        set("opt_level", "speed")?;
        set("enable_verifier", if cfg!(debug_assertions) { "true" } else { "false" })?;
        // Memory comes from anywhere in the address space, out of the reach of short relocations.
        set("is_pic", "false")?;
        set("use_colocated_libcalls", "false")?;
        // Partial results live on the stack: a kernel with very many of them must not step over the guard page.
        set("enable_probestack", "true")?;
        set("probestack_strategy", "inline")?;
        let mut builder = cranelift_native::builder().map_err(str::to_string)?;
        cap(&mut builder)?;
        let isa: OwnedTargetIsa =
            isa::Builder::finish(&builder, settings::Flags::new(flags)).map_err(|e| e.to_string())?;
        if isa.pointer_bits() != 64 {
            return Err("kernels need 64-bit pointers".to_string());
        }
        Ok(isa)
    });
    host.as_ref()
        .map_err(|message| Error::new(ErrorKind::Unsupported, format!("no native code for this processor: {message}")))
}

/// Takes away the instructions beyond [`cpu`](mod@crisol_ir::cpu).
fn cap(builder: &mut isa::Builder) -> Result<(), String> {
    #[cfg(target_arch = "x86_64")]
    {
        use crisol_ir::{Cpu, cpu};

        let beyond: [(Cpu, &[&str]); 3] = [
            (Cpu::Sse42, &["has_sse3", "has_ssse3", "has_sse41", "has_sse42", "has_popcnt"]),
            (Cpu::Avx2, &["has_avx", "has_avx2", "has_fma", "has_avx_vnni", "has_bmi1", "has_bmi2", "has_lzcnt"]),
            (
                Cpu::Avx512,
                &[
                    "has_avx512f",
                    "has_avx512dq",
                    "has_avx512vl",
                    "has_avx512vbmi",
                    "has_avx512bitalg",
                    "has_avx512vnni",
                ],
            ),
        ];
        for name in beyond.iter().filter(|(kind, _)| cpu() < *kind).flat_map(|(_, names)| *names) {
            builder.set(name, "false").map_err(|error| format!("{name}: {error}"))?;
        }
    }
    // Elsewhere there is one kind of processor: what is detected is used.
    #[cfg(not(target_arch = "x86_64"))]
    let _ = builder;
    Ok(())
}

/// A pointer to a function of this program.
struct Address(*const u8);

// SAFETY: functions may be called from any thread.
unsafe impl Sync for Address {}

/// What compiled code may call: our functions, and what Cranelift resorts to on processors without rounding instructions.
static SYMBOLS: &[(&str, Address)] = &[
    ("crisol_exp", Address(exp as *const u8)),
    ("crisol_log", Address(log as *const u8)),
    ("crisol_tanh", Address(tanh as *const u8)),
    ("crisol_sin", Address(sin as *const u8)),
    ("crisol_cos", Address(cos as *const u8)),
    ("crisol_expm1", Address(expm1 as *const u8)),
    ("crisol_log1p", Address(log1p as *const u8)),
    ("crisol_erf", Address(erf as *const u8)),
    ("crisol_asin", Address(asin as *const u8)),
    ("crisol_acos", Address(acos as *const u8)),
    ("crisol_power", Address(power as *const u8)),
    ("crisol_atan2", Address(atan2 as *const u8)),
    ("crisol_remainder", Address(remainder as *const u8)),
    ("floorf", Address(floor_f32 as *const u8)),
    ("floor", Address(floor_f64 as *const u8)),
    ("ceilf", Address(ceil_f32 as *const u8)),
    ("ceil", Address(ceil_f64 as *const u8)),
    ("nearbyintf", Address(round_f32 as *const u8)),
    ("nearbyint", Address(round_f64 as *const u8)),
];

/// Where a function is.
pub(crate) fn address(callee: Callee) -> *const u8 {
    let (name, _) = symbol(callee);
    SYMBOLS.iter().find(|(symbol, _)| *symbol == name).map_or(std::ptr::null(), |(_, address)| address.0)
}

/// The name of a function in [`SYMBOLS`], and the number of its operands.
fn symbol(callee: Callee) -> (&'static str, usize) {
    match callee {
        Callee::Unary(function) => {
            let name = match function {
                Function::Exp => "crisol_exp",
                Function::Log => "crisol_log",
                Function::Tanh => "crisol_tanh",
                Function::Sin => "crisol_sin",
                Function::Cos => "crisol_cos",
                Function::Expm1 => "crisol_expm1",
                Function::Log1p => "crisol_log1p",
                Function::Erf => "crisol_erf",
                Function::Asin => "crisol_asin",
                Function::Acos => "crisol_acos",
            };
            (name, 1)
        }
        Callee::Binary(function) => {
            let name = match function {
                BinaryFunction::Power => "crisol_power",
                BinaryFunction::Atan2 => "crisol_atan2",
                BinaryFunction::Remainder => "crisol_remainder",
            };
            (name, 2)
        }
    }
}

macro_rules! callable {
    ($($name:ident: $function:ident),*) => {$(
        extern "C" fn $name(x: f64) -> f64 {
            Function::$function.apply(x)
        }
    )*};
}
callable!(exp: Exp, log: Log, tanh: Tanh, sin: Sin, cos: Cos, expm1: Expm1, log1p: Log1p, erf: Erf, asin: Asin, acos: Acos);

macro_rules! callable_of_two {
    ($($name:ident: $function:ident),*) => {$(
        extern "C" fn $name(a: f64, b: f64) -> f64 {
            BinaryFunction::$function.apply(a, b)
        }
    )*};
}
callable_of_two!(power: Power, atan2: Atan2, remainder: Remainder);

extern "C" fn floor_f32(x: f32) -> f32 {
    x.floor()
}

extern "C" fn floor_f64(x: f64) -> f64 {
    x.floor()
}

extern "C" fn ceil_f32(x: f32) -> f32 {
    x.ceil()
}

extern "C" fn ceil_f64(x: f64) -> f64 {
    x.ceil()
}

extern "C" fn round_f32(x: f32) -> f32 {
    x.round_ties_even()
}

extern "C" fn round_f64(x: f64) -> f64 {
    x.round_ties_even()
}
