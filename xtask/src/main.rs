//! `cargo xtask`: the project's own commands.

mod ablation;
mod animals;
mod ci;
mod draw;
mod parity;
mod peers;
mod readme;
mod repository;
mod tidy;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// The project's own commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Reproduces the ablation study: trains its experiments on photos of cats and dogs and writes a report.
    ReproduceAblation(ablation::Ablation),
    /// Checks what the compiler does not: who depends on whom, headers, sizes, manifests, markers, links, format.
    Tidy,
    /// Runs everything that a change must pass, timed, and stops at the first failure.
    Ci {
        /// Only these steps, in the usual order; all when none is given.
        steps: Vec<String>,
        /// Prints the steps and their commands, and runs nothing.
        #[arg(long)]
        list: bool,
    },
    /// Compares crisol with PyTorch, TensorFlow, JAX and other Rust frameworks, in interleaved runs.
    BenchPeers(peers::BenchPeers),
    /// Writes docs/parity.md: what Keras has, where it is here, and the tests.
    Parity(parity::Parity),
    /// Draws the cats and dogs of the main job into a folder.
    DrawAnimals(draw::Draw),
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    let root = repository::root()?;
    match command {
        Command::ReproduceAblation(arguments) => ablation::run(&root, &arguments),
        Command::Tidy => {
            // Both, so that one run names everything.
            let rules = tidy::run(&root);
            let format = ci::format(&root);
            rules.and(format)
        }
        Command::Ci { steps, list } => ci::run(&root, &steps, list),
        Command::BenchPeers(arguments) => peers::run(&root, &arguments),
        Command::Parity(arguments) => parity::run(&root, &arguments),
        Command::DrawAnimals(draw) => draw::run(&draw),
    }
}
