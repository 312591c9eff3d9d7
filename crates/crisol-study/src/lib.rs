//! Ablation studies: experiments with hypotheses, verdicts and a report.
