//! The results as Markdown: everything, and the README's choice.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::results::{Comparison, Results};
use super::{PYTHON_PEERS, RUST_PEERS};

/// What the README shows: (workload, how it is called there).
const README: &[(&str, &str)] = &[
    ("mlp", "training step, MLP 784-64-64-10, batch 64, RMSprop"),
    ("mlp-large", "training step, MLP 784-300-100-10, batch 32, SGD"),
    ("regression", "training step, 8-50-50-50-1, batch 32, Adam"),
    ("mlp-epoch", "an epoch of `fit`, the first on 60,000 images, shuffled, callbacks and progress"),
    ("predict", "prediction of the first, batch 1"),
    ("chain-a-1.6e7", "`x*y + c`, 16 million elements"),
    ("chain-b-1.6e7", "`gelu(x)*b + c`, 16 million elements"),
    ("chain-c-1.6e7", "`sigmoid(x)*tanh(z) + exp(-x*x)`, 16 million elements"),
    ("chain-c-1e4", "the same, 10,000 elements"),
    ("chain-d-1.6e7", "`sum((a - b)^2)`, 16 million elements"),
    ("softmax", "softmax, 4096 x 1024"),
    ("layer-norm", "layer normalisation, 4096 x 1024"),
    ("attention", "attention and gradients, 8 x 8 heads, 128 tokens"),
    ("lstm", "LSTM and gradients, batch 32, 50 steps, 64 units"),
];

/// Framework names as their authors write them.
fn title(peer: &str) -> &str {
    match peer {
        "torch" => "PyTorch",
        "torch-compile" => "torch.compile",
        "tensorflow" => "TensorFlow",
        "jax" => "JAX",
        "keras-tensorflow" => "Keras on TensorFlow",
        "keras-jax" => "Keras on JAX",
        "rustyml" => "RustyML",
        other => other,
    }
}

/// Everything that was measured.
pub fn markdown(results: &Results) -> String {
    let mut text = String::from("# crisol beside other frameworks\n\n");
    if let Some(machine) = &results.machine {
        let _ = writeln!(
            text,
            "{}, two threads: {:.0} GFLOP/s, {:.1} GB/s. Medians of runs in turns; milliseconds, and in parentheses how many \
             times as long as crisol in the same run.\n",
            machine.processor, machine.gflops, machine.gbytes
        );
    }
    let measured = |peer: &&&str| results.rows().any(|(_, row)| row.contains_key(**peer));
    let peers: Vec<&str> = PYTHON_PEERS.iter().chain(RUST_PEERS).filter(measured).copied().collect();
    if !peers.is_empty() {
        let mut header = vec!["workload".to_owned(), "floor".to_owned(), "crisol".to_owned()];
        header.extend(peers.iter().map(|peer| title(peer).to_owned()));
        header.push("slower than".to_owned());
        let rows = results.rows().map(|(workload, row)| {
            let floor = results.machine.as_ref().and_then(|machine| machine.floor(workload));
            let mut cells = vec![workload.to_owned(), floor.map_or_else(String::new, milliseconds), ours(row)];
            cells.extend(peers.iter().map(|peer| row.get(*peer).map_or_else(String::new, theirs)));
            let faster: Vec<&str> = row.values().filter(|c| c.ratio < 1.0).map(|c| title(&c.peer)).collect();
            cells.push(faster.join(", "));
            cells
        });
        text.push_str(&table(&header, rows));
    }
    if !results.startup.is_empty() {
        text.push_str("\nFrom the start of the process to the end of the first training step of `mlp`:\n\n");
        text.push_str(&startup(results));
    }
    let notes = notes(results);
    if !notes.is_empty() {
        let _ = write!(text, "\n{notes}");
    }
    text
}

/// The table for the README: one column for each Python framework, where Keras stands for what it runs on, and one for the fastest Rust
/// crate.
pub fn readme(results: &Results) -> String {
    let peers = ["torch", "torch-compile", "tensorflow", "jax"];
    let mut header = vec!["milliseconds".to_owned(), "crisol".to_owned()];
    header.extend(peers.iter().map(|peer| title(peer).to_owned()));
    header.push("fastest other Rust crate".to_owned());
    let rows = README.iter().filter_map(|(workload, name)| {
        let row = results.row(workload)?;
        let mut cells = vec![(*name).to_owned(), ours(row)];
        cells.extend(peers.iter().map(|peer| match (row.get(*peer), row.get(&format!("keras-{peer}"))) {
            (Some(own), _) => theirs(own),
            (None, Some(keras)) => format!("Keras {}", theirs(keras)),
            (None, None) => String::new(),
        }));
        let rust = RUST_PEERS.iter().filter_map(|peer| row.get(*peer)).min_by(|a, b| a.ratio.total_cmp(&b.ratio));
        cells.push(rust.map_or_else(String::new, |fastest| format!("{} {}", title(&fastest.peer), theirs(fastest))));
        Some(cells)
    });
    let mut text = table(&header, rows);
    if !results.startup.is_empty() {
        let _ = write!(text, "\n{}", startup(results));
    }
    text
}

fn startup(results: &Results) -> String {
    let header = ["", "milliseconds", "MB at most"].map(str::to_owned);
    let mut starts: Vec<_> = results.startup.iter().collect();
    starts.sort_by(|a, b| a.1.milliseconds.total_cmp(&b.1.milliseconds));
    let rows = starts.into_iter().map(|(name, start)| {
        vec![title(name).to_owned(), milliseconds(start.milliseconds), format!("{:.0}", start.peak_mb)]
    });
    table(&header, rows)
}

/// What a reader of the table must know: disturbed comparisons and results that differ.
fn notes(results: &Results) -> String {
    let mut text = String::new();
    for (workload, row) in results.rows() {
        for comparison in row.values() {
            if comparison.disturbed {
                let others = comparison.others_pct;
                let _ = writeln!(
                    text,
                    "- {workload}, {}: others used {others:.0} % of the processors.",
                    title(&comparison.peer)
                );
            }
            if !comparison.agrees {
                let (ours, theirs) = (comparison.ours_value, comparison.theirs_value);
                let _ = writeln!(
                    text,
                    "- {workload}, {}: results differ, {theirs} against {ours}.",
                    title(&comparison.peer)
                );
            }
        }
    }
    text
}

/// Ours, over all comparisons.
fn ours(row: &BTreeMap<String, Comparison>) -> String {
    milliseconds(super::measure::median(row.values().map(|comparison| comparison.ours_ms)))
}

fn theirs(comparison: &Comparison) -> String {
    let mark = if comparison.disturbed || !comparison.agrees { " ?" } else { "" };
    format!("{} ({}){mark}", milliseconds(comparison.theirs_ms), times(comparison.ratio))
}

fn times(ratio: f64) -> String {
    if ratio >= 10.0 { format!("{ratio:.0}x") } else { format!("{ratio:.2}x") }
}

/// Three digits that count.
fn milliseconds(value: f64) -> String {
    match value {
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        v if v >= 1.0 => format!("{v:.2}"),
        v if v >= 0.1 => format!("{v:.3}"),
        v => format!("{v:.4}"),
    }
}

fn table(header: &[String], rows: impl Iterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut text = line(header);
    text.push_str(&line(&vec!["---".to_owned(); header.len()]));
    for row in rows {
        text.push_str(&line(&row));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::results::Startup;
    use crate::peers::results::tests::comparison;

    #[test]
    fn the_whole_table_says_who_is_faster_and_what_is_doubtful() {
        let mut results = Results::default();
        results.add(comparison("mlp", "torch", 4.0, false));
        results.add(comparison("mlp", "rustyml", 0.8, false));
        results.add(comparison("softmax", "torch", 2.0, true));
        results.startup.insert("crisol".to_owned(), Startup { milliseconds: 21.3, peak_mb: 28.4 });
        let text = markdown(&results);
        assert!(text.contains("| workload | floor | crisol | PyTorch | RustyML | slower than |"), "{text}");
        assert!(text.contains("| mlp |  | 0.500 | 2.00 (4.00x) | 0.400 (0.80x) | RustyML |"), "{text}");
        assert!(text.contains("| softmax |  | 0.500 | 1.00 (2.00x) ? |  |  |"), "{text}");
        assert!(text.contains("| crisol | 21.3 | 28 |"), "{text}");
        assert!(text.contains("- softmax, PyTorch: others used 30 % of the processors."), "{text}");
    }

    #[test]
    fn the_readme_names_the_fastest_rust_crate() {
        let mut results = Results::default();
        results.add(comparison("mlp", "jax", 2.0, false));
        results.add(comparison("mlp", "burn", 12.0, false));
        results.add(comparison("mlp", "rustyml", 3.0, false));
        let text = readme(&results);
        let row = text.lines().find(|line| line.contains("MLP 784-64-64-10")).unwrap();
        assert!(row.ends_with("| 0.500 |  |  |  | 1.00 (2.00x) | RustyML 1.50 (3.00x) |"), "{row}");
        results.add(comparison("mlp", "keras-jax", 5.0, false));
        results.add(comparison("mlp", "keras-tensorflow", 6.0, false));
        let text = readme(&results);
        let row = text.lines().find(|line| line.contains("MLP 784-64-64-10")).unwrap();
        assert!(row.ends_with("| 0.500 |  |  | Keras 3.00 (6.00x) | 1.00 (2.00x) | RustyML 1.50 (3.00x) |"), "{row}");
    }
}
