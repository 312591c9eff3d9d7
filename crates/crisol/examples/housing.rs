//! Prices of Californian houses: `Normalization` adapted to the data, three hidden layers, against linear least squares.
//!
//! ```text
//! cargo run --release --example housing -- housing.csv
//! ```
//!
//! The table has the columns of the 1990 census as in many courses: `longitude`, `latitude`, `housing_median_age`,
//! `total_rooms`, `total_bedrooms`, `population`, `households`, `median_income`, `median_house_value`, `ocean_proximity`.

use clap::Parser;
use crisol::data::train_test_split;
use crisol::ndarray::{Array1, Array2, Axis, concatenate, s};
use crisol::prelude::*;
use std::path::PathBuf;

/// The columns that go in as they are.
const NUMBERS: [&str; 8] = [
    "longitude",
    "latitude",
    "housing_median_age",
    "total_rooms",
    "total_bedrooms",
    "population",
    "households",
    "median_income",
];

/// Trains a regression on the table of Californian houses.
#[derive(Parser)]
struct Arguments {
    /// The table.
    csv: PathBuf,
    /// Passes over the training rows.
    #[arg(long, default_value_t = 20)]
    epochs: usize,
    /// Decides first weights, split and shuffling.
    #[arg(long, default_value_t = 99)]
    seed: u64,
}

fn main() -> crisol::Result<()> {
    let arguments = Arguments::parse();
    random::seed(arguments.seed);
    let table = read_csv(&arguments.csv)?;
    let (x, y) = features(&table)?;
    let (train, test) = train_test_split(y.len(), 0.2, arguments.seed)?;
    let (x_train, y_train) = (x.select(Axis(0), &train), y.select(Axis(0), &train));
    let (x_test, y_test) = (x.select(Axis(0), &test), y.select(Axis(0), &test));

    // Statistics of the training rows alone.
    let normalization = Normalization::new().adapt(&x_train)?;
    let mut model = Sequential::new((
        Input::new([x.ncols()]),
        normalization,
        Dense::new(50).activation("relu"),
        Dense::new(50).activation("relu"),
        Dense::new(50).activation("relu"),
        Dense::new(1),
    ));
    println!("{}", model.summary()?);
    model.compile(Compile::new().optimizer(Adam::new(1e-3)).loss("mse").metric("RootMeanSquaredError"))?;
    model.fit((&x_train, &y_train), Fit::epochs(arguments.epochs).validation_split(0.1))?;

    let network = model.evaluate((&x_test, &y_test))?.get("RootMeanSquaredError").unwrap_or(f64::NAN);
    let linear = linear_least_squares(&x_train, &y_train, &x_test, &y_test);
    println!("test RMSE, in units of 100,000 dollars: network {network:.4}, linear least squares {linear:.4}");
    Ok(())
}

/// Numbers, with missing bedrooms replaced by the median, and the distance to the ocean as one column a kind.
fn features(table: &crisol::data::Table) -> crisol::Result<(Array2<f32>, Array1<f32>)> {
    let mut numbers = table.to_array(&NUMBERS)?;
    for mut column in numbers.columns_mut() {
        let mut known: Vec<f32> = column.iter().copied().filter(|value| !value.is_nan()).collect();
        known.sort_by(f32::total_cmp);
        let median = known.get(known.len() / 2).copied().unwrap_or(0.0);
        column.mapv_inplace(|value| if value.is_nan() { median } else { value });
    }
    let (kinds, _) = table.one_hot("ocean_proximity")?;
    let x = concatenate(Axis(1), &[numbers.view(), kinds.view()]).map_err(|error| {
        Error::new(ErrorKind::Shape, format!("the columns of the table do not fit together: {error}"))
    })?;
    let y = table.to_array(&["median_house_value"])?.column(0).mapv(|value| value / 100_000.0);
    Ok((x, y))
}

/// The test error of the plane through the training rows: normal equations in double precision, a trace of ridge against
/// columns that add up to one.
fn linear_least_squares(x: &Array2<f32>, y: &Array1<f32>, x_test: &Array2<f32>, y_test: &Array1<f32>) -> f64 {
    let design = |x: &Array2<f32>| {
        let mut design = Array2::<f64>::ones((x.nrows(), x.ncols() + 1));
        design.slice_mut(s![.., 1..]).assign(&x.mapv(f64::from));
        design
    };
    let a = design(x);
    let mut gram = a.t().dot(&a);
    let size = gram.nrows();
    for at in 0..size {
        gram[[at, at]] *= 1.0 + 1e-10;
    }
    let mut solution = a.t().dot(&y.mapv(f64::from));
    // Gaussian elimination; the matrix is symmetric and positive, so no pivot is needed.
    for pivot in 0..size {
        for row in pivot + 1..size {
            let factor = gram[[row, pivot]] / gram[[pivot, pivot]];
            for column in pivot..size {
                gram[[row, column]] -= factor * gram[[pivot, column]];
            }
            solution[row] -= factor * solution[pivot];
        }
    }
    for row in (0..size).rev() {
        let known: f64 = (row + 1..size).map(|column| gram[[row, column]] * solution[column]).sum();
        solution[row] = (solution[row] - known) / gram[[row, row]];
    }
    let distance = design(x_test).dot(&solution) - y_test.mapv(f64::from);
    (distance.mapv(|distance| distance * distance).mean().unwrap_or(f64::NAN)).sqrt()
}
