//! A training with backups that is killed at random moments ends with the bits of the undisturbed one.
//!
//! `CRISOL_KILLS=100 cargo test -p crisol-train --test interrupted` kills as often as that.
#![allow(clippy::unwrap_used)] // helpers of tests

mod common;

use common::{bits, dense, points, silent};
use crisol_callbacks::BackupAndRestore;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const EPOCHS: usize = 6;

/// Trains to the end, with a backup every few steps, and writes the bits of all weights.
fn train(backup: &Path, result: &Path) {
    let (x, y) = points(600);
    let mut model = dense(8);
    let mut backup = BackupAndRestore::new(backup).save_freq(3);
    model.fit((&x, &y), silent(EPOCHS).batch_size(8).callback(&mut backup)).unwrap();
    let weights = bits(&model);
    crisol_params::write_whole(result, &weights.concat()).unwrap();
}

/// What a child process does; alone it does nothing.
#[test]
fn child() {
    if let (Some(backup), Some(result)) = (std::env::var_os("CRISOL_BACKUP"), std::env::var_os("CRISOL_RESULT")) {
        train(&PathBuf::from(backup), &PathBuf::from(result));
    }
}

fn start(backup: &Path, result: &Path) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child"])
        .env("CRISOL_BACKUP", backup)
        .env("CRISOL_RESULT", result)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn killed_at_random_moments_it_ends_with_the_same_bits() {
    let kills: usize = std::env::var("CRISOL_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(5);
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let begin = Instant::now();
    assert!(start(&file("whole"), &file("whole.bits")).wait().unwrap().success());
    let whole = begin.elapsed();
    let expected = std::fs::read(file("whole.bits")).unwrap();
    assert!(!file("whole").exists(), "a finished training leaves no backup");

    let (mut killed, mut resumed, mut round) = (0, 0, 0);
    while killed < kills {
        let (backup, result) = (file(&format!("backup-{round}")), file(&format!("{round}.bits")));
        round += 1;
        // Each process is killed after another share of the undisturbed run, until one gets to the end.
        for attempt in 0.. {
            let had_backup = backup.join("latest.backup").exists();
            let mut child = start(&backup, &result);
            let share = common::noise(1000 * round + attempt);
            // Starting takes about a third of it.
            let wait = whole.mul_f32(0.3 + 0.7 * share);
            std::thread::sleep(if attempt < 3 { wait } else { Duration::from_secs(600).min(wait * 4) });
            if child.try_wait().unwrap().is_some() {
                break;
            }
            if attempt < 6 {
                child.kill().unwrap();
                child.wait().unwrap();
                killed += 1;
                resumed += usize::from(had_backup);
            } else {
                assert!(child.wait().unwrap().success());
                break;
            }
        }
        assert_eq!(std::fs::read(&result).unwrap(), expected, "round {round}");
    }
    println!("killed {killed} times, {resumed} of them gone on from a backup, {round} runs to the end");
}
