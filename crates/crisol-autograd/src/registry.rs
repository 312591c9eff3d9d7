//! The operations from outside that the process has seen, each as a primitive.

use crate::custom_op::CustomOp;
use crisol_ir::primitive::{Gradients, Library};
use crisol_ir::{Attributes, Error, ErrorKind, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use crisol_tensor::{Tensor, Trace};
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

/// Different settings of one type of operation that a process keeps at most: primitives are never freed.
const MOST: usize = 256;

/// An operation from outside, its type forgotten.
pub(crate) trait Entry: Send + Sync {
    /// The operation, as the type that it was given as.
    fn op(&self) -> &dyn Any;

    /// The operation as a primitive.
    fn primitive(&'static self) -> &'static dyn Primitive;

    /// Its gradients, as tensors.
    fn gradient(&self, inputs: &[Tensor], output: &Tensor, gradient: &Tensor) -> Result<Vec<Option<Tensor>>>;
}

#[derive(Default)]
struct Registry {
    by_type: HashMap<TypeId, Vec<&'static dyn Entry>>,
    by_name: HashMap<&'static str, &'static dyn Entry>,
}

static REGISTRY: LazyLock<Mutex<Registry>> = LazyLock::new(Mutex::default);

fn registry() -> MutexGuard<'static, Registry> {
    // Entries are added in one step, so a panic elsewhere leaves it whole.
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The primitive of an operation, the same one for equal operations.
pub(crate) fn intern<O: CustomOp>(op: &O) -> Result<&'static dyn Primitive> {
    let mut registry = registry();
    let count = registry.by_name.len();
    let known = registry.by_type.entry(TypeId::of::<O>()).or_default();
    let same = |entry: &&&'static dyn Entry| entry.op().downcast_ref::<O>().is_some_and(|known| known == op);
    if let Some(entry) = known.iter().find(same) {
        return Ok(entry.primitive());
    }
    if known.len() >= MOST {
        let text = format!("it has been called with {MOST} different settings already, {op:?} would be one more");
        return Err(Error::new(ErrorKind::State, text)
            .operation(op.name())
            .help("pass numbers that change from call to call as inputs instead of settings"));
    }
    let name: &'static str = Box::leak(format!("custom {count}: {}", op.name()).into_boxed_str());
    let entry: &'static dyn Entry = Box::leak(Box::new(Registered { op: op.clone(), name }));
    known.push(entry);
    registry.by_name.insert(name, entry);
    Ok(entry.primitive())
}

/// The operation whose primitive has the given name.
pub(crate) fn find(name: &str) -> Option<&'static dyn Entry> {
    registry().by_name.get(name).copied()
}

struct Registered<O> {
    op: O,
    /// Unique: primitives are told apart by it.
    name: &'static str,
}

impl<O: CustomOp> Registered<O> {
    /// Runs the user's code; a panic inside of it becomes an error.
    fn guarded<R>(&self, what: &str, work: impl FnOnce(&O) -> Result<R>) -> Result<R> {
        let result = catch_unwind(AssertUnwindSafe(|| work(&self.op))).unwrap_or_else(|payload| {
            let text = match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
                (Some(text), _) => (*text).to_string(),
                (_, Some(text)) => text.clone(),
                _ => "something that is no text".to_string(),
            };
            Err(Error::new(ErrorKind::Value, format!("its {what} panicked: {text}")))
        });
        result.map_err(|error| error.operation(self.op.name()))
    }
}

impl<O: CustomOp> Entry for Registered<O> {
    fn op(&self) -> &dyn Any {
        &self.op
    }

    fn primitive(&'static self) -> &'static dyn Primitive {
        self
    }

    fn gradient(&self, inputs: &[Tensor], output: &Tensor, gradient: &Tensor) -> Result<Vec<Option<Tensor>>> {
        self.guarded("gradient", |op| op.gradient(inputs, output, gradient))
    }
}

impl<O: CustomOp> Primitive for Registered<O> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn kind(&self) -> Kind {
        Kind::Library(Library::Custom)
    }

    fn infer(&self, _: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        self.guarded("shape rule", |op| op.infer(inputs))
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        let types = inputs.iter().map(|input| Ok(TensorType::new(input.dtype(), input.shape()?)));
        let types = types.collect::<Result<Vec<_>>>()?;
        let expected = self.infer(&Attributes::none(), &types)?;
        // Tensors that the kernel makes all the same are recorded aside: the thread's own recording is being evaluated.
        let trace = Trace::new();
        let value = self.guarded("forward", |op| op.forward(inputs))?;
        drop(trace);
        let found = TensorType::new(value.dtype(), value.shape()?);
        if found != expected {
            let text = format!("its forward returned {found}, its shape rule says {expected}");
            return Err(Error::new(ErrorKind::Shape, text).operation(self.op.name()));
        }
        Ok(value)
    }

    fn gradient(&self, _: &mut Graph, _: NodeId, _: NodeId) -> Result<Gradients> {
        let text = "is a function of tensors, which a GradientTape alone can call";
        Err(Error::new(ErrorKind::Gradient, text).operation(self.op.name()))
    }

    fn can_fail(&self) -> bool {
        true
    }

    fn probe(&self) -> Probe {
        Probe::default()
    }
}
