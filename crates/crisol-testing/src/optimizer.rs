//! Checks of optimizers.

use crisol_autograd::GradientTape;
use crisol_optim::{IntoOptimizer, Optimizer, Parameter};
use crisol_tensor::{Error, ErrorKind, Result, Source, Tensor, Variable};

/// Steps that an optimizer is given to descend.
const STEPS: usize = 100;

/// Checks an optimizer, which `make` describes or builds anew each time: see [`OptimizerCheck`].
///
/// ```
/// use crisol_optim::{Adam, Sgd};
/// use crisol_testing::check_optimizer;
/// check_optimizer(|| Adam::new(0.05)).all()?;
/// check_optimizer(|| Sgd::new(0.05).momentum(0.9)).all()?;
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
pub fn check_optimizer<O: IntoOptimizer>(make: impl Fn() -> O) -> OptimizerCheck<impl Fn() -> Result<Optimizer>> {
    OptimizerCheck { make: move || make().into_optimizer() }
}

/// Checks of an optimizer on a bowl: `3 (x - 1)^2 + (y + 0.5)^2` summed over two parameters of different shapes.
///
/// The learning rate must suit such a problem: about 0.05.
#[derive(Clone, Debug)]
pub struct OptimizerCheck<M> {
    make: M,
}

impl<M: Fn() -> Result<Optimizer>> OptimizerCheck<M> {
    /// All checks, the first of which that fails is reported.
    ///
    /// # Errors
    /// As the single checks.
    pub fn all(&self) -> Result<()> {
        self.descends()?;
        self.determinism()?;
        self.state()
    }

    /// A hundred steps make the loss less than half of what it was.
    ///
    /// # Errors
    /// A step fails, or the loss stays.
    pub fn descends(&self) -> Result<()> {
        let mut optimizer = (self.make)()?;
        let bowl = Bowl::new()?;
        let first = bowl.loss()?.item()?;
        let last = bowl.steps(&mut optimizer, STEPS)?;
        if last < first / 2.0 {
            return Ok(());
        }
        let text =
            format!("the loss of a bowl is {first} at first and {last} after {STEPS} steps, expected less than half");
        Err(fault(&optimizer, "descends", text).help("the learning rate should suit parameters of size 1, about 0.05"))
    }

    /// The same steps from the same values give the same bits.
    ///
    /// # Errors
    /// A step fails, or the bits differ.
    pub fn determinism(&self) -> Result<()> {
        let run = || -> Result<Vec<Vec<u32>>> {
            let (mut optimizer, bowl) = ((self.make)()?, Bowl::new()?);
            bowl.steps(&mut optimizer, 10)?;
            bowl.bits()
        };
        if run()? == run()? {
            return Ok(());
        }
        Err(fault(&(self.make)()?, "determinism", "two runs from the same values end in different bits"))
    }

    /// An optimizer that is restored from the state of another goes on as that one: in the same bits.
    ///
    /// # Errors
    /// A step fails, or the transforms keep something that is not among their states.
    pub fn state(&self) -> Result<()> {
        let (mut optimizer, bowl) = ((self.make)()?, Bowl::new()?);
        bowl.steps(&mut optimizer, 5)?;
        let state = optimizer.state()?;
        let (mut other, copy) = ((self.make)()?, Bowl::new()?);
        for (to, from) in copy.parameters.iter().zip(&bowl.parameters) {
            to.variable.assign(from.variable.value())?;
        }
        other.restore(state, &copy.parameters)?;
        bowl.steps(&mut optimizer, 5)?;
        copy.steps(&mut other, 5)?;
        if bowl.bits()? == copy.bits()? {
            return Ok(());
        }
        let text = "an optimizer restored from the state of another goes on differently";
        Err(fault(&optimizer, "state", text).help("what a transform keeps between steps belongs into its states"))
    }
}

fn fault(optimizer: &Optimizer, check: &str, text: impl Into<String>) -> Error {
    Error::new(ErrorKind::Value, text).operation(check).layer(optimizer.name().to_string())
}

/// What is minimised.
struct Bowl {
    parameters: Vec<Named>,
}

/// A parameter whose name does not change from run to run.
#[derive(Clone)]
struct Named {
    name: &'static str,
    variable: Variable,
}

impl Parameter for Named {
    fn path(&self) -> std::borrow::Cow<'_, str> {
        self.name.into()
    }

    fn variable(&self) -> &Variable {
        &self.variable
    }
}

impl Source for Named {
    fn tensor(&self) -> Tensor {
        self.variable.value()
    }

    fn name(&self) -> String {
        self.name.to_string()
    }
}

impl Bowl {
    fn new() -> Result<Bowl> {
        let x = Variable::new(Tensor::from_slice(&[-1.0f32, 0.0, 0.5, 2.0, 3.0, -2.0], [2, 3]))?;
        let y = Variable::new(Tensor::from_slice(&[1.5f32, -2.0], [2]))?;
        Ok(Bowl { parameters: vec![Named { name: "x", variable: x }, Named { name: "y", variable: y }] })
    }

    fn loss(&self) -> Result<Tensor> {
        let [x, y] = self.parameters.as_slice() else {
            return Err(Error::new(ErrorKind::Internal, "two parameters"));
        };
        let (x, y) = (x.variable.value(), y.variable.value());
        Ok(((x - 1.0).square() * 3.0).sum_all() + (y + 0.5).square().sum_all())
    }

    /// Steps, and returns the loss after them.
    fn steps(&self, optimizer: &mut Optimizer, count: usize) -> Result<f64> {
        for _ in 0..count {
            let tape = GradientTape::new();
            let gradients = tape.gradient(&self.loss()?, self.parameters.clone())?;
            optimizer.apply(gradients)?;
        }
        self.loss()?.item()
    }

    fn bits(&self) -> Result<Vec<Vec<u32>>> {
        let bits = |named: &Named| Ok(named.variable.value().to_vec::<f32>()?.into_iter().map(f32::to_bits).collect());
        self.parameters.iter().map(bits).collect()
    }
}
