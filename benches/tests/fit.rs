//! The sides of the table of what `fit` adds to a step do the same work: they end with the same loss.

use crisol_benches::peer::workload;

#[test]
fn loops_by_hand_and_fit_learn_the_same() -> crisol::Result<()> {
    for model in ["mlp", "mlp-large", "regression"] {
        let loss = |kind: &str| (workload(&format!("{model}{kind}"))?.check)();
        let (there, copied, fit) = (loss("")?, loss("-rows")?, loss("-fit")?);
        assert_eq!(there, copied, "{model}");
        assert!((fit - there).abs() <= 1e-5 * there.abs(), "{model}: {fit} through fit, {there} by hand");
    }
    Ok(())
}
