//! Whole studies: the report they write, and what they do when something goes wrong.

// clippy knows the tests themselves, not their helpers.
#![allow(clippy::unwrap_used)]

use std::cell::{Cell, RefCell};
use std::fs;
use std::path::Path;

use crisol_study::{
    Error, Experiment, Facts, Outcome, Run, Study, Verdict, better_than_majority, lower, no_better_than_majority,
    reaches,
};

fn facts() -> Facts {
    Facts::new()
        .class("Cat", 760)
        .class("Dog", 1240)
        .training(1600)
        .validation(400, 0.62)
        .skipped("Cat/1.jpg", "empty file")
        .skipped("Dog/2.jpg", "no image: starts with <html>")
        .skipped("Dog/3.jpg", "empty file")
        .detail("image size", "64 x 64")
}

fn basic(run: &Run) -> Result<Outcome, std::io::Error> {
    let seed = run.seed as f64 / 100.0;
    Ok(Outcome::new()
        .metric("accuracy", [0.61, 0.70 + seed, 0.80])
        .metric("loss", [0.66, 0.58, 0.49])
        .metric("val_accuracy", [0.62, 0.74 + seed, 0.70])
        .metric("val_loss", [0.65, 0.60, f64::NAN])
        .parameters(10_177)
        .seconds(12.5))
}

fn zeros(_: &Run) -> Result<Outcome, std::io::Error> {
    Ok(Outcome::new().metric("accuracy", [0.62]).metric("loss", [0.9]).metric("val_accuracy", [0.62]).seconds(10.0))
}

fn study<'a>() -> Study<'a> {
    Study::new("cats | dogs")
        .seeds([1, 2, 3])
        .facts(facts())
        .command("cargo xtask reproduce-ablation --seed 1")
        .version("rustc", "1.95.0")
        .experiment(Experiment::new("basic", basic).expect(better_than_majority(8.0)))
        .experiment(
            Experiment::new("zeros", zeros).expect(no_better_than_majority().because("the network must use its input")),
        )
}

/// The names in a folder, in order.
fn entries(path: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn assert_golden(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let actual = actual
        .replace(&format!("crisol-study: {}", env!("CARGO_PKG_VERSION")), "crisol-study: {version}")
        .replace(&format!("target: {} {}", std::env::consts::ARCH, std::env::consts::OS), "target: {target}");
    if std::env::var_os("CRISOL_BLESS").is_some() {
        fs::write(&path, &actual).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
    assert_eq!(actual, expected, "{name} changed; CRISOL_BLESS=1 accepts the new text");
}

#[test]
fn the_report_reads_as_agreed() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("reports/ablation");
    let report = study()
        .experiment(
            Experiment::new("overfit", |run: &Run| -> Result<Outcome, String> {
                if run.seed == 2 {
                    return Err("loss is not finite at step 7".to_owned());
                }
                Ok(Outcome::new().metric("accuracy", [0.5, 1.0]).note("stopped at 100 %").seconds(3.0))
            })
            .expect(reaches("accuracy", 1.0)),
        )
        .run(&folder)
        .unwrap();
    assert_eq!(
        entries(&folder),
        ["comparison.png", "curves-basic.png", "curves-overfit.png", "curves-zeros.png", "report.md", "results.csv"]
    );
    assert_golden("report.txt", &fs::read_to_string(folder.join("report.md")).unwrap());
    assert_golden("results.csv", &fs::read_to_string(folder.join("results.csv")).unwrap());
    let shown = report.to_string().replace(&folder.display().to_string(), "{folder}");
    assert_golden("terminal.txt", &shown);
    for name in ["comparison.png", "curves-basic.png"] {
        assert!(fs::read(folder.join(name)).unwrap().starts_with(b"\x89PNG"), "{name}");
    }
}

#[test]
fn a_failing_experiment_is_recorded_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let lines = RefCell::new(Vec::new());
    let report = Study::new("faulty")
        .seeds([1, 2])
        .announce(|line| lines.borrow_mut().push(line.to_owned()))
        .experiment(Experiment::new("broken", |_: &Run| -> Result<Outcome, String> {
            Err("no such\nlayer".to_owned())
        }))
        .experiment(
            Experiment::new("panics", |run: &Run| -> Result<Outcome, String> {
                panic!("index {} out of range", run.seed)
            })
            .expect(lower("loss").than("basic")),
        )
        .experiment(Experiment::new("basic", basic))
        .run(folder.path())
        .unwrap();

    assert_eq!(report.trials.len(), 6);
    let failures: Vec<_> = report.failures().map(|(trial, error)| (trial.seed, error.to_owned())).collect();
    assert_eq!(failures.len(), 4);
    assert_eq!(failures[0], (1, "no such\nlayer".to_owned()));
    assert_eq!(failures[3], (2, "panicked: index 2 out of range".to_owned()));
    assert_eq!(report.judgements[0].verdict, Verdict::Undecided);

    let error = report.ensure_complete().unwrap_err();
    assert!(matches!(error, Error::Failed { runs: 6, .. }));
    assert!(error.to_string().starts_with("4 of 6 runs failed: broken (seed 1): no such"), "{error}");

    let page = fs::read_to_string(folder.path().join("report.md")).unwrap();
    assert!(page.contains("- `broken`, seed 1: no such layer\n"), "{page}");
    assert!(!folder.path().join("curves-broken.png").exists());
    assert!(folder.path().join("curves-basic.png").exists());
    let lines = lines.into_inner();
    assert_eq!(lines[0], "[1/6] broken, seed 1");
    assert!(lines[1].starts_with("[1/6] broken, seed 1: failed: no such"), "{}", lines[1]);
}

#[test]
fn an_unwritable_folder_is_found_before_training() {
    let parent = tempfile::tempdir().unwrap();
    let file = parent.path().join("taken");
    fs::write(&file, "a file").unwrap();
    let trained = Cell::new(false);
    let error = Study::new("early")
        .experiment(Experiment::new("basic", |run: &Run| {
            trained.set(true);
            basic(run)
        }))
        .run(file.join("ablation"))
        .unwrap_err();
    assert!(!trained.get());
    assert!(matches!(error, Error::Folder { .. }));
    assert!(error.to_string().contains("taken"), "{error}");
    assert_eq!(entries(parent.path()), ["taken"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "a file");
}

#[cfg(unix)]
#[test]
fn a_read_only_folder_is_found_before_training() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let privileged = fs::write(folder.path().join("probe"), "").is_ok();
    let result = study().run(folder.path());
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    // The superuser writes where it likes; there is nothing to find then.
    if privileged {
        assert!(result.is_ok());
    } else {
        let error = result.unwrap_err().to_string();
        assert!(error.starts_with("cannot write into the report folder"), "{error}");
        assert!(entries(folder.path()).is_empty());
    }
}

#[test]
fn a_second_run_replaces_the_first() {
    let folder = tempfile::tempdir().unwrap();
    study().run(folder.path()).unwrap();
    let first = entries(folder.path());
    study().seeds([4]).run(folder.path()).unwrap();
    assert_eq!(entries(folder.path()), first);
    let csv = fs::read_to_string(folder.path().join("results.csv")).unwrap();
    assert!(csv.contains("\nbasic,4,1,"), "{csv}");
    assert!(!csv.contains("\nbasic,1,1,"), "{csv}");
}

#[test]
fn only_the_named_experiments_run() {
    let folder = tempfile::tempdir().unwrap();
    let study = study().experiment(Experiment::new("wide", basic).expect(lower("loss").than("basic")));
    let report = study.only(["wide"]).run(folder.path()).unwrap();
    assert_eq!(report.trials.len(), 3);
    assert_eq!(report.judgements[0].verdict, Verdict::Undecided);
    assert_eq!(report.judgements[0].figures, "`basic` was not run");
}

#[test]
fn each_run_is_told_its_seed_and_epochs() {
    let folder = tempfile::tempdir().unwrap();
    let runs = RefCell::new(Vec::new());
    let record = |run: &Run| {
        runs.borrow_mut().push((run.experiment.clone(), run.seed, run.epochs, run.one_batch));
        zeros(run)
    };
    Study::new("told")
        .seeds([7, 9])
        .epochs(60)
        .experiment(Experiment::new("basic", record))
        .experiment(Experiment::new("overfit", record).on_one_batch().epochs(240))
        .run(folder.path())
        .unwrap();
    let expected = [
        ("basic", 7, Some(60), false),
        ("basic", 9, Some(60), false),
        ("overfit", 7, Some(240), true),
        ("overfit", 9, Some(240), true),
    ];
    assert_eq!(runs.into_inner(), expected.map(|(name, seed, epochs, one)| (name.to_owned(), seed, epochs, one)));
}

#[test]
fn a_study_that_makes_no_sense_says_why() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("never");
    let named = |name: &str| Experiment::new(name, basic);
    let cases: Vec<(Study<'_>, &str)> = vec![
        (Study::new("s"), "it has no experiment"),
        (Study::new("s").experiment(named("a")).seeds([]), "it has no seed"),
        (Study::new("s").experiment(named("a")).seeds([3, 3]), "seed 3 is given twice"),
        (Study::new("s").experiment(named("a")).experiment(named("a")), "two experiments are named `a`"),
        (Study::new("s").experiment(named("../a")), "experiment `../a`: a name is made of"),
        (Study::new("s").experiment(named("a").epochs(0)), "experiment `a`: 0 epochs"),
        (
            Study::new("s").experiment(named("basic")).experiment(named("b").expect(lower("loss").than("basik"))),
            "no experiment is named `basik`, there are basic, b; did you mean `basic`?",
        ),
        (Study::new("s").experiment(named("zeros")).only(["zero"]), "did you mean `zeros`?"),
        (Study::new("s").experiment(named("a").expect(reaches("accuracy", f64::NAN))), "holds no finite number"),
        (
            Study::new("s").experiment(named("a")).facts(Facts::new().validation(10, 62.0)),
            "majority's share of the validation set is 62, expected 0 to 1",
        ),
        (
            Study::new("s").experiment(named("a")).facts(Facts::new().validation(0, 0.5)),
            "the validation set has 0 samples",
        ),
    ];
    for (study, expected) in cases {
        let error = study.run(&folder).unwrap_err().to_string();
        assert!(error.starts_with("study `s`: ") && error.contains(expected), "{error}");
    }
    assert!(!folder.exists(), "nothing may be created for a study that cannot run");
}
