//! The planner: finds the plan of a graph or makes it, and runs it.

use crate::buffer::Buffer;
use crate::compile::Mode;
use crate::plan::{Made, Plan};
use crate::run::{Home, Run};
use crisol_ir::value::Constant;
use crisol_ir::{Error, ErrorKind, Graph, NodeId, Result};
use crisol_kernels::Task;
use rustc_hash::FxHasher;
use std::fmt::Write;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

/// Plans that a planner keeps at most.
const MAX_PLANS: usize = 256;
/// Nodes of the programs whose plans a planner keeps at most; the one that ran last is kept in any case.
const MAX_NODES: usize = 1 << 20;

/// A value given to a program.
#[derive(Clone, Debug)]
pub enum Argument {
    /// The elements of a tensor. If nobody else holds the buffer, a result may be written over it.
    Buffer(Arc<Buffer>),
    /// A number for an input of rank 0.
    Scalar(Constant),
}

impl From<Buffer> for Argument {
    fn from(buffer: Buffer) -> Argument {
        Argument::Buffer(Arc::new(buffer))
    }
}

/// What a planner has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Programs that had no plan yet.
    pub plans_made: u64,
    /// Programs whose plan was there.
    pub plan_hits: u64,
    /// Kernels that had to be compiled (or prepared for interpretation) for new plans.
    pub kernels_compiled: u64,
    /// Kernels of new plans that the process had already.
    pub kernel_hits: u64,
    /// Time spent making plans, compilation included.
    pub planning: Duration,
    /// The largest memory for intermediate values that a plan needs, in bytes: arguments and results come on top.
    pub largest_arena: usize,
}

/// Runs graphs, keeping the plans and the memory of those it has seen.
///
/// ```
/// use crisol_ir::{DType, Graph, Shape, TensorType};
/// use crisol_plan::{Buffer, Planner};
///
/// let mut graph = Graph::new();
/// let x = graph.input(TensorType::new(DType::F32, Shape::new(&[3])?));
/// let y = crisol_ops::multiply(&mut graph, x, x)?;
///
/// let mut planner = Planner::new();
/// let x = Buffer::from_slice(&[1.0f32, 2.0, 3.0]);
/// let y = planner.run(&graph, &[y], vec![x.into()])?;
/// assert_eq!(y[0].as_slice::<f32>()?, [1.0, 4.0, 9.0]);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
pub struct Planner {
    mode: Mode,
    plans: Vec<Entry>,
    /// The plan that ran last, which is most often the one that runs next.
    recent: usize,
    clock: u64,
    /// Of all programs whose plans are kept.
    nodes: usize,
    /// Where each run takes its arena and its lists from, and leaves them for the next.
    home: Arc<Mutex<Home>>,
    /// The run that [`Planner::start_prepared`] left behind, and the one that it is queued behind.
    under_way: Option<Task>,
    earlier: Option<Task>,
    stats: Stats,
}

/// A program whose plan is there, until it has not been used for long: see [`Planner::recall`].
#[derive(Clone, Copy, Debug)]
pub struct Prepared {
    place: usize,
    number: u64,
}

struct Entry {
    /// Of the plan, unique in its planner.
    number: u64,
    hash: u64,
    graph: Graph,
    outputs: Vec<NodeId>,
    plan: Arc<Plan>,
    last_use: u64,
}

impl Default for Planner {
    fn default() -> Planner {
        Planner::new()
    }
}

impl Planner {
    /// A planner without plans, in the mode that the environment asks for.
    pub fn new() -> Planner {
        Planner::with_mode(Mode::from_environment())
    }

    /// A planner without plans whose kernels run as told.
    pub fn with_mode(mode: Mode) -> Planner {
        Planner {
            mode,
            plans: Vec::new(),
            recent: 0,
            clock: 0,
            nodes: 0,
            home: Arc::default(),
            under_way: None,
            earlier: None,
            stats: Stats::default(),
        }
    }

    /// Runs a program and returns the values of `outputs`, in their order.
    ///
    /// Arguments are moved in: one whose buffer nobody else holds may be overwritten by an elementwise output of the same
    /// size that is its last reader, so that `p - rate * g` updates `p` in place. Nothing is overwritten before the last operation
    /// that data can make fail has succeeded.
    ///
    /// # Errors
    /// Arguments that are not of the number, types and sizes that the graph states; an output that is no node; data for which
    /// an operation is undefined; a kernel that does not compile.
    pub fn run(&mut self, graph: &Graph, outputs: &[NodeId], arguments: Vec<Argument>) -> Result<Vec<Arc<Buffer>>> {
        let prepared = self.prepare(graph, outputs)?;
        self.run_prepared(prepared, arguments, || {})
    }

    /// Finds the plan of a program or makes it: whatever can be wrong with a program comes out before an argument is given away.
    ///
    /// # Errors
    /// As [`Planner::run`], for what can be told without arguments.
    pub fn prepare(&mut self, graph: &Graph, outputs: &[NodeId]) -> Result<Prepared> {
        let place = self.find_or_make(graph, outputs)?;
        Ok(Prepared { place, number: self.plans[place].number })
    }

    /// Takes up a program that was prepared before, without looking at it again; false if its plan has gone since.
    pub fn recall(&mut self, prepared: Prepared) -> bool {
        let Some(entry) = self.plans.get_mut(prepared.place).filter(|entry| entry.number == prepared.number) else {
            return false;
        };
        self.clock += 1;
        entry.last_use = self.clock;
        self.recent = prepared.place;
        self.stats.plan_hits += 1;
        true
    }

    /// Plans that are kept now.
    pub fn plan_count(&self) -> usize {
        self.plans.len()
    }

    /// An empty list for the arguments of the next run, which has the memory of an earlier one's.
    pub fn arguments(&self) -> Vec<Argument> {
        Home::arguments(&self.home)
    }

    /// Runs a program that was prepared.
    ///
    /// `commit` is called once nothing can fail any more, before any argument is overwritten: who keeps arguments in case of an
    /// error lets go of them there. It is not called if an operation fails.
    ///
    /// # Errors
    /// As [`Planner::run`], for what only the arguments can tell; and when the plan has gone since.
    pub fn run_prepared(
        &mut self,
        prepared: Prepared,
        arguments: Vec<Argument>,
        commit: impl FnOnce(),
    ) -> Result<Vec<Arc<Buffer>>> {
        self.wait();
        let mut run = self.make_run(prepared, arguments, commit)?;
        run.set_writer(None)?;
        run.certain()?;
        run.take_outputs()
    }

    /// As [`Planner::run_prepared`], and returns before the values are there, if the program allows it: who reads one waits for it.
    ///
    /// The pool's workers run the plan while the caller goes on; one run at most is queued behind it. If a plan has work for all threads and then
    /// some for one, the caller takes part in the former and goes on during the latter. On return the last operation
    /// that data can make fail has run, and a program that calls code from outside after that, or is little work, has run as a whole.
    ///
    /// # Errors
    /// As [`Planner::run_prepared`].
    ///
    /// # Panics
    /// Whoever waits for a run that panicked panics, too; nothing that is checked before a run is known to do that.
    pub fn start_prepared(
        &mut self,
        prepared: Prepared,
        arguments: Vec<Argument>,
        commit: impl FnOnce(),
    ) -> Result<Vec<Arc<Buffer>>> {
        let Some(plan) = self.plan(prepared).filter(|plan| plan.is_detachable && *DETACHES) else {
            return self.run_prepared(prepared, arguments, commit);
        };
        let has_solo = plan.solo.is_some();
        // If what can fail runs first, it uses the arena at once. A run that is over may have panicked, which is told here.
        if plan.uncertain > 0 || self.under_way.as_ref().is_some_and(Task::is_done) {
            self.wait();
        }
        if let Some(earlier) = self.earlier.take() {
            earlier.wait();
        }
        let mut run = self.make_run(prepared, arguments, commit)?;
        let task = Task::new();
        // From here to the start of the task nothing returns: results may lie in memory that the run under way has yet to write, and are kept
        // by this task alone.
        run.set_writer(Some(&task))?;
        let outputs = run.take_outputs();
        let work = move || {
            // A detachable plan has nothing that fails.
            if let Err(error) = run.certain() {
                panic!("{error}");
            }
        };
        // Started before it is noted: what panics in place has been told, and is under way no more.
        let earlier = self.under_way.take();
        match &earlier {
            Some(earlier) => task.start_after(earlier, work),
            None => task.start(work),
        }
        (self.earlier, self.under_way) = (earlier, Some(task));
        if let Some(earlier) = self.earlier.as_ref().filter(|_| has_solo) {
            // Whatever the caller does next, it does while there is work for one thread alone.
            earlier.help();
        }
        outputs
    }

    /// Waits for the runs that are under way.
    pub fn wait(&mut self) {
        self.earlier = None;
        if let Some(task) = self.under_way.take() {
            task.wait();
        }
    }

    /// The plan of a prepared program, if it is kept.
    fn plan(&self, prepared: Prepared) -> Option<&Arc<Plan>> {
        self.plans.get(prepared.place).filter(|entry| entry.number == prepared.number).map(|entry| &entry.plan)
    }

    /// A run of a prepared program up to where nothing can fail any more.
    fn make_run(&mut self, prepared: Prepared, arguments: Vec<Argument>, commit: impl FnOnce()) -> Result<Run> {
        let Some(plan) = self.plan(prepared).cloned() else {
            return Err(Error::new(ErrorKind::State, "the plan was dropped after it was prepared").operation("run"));
        };
        plan.check(&arguments)?;
        // What another planner is still writing is there before anything is let go: waiting may end in a panic.
        for argument in &arguments {
            if let Argument::Buffer(buffer) = argument
                && !self.under_way.as_ref().is_some_and(|task| buffer.is_written_by(task))
            {
                buffer.wait();
            }
        }
        if plan.uncertain == 0 {
            commit();
            if let Some(task) = &self.under_way
                && plan.is_in_the_way(&arguments)
            {
                // Perhaps it is the run under way that holds it: whether memory is taken over is not left to chance.
                task.finish();
            }
            return Ok(Run::new(plan, arguments, &self.home));
        }
        let mut run = Run::new(plan, arguments, &self.home);
        run.uncertain(commit)?;
        Ok(run)
    }

    /// What the planner has done so far.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// The plan of a program in readable form: its steps with their kernels, the bytes of its results and its arena.
    ///
    /// # Errors
    /// As [`Planner::run`], for what can be told without arguments.
    pub fn explain(&mut self, graph: &Graph, outputs: &[NodeId]) -> Result<String> {
        let index = self.find_or_make(graph, outputs)?;
        Ok(self.plans[index].plan.to_string())
    }

    fn find_or_make(&mut self, graph: &Graph, outputs: &[NodeId]) -> Result<usize> {
        self.clock += 1;
        let is = |entry: &Entry| entry.outputs == outputs && entry.graph == *graph;
        let mut found = self.plans.get(self.recent).is_some_and(is).then_some(self.recent);
        let mut hash = 0;
        if found.is_none() {
            hash = hash_of(graph, outputs);
            found = self.plans.iter().position(|entry| entry.hash == hash && is(entry));
        }
        let index = match found {
            Some(index) => {
                self.stats.plan_hits += 1;
                index
            }
            None => self.make(graph, outputs, hash)?,
        };
        self.plans[index].last_use = self.clock;
        self.recent = index;
        Ok(index)
    }

    #[cold]
    fn make(&mut self, graph: &Graph, outputs: &[NodeId], hash: u64) -> Result<usize> {
        if let Some(output) = outputs.iter().find(|output| output.index() >= graph.len()) {
            let message = format!("output %{} is requested of a program of {} nodes", output.0, graph.len());
            return Err(Error::new(ErrorKind::Value, message).operation("run"));
        }
        let start = Instant::now();
        let mut made = Made::default();
        let plan = Plan::new(graph, outputs, self.mode, &mut made)?;
        self.stats.planning += start.elapsed();
        self.stats.largest_arena = self.stats.largest_arena.max(plan.arena_bytes);
        self.stats.plans_made += 1;
        self.stats.kernels_compiled += made.compiled;
        self.stats.kernel_hits += made.found;
        if std::env::var("CRISOL_EXPLAIN").is_ok_and(|value| value.trim() == "1") {
            let reason = self.reason(graph, outputs);
            eprintln!("{reason}\n{plan}({} kernels compiled, {} found)\n", made.compiled, made.found);
        }
        let (graph, outputs) = (graph.clone(), outputs.to_vec());
        self.nodes += graph.len();
        while !self.plans.is_empty() && (self.plans.len() >= MAX_PLANS || self.nodes > MAX_NODES) {
            let oldest = (0..self.plans.len()).min_by_key(|&place| self.plans[place].last_use).unwrap_or(0);
            let gone = self.plans.swap_remove(oldest);
            self.nodes -= gone.graph.len();
        }
        self.plans.push(Entry { number: self.clock, hash, graph, outputs, plan: Arc::new(plan), last_use: 0 });
        Ok(self.plans.len() - 1)
    }

    /// Why a program has no plan yet: where it leaves the nearest one that has.
    fn reason(&self, graph: &Graph, outputs: &[NodeId]) -> String {
        let common = |entry: &Entry| {
            let pairs = entry.graph.nodes().iter().zip(graph.nodes());
            pairs.take_while(|(old, new)| old == new).count()
        };
        let Some((nearest, at)) = self.plans.iter().map(|entry| (entry, common(entry))).max_by_key(|(_, at)| *at)
        else {
            return "new plan: the first of this planner".to_string();
        };
        let (old, new) = (nearest.graph.nodes().get(at), graph.nodes().get(at));
        if old.is_none() && new.is_none() {
            return format!("new plan: the same program, but outputs {outputs:?} instead of {:?}", nearest.outputs);
        }
        let mut text = format!("new plan: the nearest of {} plans differs first at node %{at}: ", self.plans.len());
        for (node, end) in [(new, " instead of "), (old, "")] {
            // Writing to a string does not fail.
            let _ = match node {
                Some(node) => write!(text, "{:?} of {:?}: {}{end}", node.operation, node.inputs, node.ty),
                None => write!(text, "the end{end}"),
            };
        }
        text
    }
}

/// Whether runs may go on by themselves; `CRISOL_ASYNC=0` forbids it.
static DETACHES: LazyLock<bool> =
    LazyLock::new(|| std::env::var("CRISOL_ASYNC").map_or(true, |value| value.trim() != "0"));

fn hash_of(graph: &Graph, outputs: &[NodeId]) -> u64 {
    let mut hasher = FxHasher::default();
    graph.hash(&mut hasher);
    outputs.hash(&mut hasher);
    hasher.finish()
}
