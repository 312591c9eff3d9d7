//! A training with backups that is killed at random moments ends with the bits of the undisturbed one.
//!
//! `CRISOL_KILLS=100 cargo test -p crisol-train --test interrupted` kills as often as that.
#![allow(clippy::unwrap_used)] // helpers of tests

mod common;

use common::{bits, dense, points, silent};
use crisol_callbacks::{BackupAndRestore, Callback, Run};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const EPOCHS: usize = 6;

/// Trains to the end, with a backup every few steps, and writes the bits of all weights.
fn train(backup: &Path, result: &Path) {
    let (x, y) = points(600);
    let mut model = dense(8);
    let mut backup = BackupAndRestore::new(backup).save_freq(3);
    let mut began = Began { file: began_at(result), epoch: None };
    model.fit((&x, &y), silent(EPOCHS).batch_size(8).callback(&mut backup).callback(&mut began)).unwrap();
    let weights = bits(&model);
    crisol_params::write_whole(result, &weights.concat()).unwrap();
}

/// Writes down the epoch and the step that a training begins with.
struct Began {
    file: PathBuf,
    epoch: Option<usize>,
}

impl Callback for Began {
    fn on_epoch_begin(&mut self, _run: &mut dyn Run, epoch: usize) -> crisol_ir::Result<()> {
        // A backup of an epoch's last step goes on with the next epoch.
        self.epoch = Some(epoch);
        Ok(())
    }

    fn on_train_batch_begin(&mut self, _run: &mut dyn Run, step: usize) -> crisol_ir::Result<()> {
        if let Some(epoch) = self.epoch.filter(|_| !self.file.as_os_str().is_empty()) {
            std::fs::write(std::mem::take(&mut self.file), format!("{epoch}:{step}")).unwrap();
        }
        Ok(())
    }
}

fn began_at(result: &Path) -> PathBuf {
    result.with_extension("began")
}

/// What a child process does; alone it does nothing.
#[test]
fn child() {
    if let (Some(backup), Some(result)) = (std::env::var_os("CRISOL_BACKUP"), std::env::var_os("CRISOL_RESULT")) {
        train(&PathBuf::from(backup), &PathBuf::from(result));
    }
}

fn start(backup: &Path, result: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child"])
        .env("CRISOL_BACKUP", backup)
        .env("CRISOL_RESULT", result)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Kills in a row before a training is left to its end.
const IN_A_ROW: usize = 5;

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

    let (mut killed, mut resumed, mut rounds, mut trials) = (0, 0, 0, 0);
    while killed < kills {
        let (backup, result) = (file(&format!("backup-{rounds}")), file(&format!("{rounds}.bits")));
        let latest = backup.join("latest.backup");
        rounds += 1;
        let mut in_a_row = 0;
        loop {
            let before = std::fs::metadata(&latest).and_then(|file| file.modified()).ok();
            let _ = std::fs::remove_file(began_at(&result));
            let mut child = start(&backup, &result);
            // From the first backup of this process on, at any moment: within the next backup too.
            let is_last = in_a_row == IN_A_ROW || killed == kills;
            let has_new_backup = || {
                let now = std::fs::metadata(&latest).and_then(|file| file.modified()).ok();
                now.is_some() && now != before
            };
            let is_over = if is_last { child.wait().unwrap().success() } else { wait(&mut child, has_new_backup) };
            if !is_over {
                trials += 1;
                std::thread::sleep(whole.mul_f32(0.4 * common::noise(trials)));
            }
            let is_over = is_over || {
                child.kill().unwrap();
                // It may have ended by itself just before.
                child.wait().unwrap().success()
            };
            if !is_over {
                in_a_row += 1;
                // Without a backup, training had ended and its result was not written yet.
                killed += usize::from(latest.exists());
            }
            // Every process that found a backup went on from it, and the others began at the beginning.
            match std::fs::read_to_string(began_at(&result)) {
                Ok(began) => assert_eq!(began != "0:0", before.is_some(), "began at {began}"),
                // A backup from behind the last step.
                Err(_) => assert!(before.is_some()),
            }
            resumed += usize::from(before.is_some());
            if is_over {
                break;
            }
        }
        assert!(std::fs::read(&result).unwrap() == expected, "round {rounds} ends with other bits");
        assert!(!backup.exists(), "a finished training leaves no backup");
    }
    println!(
        "{killed} kills, each after a backup; {resumed} processes went on from one; {rounds} trainings, all equal bits"
    );
    assert_eq!(resumed, killed, "every kill is followed by a process that goes on");
}

/// Waits for something, or for the end of the process: whether it ended.
fn wait(child: &mut Child, happened: impl Fn() -> bool) -> bool {
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(300) {
        if child.try_wait().unwrap().is_some() {
            return true;
        }
        if happened() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("no backup in five minutes");
}
