//! The summary of a network: Keras' table, letter for letter.

use super::build::Built;
use super::graph::{EntryKind, Graph};
use super::{Kind, Network};
use crisol_params::Weight;
use crisol_tensor::{Error, ErrorKind, Result};

/// A column: its title, where its right edge lies in the table, and on which side its text stands.
struct Column {
    title: &'static str,
    edge: f64,
    right: bool,
}

const fn column(title: &'static str, edge: f64) -> Column {
    Column { title, edge, right: false }
}

const CHAIN: [Column; 3] =
    [column("Layer (type)", 0.45), column("Output Shape", 0.80), Column { title: "Param #", edge: 1.0, right: true }];

const GRAPH: [Column; 4] = [
    column("Layer (type)", 0.3),
    column("Output Shape", 0.56),
    Column { title: "Param #", edge: 0.74, right: true },
    column("Connected to", 1.0),
];

/// The lines that separate rows: left end, line, crossing, right end.
const TOP: [char; 4] = ['┏', '━', '┳', '┓'];
const BELOW_TITLE: [char; 4] = ['┡', '━', '╇', '┩'];
const BETWEEN: [char; 4] = ['├', '─', '┼', '┤'];
const BOTTOM: [char; 4] = ['└', '─', '┴', '┘'];

pub(super) fn table(network: &Network, line_length: usize) -> Result<String> {
    let graph = network.graph()?;
    let sequential = matches!(network.kind, Kind::Sequential(_));
    let columns: &[Column] = if graph.is_chain { &CHAIN } else { &GRAPH };
    let widths = widths(columns, line_length)?;
    let mut text = format!("Model: \"{}\"\n", network.shown_name());
    let titles: Vec<String> = columns.iter().map(|column| column.title.to_string()).collect();
    rule(&mut text, &widths, TOP);
    row(&mut text, columns, &widths, &titles, '┃');
    for (place, entry) in graph.layers.iter().enumerate() {
        if sequential && matches!(entry.kind, EntryKind::Input(_)) {
            continue;
        }
        let is_first = place == usize::from(sequential);
        rule(&mut text, &widths, if is_first { BELOW_TITLE } else { BETWEEN });
        let mut cells = vec![format!("{} ({})", entry.name, entry.type_name())];
        match network.built.get() {
            Some(built) => {
                cells.push(output_shape(graph, built, place));
                cells.push(grouped(built.tree.under(&entry.name).map(Weight::parameters).sum()));
            }
            None => cells.extend(["?".to_string(), "0 (unbuilt)".to_string()]),
        }
        if !graph.is_chain {
            cells.push(connections(graph, place));
        }
        row(&mut text, columns, &widths, &cells, '│');
    }
    rule(&mut text, &widths, BOTTOM);
    totals(&mut text, network);
    Ok(text)
}

/// The letters inside of each column.
fn widths(columns: &[Column], line_length: usize) -> Result<Vec<usize>> {
    let mut left = 0;
    // Keras asks for columns that fill the line, and its table takes the room for frames from all of them.
    let mut excess = 3 * columns.len() + 1;
    let mut widths = Vec::new();
    for (place, column) in columns.iter().enumerate() {
        let edge = (column.edge * line_length as f64) as usize;
        let share = round_half_even(excess, columns.len() - place);
        excess -= share;
        widths.push((edge - left).checked_sub(share).filter(|width| *width >= 4).ok_or_else(|| {
            let text = format!("a line length of {line_length} is too small for the table");
            Error::new(ErrorKind::Value, text).operation("summary")
        })?);
        left = edge;
    }
    Ok(widths)
}

fn round_half_even(number: usize, parts: usize) -> usize {
    let (whole, rest) = (number / parts, number % parts);
    match (2 * rest).cmp(&parts) {
        std::cmp::Ordering::Less => whole,
        std::cmp::Ordering::Greater => whole + 1,
        std::cmp::Ordering::Equal => whole + whole % 2,
    }
}

fn rule(text: &mut String, widths: &[usize], [left, line, crossing, right]: [char; 4]) {
    text.push(left);
    for (place, width) in widths.iter().enumerate() {
        if place > 0 {
            text.push(crossing);
        }
        text.extend(std::iter::repeat_n(line, width + 2));
    }
    text.push(right);
    text.push('\n');
}

fn row(text: &mut String, columns: &[Column], widths: &[usize], cells: &[String], frame: char) {
    let cells: Vec<Vec<String>> = cells.iter().zip(widths).map(|(cell, width)| wrap(cell, *width)).collect();
    let lines = cells.iter().map(Vec::len).max().unwrap_or(1);
    for line in 0..lines {
        for ((cell, column), &width) in cells.iter().zip(columns).zip(widths) {
            let part = cell.get(line).map_or("", String::as_str);
            text.push(frame);
            match column.right {
                true => text.push_str(&format!(" {part:>width$} ")),
                false => text.push_str(&format!(" {part:<width$} ")),
            }
        }
        text.push(frame);
        text.push('\n');
    }
}

/// Breaks a text between words; a word that does not fit ends in an ellipsis.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_string()),
        }
    }
    for line in &mut lines {
        if line.chars().count() > width {
            *line = line.chars().take(width - 1).chain(['…']).collect();
        }
    }
    lines
}

/// The layers that a layer takes its inputs from, with the turn in which each was called: `dense[0][0]`.
fn connections(graph: &Graph, layer: usize) -> String {
    let mut calls: Vec<_> = graph.calls.iter().filter(|call| call.layer == layer).collect();
    calls.sort_by_key(|call| call.turn);
    let inputs = calls.iter().flat_map(|call| &call.inputs).map(|&input| {
        let source = &graph.calls[input.call];
        format!("{}[{}][{}]", graph.layers[source.layer].name, source.turn, input.output)
    });
    let inputs: Vec<String> = inputs.collect();
    if inputs.is_empty() { "-".to_string() } else { inputs.join(", ") }
}

/// The shape of a layer's output: as in Keras, that of its last call.
pub(super) fn output_shape(graph: &Graph, built: &Built, layer: usize) -> String {
    let last = graph.calls.iter().rposition(|call| call.layer == layer);
    last.map_or_else(String::new, |call| shapes(&built.shapes[call]))
}

/// The shapes of a layer's outputs: one, or a list.
fn shapes(outputs: &[Vec<Option<usize>>]) -> String {
    let outputs: Vec<String> = outputs.iter().map(|output| shape(output)).collect();
    if outputs.len() == 1 { outputs.concat() } else { format!("[{}]", outputs.join(", ")) }
}

/// A shape as Python shows it: `(None, 784)`, and `(None,)` for a single axis.
fn shape(sizes: &[Option<usize>]) -> String {
    let sizes: Vec<String> =
        sizes.iter().map(|size| size.map_or_else(|| "None".to_string(), |size| size.to_string())).collect();
    format!("({})", sizes.join(", "))
}

fn totals(text: &mut String, network: &Network) {
    let weights = network.built.get().map(|built| built.tree.weights()).unwrap_or_default();
    let count = |title: &str, wanted: fn(&&Weight) -> bool| {
        let parameters = weights.iter().filter(wanted).map(Weight::parameters).sum();
        let bytes = weights.iter().filter(wanted).map(Weight::bytes).sum();
        format!(" {title}: {} ({})\n", grouped(parameters), readable(bytes))
    };
    text.push_str(&count("Total params", |_| true));
    text.push_str(&count("Trainable params", |weight| weight.trainable()));
    text.push_str(&count("Non-trainable params", |weight| !weight.trainable()));
}

/// A number with a comma between thousands.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of bytes: `931.68 KB`.
fn readable(bytes: usize) -> String {
    let units = ["B", "KB", "MB", "GB", "TB", "PB"];
    let mut size = bytes as f64;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < units.len() {
        size /= 1024.0;
        unit += 1;
    }
    format!("{size:.2} {}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_share_the_room_as_in_keras() {
        assert_eq!(widths(&CHAIN, 76).unwrap(), [31, 22, 13]);
        assert_eq!(widths(&CHAIN, 80).unwrap(), [33, 24, 13]);
        assert_eq!(widths(&GRAPH, 76).unwrap(), [19, 17, 10, 17]);
        assert_eq!(widths(&GRAPH, 80).unwrap(), [21, 17, 11, 18]);
        let error = widths(&CHAIN, 20).unwrap_err();
        assert_eq!(error.to_string(), "summary: a line length of 20 is too small for the table");
    }

    #[test]
    fn numbers_are_grouped_and_sizes_readable() {
        assert_eq!([0, 999, 1000, 6_172_871].map(grouped), ["0", "999", "1,000", "6,172,871"]);
        assert_eq!([0, 132, 3584, 24_691_484].map(readable), ["0.00 B", "132.00 B", "3.50 KB", "23.55 MB"]);
    }
}
