//! The photos of the study: where they come from, their split, and what the report says about them.

use super::Ablation;
use crate::animals::{Animals, generate};
use anyhow::{Context, Result};
use crisol::data::{ImageDataset, image_folder};
use crisol_study::Facts;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Photos a step.
const BATCH_SIZE: usize = 32;

/// Training and validation photos, the same for every experiment and seed.
pub struct Subject {
    pub size: usize,
    pub training: ImageDataset,
    pub validation: ImageDataset,
}

impl Subject {
    /// Reads the photos of `--data`, or draws animals and reads those.
    pub fn load(root: &Path, ablation: &Ablation) -> Result<Subject> {
        let folder = match &ablation.data {
            Some(data) => pet_images(data),
            None => draw(root, ablation.seed)?,
        };
        let start = Instant::now();
        let size = usize::from(ablation.image_size);
        let photos = image_folder(&folder)?
            .image_size(size, size)
            .batch_size(BATCH_SIZE)
            .validation_split(0.2)
            .seed(ablation.seed);
        let subject = Subject { size, training: photos.training()?, validation: photos.validation()? };
        println!("{}", subject.training.summary());
        println!("Using {} files for validation.", subject.validation.file_count());
        println!("read in {:.1} s", start.elapsed().as_secs_f64());
        Ok(subject)
    }

    /// The share of the validation photos that always naming the largest class gets right.
    pub fn majority(&self) -> f64 {
        let largest = self.validation.class_counts().into_iter().max().unwrap_or(0);
        largest as f64 / self.validation.file_count().max(1) as f64
    }

    pub fn facts(&self) -> Facts {
        let counts = self.training.class_counts().into_iter().zip(self.validation.class_counts());
        let mut facts = Facts::new()
            .training(self.training.file_count())
            .validation(self.validation.file_count(), self.majority())
            .detail("image size", format!("{0} x {0}, bilinear", self.size))
            .detail("batch size", BATCH_SIZE.to_string());
        for (name, (training, validation)) in self.training.class_names().iter().zip(counts) {
            facts = facts.class(name, training + validation);
        }
        for skipped in self.training.skipped() {
            facts = facts.skipped(shown(&skipped.path), skipped.reason.clone());
        }
        facts
    }
}

/// `DIR`, or `DIR/PetImages` if there is one.
fn pet_images(data: &Path) -> PathBuf {
    let inside = data.join("PetImages");
    if inside.is_dir() { inside } else { data.to_path_buf() }
}

fn draw(root: &Path, seed: u64) -> Result<PathBuf> {
    let start = Instant::now();
    let folder = root.join("target").join("animals").join(seed.to_string());
    let options = Animals { seed, ..Animals::default() };
    if !folder.exists() {
        println!("drawing cats and dogs, once for each seed ...");
    }
    let summary = generate(&folder, &options).with_context(|| format!("drawing animals into {}", folder.display()))?;
    let files = summary.files.len();
    if summary.reused {
        println!("{files} pictures drawn before, in {}", summary.images.display());
    } else {
        println!("drew {files} pictures into {} in {:.1} s", summary.images.display(), start.elapsed().as_secs_f64());
    }
    Ok(summary.images)
}

/// The class and the file, as `Cat/17.jpg`.
fn shown(path: &Path) -> String {
    let parts: Vec<_> = path.iter().rev().take(2).map(|part| part.to_string_lossy()).collect();
    parts.into_iter().rev().collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_the_folder_are_found() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(pet_images(folder.path()), folder.path());
        std::fs::create_dir(folder.path().join("PetImages")).unwrap();
        assert_eq!(pet_images(folder.path()), folder.path().join("PetImages"));
    }

    #[test]
    fn files_are_shown_with_their_class() {
        assert_eq!(shown(Path::new("a/b/Cat/17.jpg")), "Cat/17.jpg");
    }
}
