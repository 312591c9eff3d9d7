//! A table of texts, for a terminal and for Markdown.

/// Rows of cells under a header; the first column is text, the others are figures.
pub(crate) struct Table {
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Columns padded to their widest cell, two spaces apart, figures to the right.
    pub fn text(&self) -> String {
        let widths: Vec<usize> = (0..self.header.len())
            .map(|column| {
                self.lines().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
            })
            .collect();
        let mut text = String::new();
        for row in self.lines() {
            let cells: Vec<String> = row
                .iter()
                .zip(&widths)
                .enumerate()
                .map(|(column, (cell, width))| match column {
                    0 => format!("{cell:<width$}"),
                    _ => format!("{cell:>width$}"),
                })
                .collect();
            text.push_str(cells.join("  ").trim_end());
            text.push('\n');
        }
        text
    }

    /// A GitHub table.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        for (index, row) in self.lines().enumerate() {
            let cells: Vec<String> = row.iter().map(|cell| escape(cell)).collect();
            text.push_str(&format!("| {} |\n", cells.join(" | ")));
            if index == 0 {
                text.push_str("| :--- |");
                text.push_str(&" ---: |".repeat(self.header.len().saturating_sub(1)));
                text.push('\n');
            }
        }
        text
    }

    fn lines(&self) -> impl Iterator<Item = &Vec<String>> {
        std::iter::once(&self.header).chain(&self.rows)
    }
}

/// Text that cannot break out of its cell or become a tag.
pub(crate) fn escape(text: &str) -> String {
    text.replace(['\n', '\r'], " ").replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        Table { header: row(["experiment", "loss"]), rows: vec![row(["basic", "0.5 ± 0.1"]), row(["a|b\nc", ""])] }
    }

    #[test]
    fn columns_line_up() {
        let mut table = table();
        table.rows.pop();
        assert_eq!(table.text(), "experiment       loss\nbasic       0.5 ± 0.1\n");
    }

    #[test]
    fn cells_cannot_break_the_markdown() {
        assert_eq!(
            table().markdown(),
            "| experiment | loss |\n| :--- | ---: |\n| basic | 0.5 ± 0.1 |\n| a\\|b c |  |\n"
        );
    }
}
