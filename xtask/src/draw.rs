//! `cargo xtask draw-animals`: the main job's pictures as a folder to look at.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::animals::{Animals, Species, generate};

/// What to draw and where.
#[derive(Args)]
pub struct Draw {
    /// The folder, which will hold `PetImages/Cat` and `PetImages/Dog`; a set drawn before is replaced.
    folder: PathBuf,
    /// Equal seeds draw equal sets.
    #[arg(long, default_value_t = Animals::default().seed)]
    seed: u64,
    /// The least short side of a picture in pixels.
    #[arg(long, default_value_t = Animals::default().side)]
    side: u32,
    /// Files of dogs.
    #[arg(long, default_value_t = Animals::default().dogs)]
    dogs: usize,
    /// Also lists every damaged or disguised file.
    #[arg(long)]
    list: bool,
}

/// Draws the set and says what is in it.
pub fn run(draw: &Draw) -> Result<()> {
    let options = Animals { seed: draw.seed, side: draw.side, dogs: draw.dogs, ..Animals::default() };
    let summary = generate(&draw.folder, &options)?;
    let kinds: Vec<String> = summary.kinds().iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    println!(
        "{} {} cats and {} dogs in {}",
        if summary.reused { "found" } else { "drew" },
        summary.count(Species::Cat),
        summary.count(Species::Dog),
        summary.images.display(),
    );
    println!("{} cannot be read; by kind: {}", summary.unreadable(), kinds.join(", "));
    if draw.list {
        print!("{}", summary.manifest());
    }
    Ok(())
}
