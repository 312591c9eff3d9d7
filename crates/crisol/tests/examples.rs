//! Runs the examples: each asserts what it shows.

/// The programs in `examples/`, without those that need a data set.
#[path = "../examples"]
mod examples {
    pub mod functional_by_name;
    pub mod hand_written_loop;
    pub mod layer_losses;
    pub mod layers_in_layers;
    pub mod loss_of_ones_own;
    pub mod metric_of_ones_own;
    pub mod metrics_on_the_way;
    pub mod model_of_ones_own;
    pub mod parts_of_a_batch;
    pub mod predict_step;
    pub mod quadratic_layer;
    pub mod regression;
    pub mod running_sum;
    pub mod sample_weights;
    pub mod saving;
    pub mod sequential;
    pub mod tensorboard;
    pub mod test_step;
    pub mod train_step;
    pub mod train_step_by_hand;
    pub mod validation;
}

macro_rules! run {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() -> crisol::Result<()> {
                examples::$name::main()
            }
        )*

        #[test]
        fn every_example_is_run() -> std::io::Result<()> {
            // The first two need a data set, the third has tests of its own.
            let run = ["housing", "mnist", "layer_of_ones_own", $(stringify!($name)),*];
            for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/examples"))? {
                let path = file?.path();
                let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_string();
                assert!(run.contains(&name.as_str()), "{name} is not run: add it to tests/examples.rs");
            }
            Ok(())
        }
    };
}

run! {
    functional_by_name
    hand_written_loop
    layer_losses
    layers_in_layers
    loss_of_ones_own
    metric_of_ones_own
    metrics_on_the_way
    model_of_ones_own
    parts_of_a_batch
    predict_step
    quadratic_layer
    regression
    running_sum
    saving
    sample_weights
    sequential
    tensorboard
    test_step
    train_step
    train_step_by_hand
    validation
}
