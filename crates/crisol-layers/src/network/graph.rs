//! The layers of a model and the order in which they are called, from nodes or from a list.

use super::names;
use crate::layer::Layer;
use crate::node::{InputType, Node, Origin};
use crisol_tensor::{Error, ErrorKind, Result, Tensor};
use std::collections::{HashMap, HashSet};
use std::panic::Location;
use std::sync::Arc;

/// Layers and their calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    /// In Keras' order: by distance from the outputs, then as they are met from the outputs.
    pub(crate) layers: Vec<Entry>,
    /// Every call after those that make its inputs.
    pub(crate) calls: Vec<Call>,
    /// The places of input layers, as they were given.
    pub(crate) inputs: Vec<usize>,
    /// The values that are the outputs.
    pub(crate) outputs: Vec<Part>,
    /// Whether each layer is called once, with the output of the one before.
    pub(crate) is_chain: bool,
    /// What [`Network::add_loss`](super::Network::add_loss) and `add_metric` make of values on the way.
    pub(crate) added: Vec<Added>,
}

/// A loss or a metric of a value on the way.
#[derive(Clone)]
pub(crate) struct Added {
    pub(crate) of: Part,
    /// The metric's; a loss has none.
    pub(crate) name: Option<String>,
    pub(crate) function: Arc<dyn Fn(&Tensor) -> Tensor + Send + Sync>,
}

impl std::fmt::Debug for Added {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Added").field("of", &self.of).field("name", &self.name).finish_non_exhaustive()
    }
}

/// A layer of a model.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) kind: EntryKind,
}

#[derive(Clone, Debug)]
pub(crate) enum EntryKind {
    /// Takes the model's input.
    Input(InputType),
    Layer(Arc<dyn Layer>),
}

/// A call of a layer.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The place of the layer.
    pub(crate) layer: usize,
    /// The values that it takes.
    pub(crate) inputs: Vec<Part>,
    /// The line that wrote it.
    pub(crate) location: &'static Location<'static>,
    /// The how manyth call of its layer it is, in the order they were written.
    pub(crate) turn: usize,
    /// The node that stands for it, in a functional model.
    pub(crate) node: Option<u64>,
}

/// One of the outputs of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) call: usize,
    pub(crate) output: usize,
}

impl Part {
    fn first_of(call: usize) -> Part {
        Part { call, output: 0 }
    }
}

impl Entry {
    pub(crate) fn type_name(&self) -> &'static str {
        match &self.kind {
            EntryKind::Input(_) => "InputLayer",
            EntryKind::Layer(layer) => layer.type_name(),
        }
    }
}

/// What stands in the list of a sequential model.
#[derive(Clone, Debug)]
pub struct Item {
    pub(crate) kind: ItemKind,
    pub(crate) location: &'static Location<'static>,
}

#[derive(Clone, Debug)]
pub(crate) enum ItemKind {
    Layer(Arc<dyn Layer>),
    Node(Node),
    /// A layer that says what comes in.
    Shaped(Node, Arc<dyn Layer>),
}

impl Graph {
    /// A chain of layers; an input may stand in front.
    pub(crate) fn chain(items: &[Item]) -> Result<Graph> {
        let mut kinds = Vec::new();
        for (place, item) in items.iter().enumerate() {
            let kind = match &item.kind {
                ItemKind::Shaped(node, layer) => {
                    if let Origin::Input(ty) = &node.cell.origin
                        && kinds.is_empty()
                    {
                        kinds.push((EntryKind::Input(ty.clone()), item.location));
                    }
                    EntryKind::Layer(Arc::clone(layer))
                }
                ItemKind::Layer(layer) => EntryKind::Layer(Arc::clone(layer)),
                ItemKind::Node(node) => match &node.cell.origin {
                    Origin::Input(ty) if place == 0 => EntryKind::Input(ty.clone()),
                    _ => {
                        let text = "a sequential model takes layers, and an input in front of them";
                        return Err(Error::new(ErrorKind::Value, text)
                            .at(item.location)
                            .help("branches are for Network::functional"));
                    }
                },
            };
            kinds.push((kind, item.location));
        }
        if !matches!(kinds.first(), Some((EntryKind::Input(_), _))) {
            // Its shape is that of the first data.
            let unknown = Error::new(ErrorKind::State, "the shape of the input is not known yet");
            let ty = InputType { name: None, shape: Err(unknown), dtype: None };
            kinds.insert(0, (EntryKind::Input(ty), Location::caller()));
        }
        let given: Vec<_> = kinds.iter().map(|(kind, _)| kind.name_and_type()).collect();
        let names = names::assign(&given)?;
        let mut graph = Graph {
            inputs: vec![0],
            outputs: vec![Part::first_of(kinds.len() - 1)],
            is_chain: true,
            ..Graph::default()
        };
        for (place, ((kind, location), name)) in kinds.into_iter().zip(names).enumerate() {
            graph.layers.push(Entry { name, kind });
            let inputs = place.checked_sub(1).map(Part::first_of).into_iter().collect();
            graph.calls.push(Call { layer: place, inputs, location, turn: 0, node: None });
        }
        Ok(graph)
    }

    /// The layers between inputs and outputs.
    pub(crate) fn functional(inputs: &[Node], outputs: &[Node]) -> Result<Graph> {
        if inputs.is_empty() || outputs.is_empty() {
            let text = format!("expected inputs and outputs, found {} and {}", inputs.len(), outputs.len());
            return Err(Error::new(ErrorKind::Value, text));
        }
        let mut walk = Walk::default();
        for output in outputs {
            walk.visit(output);
        }
        for input in inputs {
            if !matches!(input.cell.origin, Origin::Input(_)) {
                let text = "an input of the model is the output of a layer";
                return Err(Error::new(ErrorKind::Value, text).at(input.cell.location).help("make it with Input::new"));
            }
            walk.visit(input);
        }
        for node in &walk.order {
            let is_given = inputs.iter().any(|input| input.cell.id == node.cell.id);
            if matches!(node.cell.origin, Origin::Input(_)) && !is_given {
                let text = "the outputs depend on an input that is not among the model's";
                return Err(Error::new(ErrorKind::Value, text).at(node.cell.location));
            }
        }
        walk.into_graph(inputs, outputs)
    }
}

impl EntryKind {
    fn name_and_type(&self) -> (Option<&str>, &'static str) {
        match self {
            EntryKind::Input(ty) => (ty.name.as_deref(), "InputLayer"),
            EntryKind::Layer(layer) => (layer.given_name(), layer.type_name()),
        }
    }
}

/// Collects nodes from the outputs backward.
#[derive(Default)]
struct Walk {
    /// Every node after its inputs.
    order: Vec<Node>,
    seen: HashSet<u64>,
    /// When each layer was first met.
    met: HashMap<u64, usize>,
}

impl Walk {
    fn visit(&mut self, node: &Node) {
        if !self.seen.insert(node.cell.id) {
            return;
        }
        let next = self.met.len();
        self.met.entry(node.maker()).or_insert(next);
        for input in node.inputs() {
            self.visit(input);
        }
        self.order.push(node.clone());
    }

    /// Sorts by distance from the outputs, as Keras does: this is the order of layers in summaries and of weights in files.
    fn into_graph(self, inputs: &[Node], outputs: &[Node]) -> Result<Graph> {
        let mut depths: HashMap<u64, usize> = HashMap::new();
        let mut layer_depths: HashMap<u64, usize> = HashMap::new();
        for node in self.order.iter().rev() {
            let layer_depth = layer_depths.entry(node.maker()).or_insert(0);
            let depth = depths.entry(node.cell.id).or_insert(0);
            *depth = (*depth).max(*layer_depth);
            *layer_depth = *depth;
            let depth = *depth;
            for input in node.inputs() {
                let before = depths.entry(input.cell.id).or_insert(0);
                *before = (*before).max(depth + 1);
            }
        }
        let mut nodes: Vec<&Node> = self.order.iter().collect();
        // Stable, so that nodes of one layer and depth stay behind their inputs. With keys at hand, for looking them up would be compiled into the
        // sort at dozens of places.
        nodes.sort_by_cached_key(|node| (std::cmp::Reverse(depths[&node.cell.id]), self.met[&node.maker()]));
        let mut makers: Vec<&Node> = Vec::new();
        let mut known = HashSet::new();
        makers.extend(nodes.iter().filter(|node| known.insert(node.maker())));
        makers.sort_by_cached_key(|node| (std::cmp::Reverse(layer_depths[&node.maker()]), self.met[&node.maker()]));

        let kinds: Vec<EntryKind> = makers.iter().map(|node| entry_kind(node)).collect();
        let names = names_by_creation(&makers, &kinds)?;
        let places: HashMap<u64, usize> =
            makers.iter().enumerate().map(|(place, node)| (node.maker(), place)).collect();
        let call_places: HashMap<u64, usize> =
            nodes.iter().enumerate().map(|(place, node)| (node.cell.id, place)).collect();
        let part = |node: &Node| Part { call: call_places[&node.cell.id], output: node.output };
        let of = |wanted: &[Node]| wanted.iter().map(part).collect::<Vec<_>>();
        let calls = nodes.iter().map(|node| Call {
            layer: places[&node.maker()],
            inputs: of(node.inputs()),
            location: node.cell.location,
            turn: nodes.iter().filter(|other| other.maker() == node.maker() && other.cell.id < node.cell.id).count(),
            node: Some(node.cell.id),
        });
        let distinct: HashSet<usize> = depths.values().copied().collect();
        let is_chain = distinct.len() == nodes.len()
            && makers.len() == nodes.len()
            && nodes.iter().all(|node| node.inputs().len() <= 1);
        Ok(Graph {
            calls: calls.collect(),
            inputs: inputs.iter().map(|node| places[&node.maker()]).collect(),
            outputs: of(outputs),
            layers: names.into_iter().zip(kinds).map(|(name, kind)| Entry { name, kind }).collect(),
            is_chain,
            added: Vec::new(),
        })
    }
}

fn entry_kind(node: &Node) -> EntryKind {
    match &node.cell.origin {
        Origin::Input(ty) => EntryKind::Input(ty.clone()),
        Origin::Call { layer, .. } => EntryKind::Layer(Arc::clone(&layer.layer)),
    }
}

/// Names count layers in the order in which they were made, whatever their place in the model.
fn names_by_creation(makers: &[&Node], kinds: &[EntryKind]) -> Result<Vec<String>> {
    let mut order: Vec<usize> = (0..makers.len()).collect();
    order.sort_by_key(|&place| makers[place].maker());
    let given: Vec<_> = order.iter().map(|&place| kinds[place].name_and_type()).collect();
    let mut names = vec![String::new(); makers.len()];
    for (place, name) in order.into_iter().zip(names::assign(&given)?) {
        names[place] = name;
    }
    Ok(names)
}
