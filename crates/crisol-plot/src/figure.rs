//! Panels, legend and pixels: the drawing itself.

use std::sync::OnceLock;

use plotters::coord::Shift;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, register_font};

use crate::file::Pixels;
use crate::scale::Scale;
use crate::{Error, Result};

pub(crate) const RED: RGBColor = RGBColor(0xd6, 0x27, 0x28);
pub(crate) const BLUE: RGBColor = RGBColor(0x1f, 0x5f, 0xb4);

/// Eight colours that stay apart for colour-blind readers and on a grey print.
pub(crate) const PALETTE: [RGBColor; 8] = [
    BLUE,
    RGBColor(0xe6, 0x7e, 0x00),
    RGBColor(0x00, 0x8f, 0x6b),
    RED,
    RGBColor(0x8e, 0x5c, 0xb8),
    RGBColor(0x6b, 0x4a, 0x3a),
    RGBColor(0xcc, 0x5f, 0xa8),
    RGBColor(0x3a, 0x3a, 0x3a),
];

const INK: RGBColor = RGBColor(0x26, 0x26, 0x26);
const FRAME: RGBColor = RGBColor(0x99, 0x99, 0x99);
const GRID: RGBColor = RGBColor(0xe4, 0xe4, 0xe4);

/// A name of our own, so that a program's own "sans-serif" stays what it is.
const FONT: &str = "crisol-dejavu";

/// Pixels drawn per pixel kept, in both directions: plotters does not smooth wide lines, the mean over a
/// square does.
const OVERSAMPLING: u32 = 3;

const PANEL_WIDTH: u32 = 640;
const PANEL_HEIGHT: u32 = 420;
const MARGIN: u32 = 12;
const LEGEND_ROW: u32 = 26;
const SAMPLE: u32 = 34;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stroke {
    Solid,
    Dashed,
}

/// One curve of a panel.
#[derive(Clone, Debug)]
pub(crate) struct Line<'a> {
    pub name: &'a str,
    pub values: &'a [f64],
    pub colour: RGBColor,
    pub stroke: Stroke,
}

impl<'a> Line<'a> {
    pub fn new(name: &'a str, values: &'a [f64], colour: RGBColor, stroke: Stroke) -> Self {
        Self { name, values, colour, stroke }
    }

    /// The line cut at its gaps: runs of (epoch, value), each finite.
    fn segments(&self, scale: &Scale) -> Vec<Vec<(i32, f64)>> {
        let mut segments = vec![Vec::new()];
        for (epoch, value) in (1..).zip(self.values) {
            if value.is_finite() {
                if let Some(segment) = segments.last_mut() {
                    segment.push((epoch, scale.place(*value)));
                }
            } else {
                segments.push(Vec::new());
            }
        }
        segments.retain(|segment| !segment.is_empty());
        segments
    }
}

/// One pair of axes.
#[derive(Clone, Debug)]
pub(crate) struct Panel<'a> {
    pub title: String,
    pub y_label: String,
    pub lines: Vec<Line<'a>>,
}

/// Panels row by row under one legend.
pub(crate) struct Figure<'a> {
    pub panels: Vec<Panel<'a>>,
    pub columns: usize,
}

impl Figure<'_> {
    /// Draws everything; the legend names each (name, colour, stroke) of the panels once.
    pub fn draw(&self) -> Result<Pixels> {
        load_font()?;
        let rows = self.panels.len().div_ceil(self.columns) as u32;
        let width = self.columns as u32 * PANEL_WIDTH + 2 * MARGIN;
        let legend = self.legend(width)?;
        let legend_height = legend.len() as u32 * LEGEND_ROW;
        let height = legend_height + rows * PANEL_HEIGHT + 2 * MARGIN;

        let (wide, high) = (px(width), px(height));
        let mut large = vec![0_u8; wide as usize * high as usize * 3];
        {
            let root = BitMapBackend::with_buffer(&mut large, (wide, high)).into_drawing_area();
            root.fill(&WHITE).map_err(refused)?;
            let (top, below) = root.split_vertically(px(MARGIN + legend_height));
            for (row, entries) in legend.iter().enumerate() {
                draw_legend_row(&top, entries, px(MARGIN) + row as u32 * px(LEGEND_ROW), wide)?;
            }
            let grid = below.margin(0, px(MARGIN), px(MARGIN), px(MARGIN)).split_evenly((rows as usize, self.columns));
            for (area, panel) in grid.iter().zip(&self.panels) {
                panel.draw(area)?;
            }
            root.present().map_err(refused)?;
        }
        Ok(shrink(&large, width, height))
    }

    /// Legend entries with their widths, wrapped into rows that fit.
    fn legend(&self, width: u32) -> Result<Vec<Vec<(Line<'_>, u32)>>> {
        let mut scratch = vec![0_u8; 3];
        let area = BitMapBackend::with_buffer(&mut scratch, (1, 1)).into_drawing_area();
        let mut rows: Vec<Vec<(Line, u32)>> = vec![Vec::new()];
        let mut used = 0;
        let mut seen: Vec<(&str, RGBColor, Stroke)> = Vec::new();
        for line in self.panels.iter().flat_map(|panel| &panel.lines) {
            let key = (line.name, line.colour, line.stroke);
            if seen.contains(&key) {
                continue;
            }
            seen.push(key);
            let (text, _) = area.estimate_text_size(line.name, &text(14)).map_err(refused)?;
            let entry = px(SAMPLE + 8 + 22) + text;
            if used + entry > px(width - 2 * MARGIN) && used > 0 {
                rows.push(Vec::new());
                used = 0;
            }
            used += entry;
            if let Some(row) = rows.last_mut() {
                row.push((line.clone(), entry));
            }
        }
        Ok(rows)
    }
}

type Area<'a> = DrawingArea<BitMapBackend<'a>, Shift>;

impl Panel<'_> {
    fn draw(&self, area: &Area<'_>) -> Result<()> {
        let scale = Scale::of(self.lines.iter().flat_map(|line| line.values.iter().copied()));
        let epochs = self.lines.iter().map(|line| line.values.len()).max().unwrap_or(1) as i32;
        // One epoch alone stands in the middle of its axis instead of on the frame.
        let x = if epochs > 1 { 1..epochs } else { 0..2 };
        let y_label = if scale.logarithmic { format!("{} (log scale)", self.y_label) } else { self.y_label.clone() };
        let mut chart = ChartBuilder::on(area)
            .caption(&self.title, text(17))
            .margin_right(px(16) as i32)
            .margin_left(px(6) as i32)
            .margin_top(px(4) as i32)
            .margin_bottom(px(14) as i32)
            .x_label_area_size(px(40))
            .y_label_area_size(px(66))
            .build_cartesian_2d(x, scale.low..scale.high)
            .map_err(refused)?;
        chart
            .configure_mesh()
            .x_labels(10)
            .y_labels(8)
            .x_desc("epochs")
            .y_desc(y_label)
            .axis_desc_style(text(14))
            .label_style(text(12))
            .axis_style(FRAME.stroke_width(OVERSAMPLING))
            .bold_line_style(GRID.stroke_width(OVERSAMPLING))
            .light_line_style(TRANSPARENT)
            .x_label_formatter(&|epoch| {
                if (1..=epochs).contains(epoch) { epoch.to_string() } else { String::new() }
            })
            .y_label_formatter(&|value| scale.label(*value))
            .draw()
            .map_err(refused)?;
        for line in &self.lines {
            let style = line.colour.stroke_width(2 * OVERSAMPLING);
            for segment in line.segments(&scale) {
                if let [point] = segment[..] {
                    chart.draw_series([Circle::new(point, px(4) as i32, line.colour.filled())]).map_err(refused)?;
                } else if line.stroke == Stroke::Dashed {
                    let dashes = DashedPathElement::new(segment, px(7), px(4), style);
                    chart.draw_series([dashes]).map_err(refused)?;
                } else {
                    chart.draw_series([PathElement::new(segment, style)]).map_err(refused)?;
                }
            }
        }
        Ok(())
    }
}

fn draw_legend_row(area: &Area<'_>, entries: &[(Line<'_>, u32)], top: u32, width: u32) -> Result<()> {
    let total: u32 = entries.iter().map(|(_, entry)| entry).sum();
    let mut x = (width.saturating_sub(total) / 2) as i32;
    let y = (top + px(LEGEND_ROW) / 2) as i32;
    for (line, entry) in entries {
        let style = line.colour.stroke_width(2 * OVERSAMPLING);
        let ends = vec![(x, y), (x + px(SAMPLE) as i32, y)];
        if line.stroke == Stroke::Dashed {
            area.draw(&DashedPathElement::new(ends, px(7), px(4), style))
        } else {
            area.draw(&PathElement::new(ends, style))
        }
        .map_err(refused)?;
        let style = text(14).pos(Pos::new(HPos::Left, VPos::Center));
        area.draw(&Text::new(line.name, (x + px(SAMPLE + 8) as i32, y), style)).map_err(refused)?;
        x += *entry as i32;
    }
    Ok(())
}

/// The mean of each square of drawn pixels.
fn shrink(large: &[u8], width: u32, height: u32) -> Pixels {
    let (side, width_in_bytes) = (OVERSAMPLING as usize, px(width) as usize * 3);
    let mut rgb = Vec::with_capacity(width as usize * height as usize * 3);
    for y in 0..height as usize {
        for x in 0..width as usize {
            for channel in 0..3 {
                let mut sum = 0_usize;
                for row in 0..side {
                    let start = (y * side + row) * width_in_bytes + x * side * 3 + channel;
                    sum += (0..side).map(|column| large[start + column * 3] as usize).sum::<usize>();
                }
                rgb.push(((sum + side * side / 2) / (side * side)) as u8);
            }
        }
    }
    Pixels { width, height, rgb }
}

fn px(length: u32) -> u32 {
    length * OVERSAMPLING
}

fn text(size: u32) -> TextStyle<'static> {
    (FONT, px(size)).into_font().color(&INK)
}

/// Hands the embedded face to plotters, once a process.
fn load_font() -> Result<()> {
    static LOADED: OnceLock<bool> = OnceLock::new();
    if *LOADED.get_or_init(|| register_font(FONT, FontStyle::Normal, dejavu::sans::regular()).is_ok()) {
        Ok(())
    } else {
        Err(Error::Draw("the embedded font was refused".to_owned()))
    }
}

fn refused(error: impl std::fmt::Display) -> Error {
    Error::Draw(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_cut_a_line_into_segments() {
        let values = [1.0, f64::NAN, 3.0, 4.0, f64::INFINITY, f64::NAN, 7.0];
        let line = Line::new("training", &values, RED, Stroke::Solid);
        assert_eq!(line.segments(&Scale::of(values)), [vec![(1, 1.0)], vec![(3, 3.0), (4, 4.0)], vec![(7, 7.0)]]);
    }

    #[test]
    fn long_legends_wrap_instead_of_running_off_the_picture() {
        let names: Vec<String> = (0..12).map(|i| format!("an experiment with a long name {i}")).collect();
        let panel = Panel {
            title: "Training loss".to_owned(),
            y_label: "loss".to_owned(),
            lines: names.iter().map(|name| Line::new(name, &[1.0], RED, Stroke::Solid)).collect(),
        };
        load_font().unwrap();
        let figure = Figure { panels: vec![panel], columns: 1 };
        let rows = figure.legend(PANEL_WIDTH).unwrap();
        assert_eq!(rows.iter().map(Vec::len).sum::<usize>(), 12);
        for row in rows {
            assert!(row.iter().map(|(_, width)| width).sum::<u32>() <= px(PANEL_WIDTH));
        }
    }
}
