//! Tables from csv files: columns with names, each of numbers or of text.

use crate::error::unknown_name;
use crate::{Error, ErrorKind, Result};
use ndarray::Array2;
use std::io::Read;
use std::path::Path;

/// A table, column by column; every column has the same number of rows.
///
/// ```
/// let text = "age,city,income\n31,Lima,2.5\n,Quito,3.5\n";
/// let table = crisol_data::read_csv_from(text.as_bytes())?;
/// let x = table.to_array(&["age", "income"])?;                // a missing number is NaN
/// assert_eq!(x[[0, 0]], 31.0);
/// assert!(x[[1, 0]].is_nan());
/// let (one_hot, cities) = table.one_hot("city")?;
/// assert_eq!((cities, one_hot.row(1).to_vec()), (vec!["Lima".to_string(), "Quito".to_string()], vec![0.0, 1.0]));
/// assert!(table.column("incme").unwrap_err().to_string().contains("did you mean `income`?"));
/// # Ok::<(), crisol_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    columns: Vec<Column>,
    rows: usize,
}

/// A column of a [`Table`].
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Name, from the header.
    pub name: String,
    /// The cells.
    pub values: Values,
}

/// The cells of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Every cell is a number or missing (empty, `NA`, `N/A`, `NaN`, `null`), which is NaN here.
    Numbers(Vec<f64>),
    /// Some cell is neither; cells as they stand in the file, missing ones empty.
    Text(Vec<String>),
}

/// Reads a csv file with a header.
///
/// # Errors
/// A file that cannot be read or has no header; names that are empty or appear twice; a row that is longer or shorter than the header, or
/// not UTF-8. The error names the row and the line it begins on (blank lines before it count as its own).
pub fn read_csv(path: impl AsRef<Path>) -> Result<Table> {
    let path = path.as_ref();
    let file = std::fs::File::open(path).map_err(|error| Error::io(path, error))?;
    read_csv_from(file).map_err(|error| error.at_path(path))
}

/// Reads csv text with a header from any reader.
///
/// # Errors
/// As [`read_csv`].
pub fn read_csv_from(text: impl Read) -> Result<Table> {
    let mut reader = csv::ReaderBuilder::new().from_reader(text);
    let names = header(reader.headers().map_err(wrong)?)?;
    let mut cells: Vec<Vec<String>> = vec![Vec::new(); names.len()];
    let mut rows = 0;
    for record in reader.records() {
        let record = record.map_err(|error| wrong(error).at_row(rows + 1))?;
        rows += 1;
        for (column, cell) in cells.iter_mut().zip(&record) {
            column.push(cell.to_string());
        }
    }
    let columns = names.into_iter().zip(cells).map(|(name, cells)| Column { name, values: Values::from(cells) });
    Ok(Table { columns: columns.collect(), rows })
}

fn header(record: &csv::StringRecord) -> Result<Vec<String>> {
    let names: Vec<String> = record.iter().map(|name| name.trim().to_string()).collect();
    if names.is_empty() {
        return Err(Error::new(ErrorKind::Empty, "expected a header with the names of the columns, the file is empty"));
    }
    for (n, name) in names.iter().enumerate() {
        let message = match name.as_str() {
            "" => format!("column {} of the header has no name", n + 1),
            _ if names[..n].contains(name) => format!("the header names column `{name}` twice"),
            _ => continue,
        };
        return Err(Error::new(ErrorKind::Format, message).at_line(1));
    }
    Ok(names)
}

fn wrong(error: csv::Error) -> Error {
    let line = error.position().map(csv::Position::line);
    let (kind, message) = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            (ErrorKind::Format, format!("expected {expected_len} cells as in the header, given {len}"))
        }
        csv::ErrorKind::Utf8 { err, .. } => (ErrorKind::Format, format!("cell {} is not UTF-8", err.field() + 1)),
        csv::ErrorKind::Io(_) => (ErrorKind::Io, error.to_string()),
        _ => (ErrorKind::Format, error.to_string()),
    };
    let error = Error::new(kind, message);
    match line {
        Some(line) => error.at_line(line),
        None => error,
    }
}

fn is_missing(cell: &str) -> bool {
    matches!(cell, "" | "NA" | "N/A" | "NaN" | "nan" | "null" | "NULL")
}

impl From<Vec<String>> for Values {
    fn from(cells: Vec<String>) -> Self {
        let number = |cell: &String| match cell.trim() {
            cell if is_missing(cell) => Some(f64::NAN),
            cell => cell.parse().ok(),
        };
        match cells.iter().map(number).collect() {
            Some(numbers) => Values::Numbers(numbers),
            None => Values::Text(cells),
        }
    }
}

impl Table {
    /// Number of rows, the header not counted.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// True when there is nothing but a header.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The columns, in the order of the file.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Names of the columns, in the order of the file.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// The cells of a column.
    ///
    /// # Errors
    /// A name that is not in the header; the error offers the nearest one.
    pub fn column(&self, name: &str) -> Result<&Values> {
        let column = self.columns.iter().find(|column| column.name == name);
        column.map(|column| &column.values).ok_or_else(|| unknown_name("column", name, &Vec::from_iter(self.names())))
    }

    /// The numbers of a column, NaN where one is missing.
    ///
    /// # Errors
    /// An unknown name; a column with a cell that is not a number, which the error names.
    pub fn numbers(&self, name: &str) -> Result<&[f64]> {
        match self.column(name)? {
            Values::Numbers(numbers) => Ok(numbers),
            Values::Text(cells) => {
                let bad = |cell: &str| !is_missing(cell) && cell.parse::<f64>().is_err();
                let row = cells.iter().position(|cell| bad(cell.trim())).unwrap_or(0);
                let error = Error::new(ErrorKind::DType, format!("expected a number, given `{}`", cells[row]));
                Err(error.at_row(row + 1).at_column(name).help("`one_hot` makes numbers of text"))
            }
        }
    }

    /// Columns of numbers as an array `[rows, columns]`; NaN where one is missing.
    ///
    /// # Errors
    /// An unknown name, a column that is not of numbers, a table without rows.
    pub fn to_array(&self, names: &[&str]) -> Result<Array2<f32>> {
        let columns = names.iter().map(|name| self.numbers(name)).collect::<Result<Vec<_>>>()?;
        if self.is_empty() {
            return Err(Error::new(ErrorKind::Empty, "the table has a header and no rows"));
        }
        Ok(Array2::from_shape_fn((self.rows, names.len()), |(row, column)| columns[column][row] as f32))
    }

    /// A column of text as `[rows, categories]`, 1 where a row has the category and 0 elsewhere, and the categories, sorted. A row whose cell is
    /// missing is all 0.
    ///
    /// # Errors
    /// An unknown name, a column of numbers, a table without rows.
    pub fn one_hot(&self, name: &str) -> Result<(Array2<f32>, Vec<String>)> {
        if self.is_empty() {
            return Err(Error::new(ErrorKind::Empty, "the table has a header and no rows"));
        }
        let Values::Text(cells) = self.column(name)? else {
            let error = Error::new(ErrorKind::DType, "expected a column of text, this one has numbers");
            return Err(error.at_column(name));
        };
        let mut categories: Vec<String> = cells.iter().filter(|cell| !cell.is_empty()).cloned().collect();
        categories.sort_unstable();
        categories.dedup();
        let mut one_hot = Array2::zeros((self.rows, categories.len()));
        for (row, cell) in cells.iter().enumerate() {
            if let Ok(category) = categories.binary_search(cell) {
                one_hot[[row, category]] = 1.0;
            }
        }
        Ok((one_hot, categories))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Result<Table> {
        read_csv_from(text.as_bytes())
    }

    #[test]
    fn kinds_are_told_column_by_column() {
        let table = table("\u{feff}a,b,c\n1, 2.5 ,\"x, y\"\nNA,-3e2,\n").unwrap();
        assert!(table.names().eq(["a", "b", "c"]));
        assert_eq!(table.numbers("b").unwrap(), [2.5, -300.0]);
        assert!(table.numbers("a").unwrap()[1].is_nan());
        assert_eq!(table.column("c").unwrap(), &Values::Text(vec!["x, y".to_string(), String::new()]));
        let (one_hot, categories) = table.one_hot("c").unwrap();
        assert_eq!((one_hot, categories), (ndarray::arr2(&[[1.0], [0.0]]), vec!["x, y".to_string()]));
    }

    #[test]
    fn errors_name_row_line_and_column() {
        let error = table("a,b\n1,\"2\n\"\n3\n").unwrap_err();
        assert_eq!((error.place().row, error.place().line), (Some(2), Some(4)));
        assert!(error.to_string().contains("expected 2 cells as in the header, given 1"), "{error}");
        let with_text = table("a,b\n1,2\n3,four\n").unwrap();
        let error = with_text.to_array(&["a", "b"]).unwrap_err();
        assert_eq!((error.place().row, error.place().column.as_deref()), (Some(2), Some("b")));
        assert!(error.to_string().contains("given `four`"), "{error}");
        assert_eq!(with_text.one_hot("a").unwrap_err().kind(), ErrorKind::DType);
        let error = read_csv_from(&b"a\nb\n\xff\xfe\n"[..]).unwrap_err();
        assert_eq!((error.kind(), error.place().row), (ErrorKind::Format, Some(2)));
    }

    #[test]
    fn files_without_content_are_errors() {
        assert_eq!(table("").unwrap_err().kind(), ErrorKind::Empty);
        assert_eq!(table("\n\n").unwrap_err().kind(), ErrorKind::Empty);
        let only_header = table("a,b\n").unwrap();
        assert!(only_header.is_empty());
        assert_eq!(only_header.to_array(&["a"]).unwrap_err().kind(), ErrorKind::Empty);
        assert_eq!(only_header.one_hot("a").unwrap_err().kind(), ErrorKind::Empty);
        assert_eq!(table("a,a\n1,2\n").unwrap_err().kind(), ErrorKind::Format);
        assert_eq!(table("a,\n1,2\n").unwrap_err().kind(), ErrorKind::Format);
    }

    #[test]
    fn a_near_name_is_offered() {
        let error = table("median_income,rooms\n1,2\n").unwrap().to_array(&["median_incme"]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownName);
        assert!(error.to_string().ends_with("did you mean `median_income`?"), "{error}");
    }
}
