//! Graphs as SVG: every box is there, with its text, and every shape of graph is drawn.

// clippy knows the tests themselves, not their helpers.
#![allow(clippy::unwrap_used)]

use crisol_plot::{Error, GraphNode, graph_svg, plot_graph};
use proptest::prelude::*;

fn node(text: &str, inputs: &[usize]) -> GraphNode {
    GraphNode { text: text.to_string(), inputs: inputs.to_vec() }
}

#[test]
fn boxes_have_their_lines_and_arrows_go_down() {
    let svg = graph_svg(&[node("image (Input)\n(None, 784)", &[]), node("a < b & c", &[0]), node("sum", &[0, 1, 0])]);
    let svg = svg.unwrap();
    assert!(svg.starts_with("<?xml"), "{svg}");
    for text in ["image (Input)", "(None, 784)", "a &lt; b &amp; c", "sum"] {
        assert!(svg.contains(text), "{text} is not in {svg}");
    }
    assert_eq!(svg.matches("<rect").count(), 3, "{svg}");
    assert_eq!(svg.matches("id=\"arrow").count(), 3, "two arrows that would be one are one: {svg}");
}

#[test]
fn what_cannot_be_drawn_is_said() {
    assert!(matches!(graph_svg(&[]), Err(Error::Empty { figure: "graph" })));
    let error = graph_svg(&[node("a", &[7])]).unwrap_err().to_string();
    assert!(error.contains("box 7"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let error = plot_graph(&[node("a", &[])], folder.path().join("absent/model.svg")).unwrap_err();
    assert!(matches!(error, Error::Write { .. }), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_graph_of_layers_is_drawn(seeds in prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 0..4), 1..40)) {
        let nodes: Vec<GraphNode> = seeds
            .iter()
            .enumerate()
            .map(|(place, inputs)| {
                // Layers that are called more than once have arrows from later ones, and from themselves.
                let inputs: Vec<usize> = inputs.iter().map(|input| input.index(seeds.len())).collect();
                node(&format!("layer_{place} (Dense)\n(None, {place})"), &inputs)
            })
            .collect();
        let svg = graph_svg(&nodes).unwrap();
        for place in 0..nodes.len() {
            let name = format!("layer_{place} (Dense)");
            prop_assert!(svg.contains(&name));
        }
    }
}
