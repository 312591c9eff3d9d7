//! A graph of boxes and arrows, such as the layers of a model.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use layout::backends::svg::SVGWriter;
use layout::core::base::Orientation;
use layout::core::color::Color;
use layout::core::geometry::{Point, get_size_for_str};
use layout::core::style::{LineStyleKind, StyleAttr};
use layout::std_shapes::shapes::{Arrow, Element, LineEndKind, ShapeKind};
use layout::topo::layout::VisualGraph;

use crate::{Error, Result, file};

/// The letters' height, in pixels.
const FONT_SIZE: usize = 14;

/// The room between a box's text and its frame, in pixels, both sides together.
const PADDING: f64 = 16.0;

/// A box of a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphNode {
    /// What stands in the box, in one or several lines.
    pub text: String,
    /// The places of the boxes from which arrows come, counted from 0.
    pub inputs: Vec<usize>,
}

/// Draws boxes and the arrows between them, from top to bottom, into an SVG file.
///
/// ```
/// use crisol_plot::{GraphNode, plot_graph};
/// let node = |text: &str, inputs: &[usize]| GraphNode { text: text.to_string(), inputs: inputs.to_vec() };
/// let folder = tempfile::tempdir()?;
/// let boxes = [node("image (Input)", &[]), node("hidden (Dense)", &[0]), node("sum (Add)", &[0, 1])];
/// plot_graph(&boxes, folder.path().join("model.svg"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without a box, [`Error::Draw`] when an arrow comes from a box that does not exist, [`Error::Write`] when the file cannot be
/// written. The old file, if any, then stays as it was.
pub fn plot_graph(nodes: &[GraphNode], path: impl AsRef<Path>) -> Result<()> {
    file::write(path.as_ref(), graph_svg(nodes)?.as_bytes())
}

/// [`plot_graph`] into memory: the text of the SVG file.
///
/// # Errors
/// As [`plot_graph`], but for the file.
pub fn graph_svg(nodes: &[GraphNode]) -> Result<String> {
    if nodes.is_empty() {
        return Err(Error::Empty { figure: "graph" });
    }
    if let Some(missing) = nodes.iter().flat_map(|node| &node.inputs).find(|input| **input >= nodes.len()) {
        return Err(Error::Draw(format!("an arrow comes from box {missing}, and there are {}", nodes.len())));
    }
    // The layout asserts what it believes of graphs; that it is wrong somewhere is no reason to end a training.
    catch_unwind(AssertUnwindSafe(|| draw(nodes))).map_err(|_| Error::Draw("the layout of the graph failed".to_owned()))
}

fn draw(nodes: &[GraphNode]) -> String {
    let look = StyleAttr::new(Color::fast("black"), 1, Some(Color::fast("white")), 4, FONT_SIZE);
    let down = Orientation::TopToBottom;
    let mut graph = VisualGraph::new(down);
    let handles: Vec<_> = nodes
        .iter()
        .map(|node| {
            let text = get_size_for_str(&node.text, FONT_SIZE);
            let size = Point::new(text.x + PADDING, text.y + PADDING);
            graph.add_node(Element::create(ShapeKind::new_box(&node.text), look.clone(), down, size))
        })
        .collect();
    let arrow = Arrow::new(LineEndKind::None, LineEndKind::Arrow, LineStyleKind::Normal, "", &look, &None, &None);
    for (node, &handle) in nodes.iter().zip(&handles) {
        // Two arrows between the same boxes would lie on one another.
        let mut inputs = node.inputs.clone();
        inputs.sort_unstable();
        inputs.dedup();
        for input in inputs {
            graph.add_edge(arrow.clone(), handles[input], handle);
        }
    }
    let mut svg = SVGWriter::new();
    graph.do_it(false, false, false, &mut svg);
    svg.finalize()
}
