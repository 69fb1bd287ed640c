//! The charts, as SVG.

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;

use crate::item::{Unit, Who};
use crate::report::{Row, quantity};

const WIDTH: u32 = 1000;
const ROW: u32 = 56;

fn colour(who: Who) -> RGBColor {
    match who {
        Who::Ours => RGBColor(0x1b, 0x7f, 0x5c),
        Who::CPython => RGBColor(0xd9, 0x8a, 0x1f),
        Who::Peer => RGBColor(0x6a, 0x6f, 0xb5),
        Who::Floor => RGBColor(0x9a, 0x9a, 0x9a),
    }
}

/// A bar for each side of each item that is measured in time, on a
/// logarithmic scale.
pub(crate) fn bars(path: &Path, rows: &[Row]) -> Result<(), Box<dyn Error>> {
    let rows: Vec<_> = rows
        .iter()
        .filter(|row| row.item.unit == Unit::Nanoseconds)
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let height = 80 + ROW * u32::try_from(rows.len())?;
    let root = SVGBackend::new(path, (WIDTH, height)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .margin(12)
        .x_label_area_size(36)
        .build_cartesian_2d(
            (0.1_f64..1e7).log_scale(),
            0.0..rows.len() as f64,
        )?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .x_label_formatter(&|it| quantity(*it, Unit::Nanoseconds))
        .draw()?;
    for (index, row) in rows.iter().enumerate() {
        let top = (rows.len() - index) as f64;
        let style = ("sans-serif", 13).into_font();
        let name = Text::new(row.item.what, (0.11, top - 0.04), style);
        chart.draw_series([name])?;
        for (place, who) in Who::ALL.into_iter().enumerate() {
            let Some(median) = row.median(who) else {
                continue;
            };
            let y = top - 0.30 - 0.16 * place as f64;
            let bar = [(0.1, y), (median.max(0.1), y - 0.13)];
            let style = colour(who).filled();
            chart.draw_series([Rectangle::new(bar, style)])?;
            let label = format!(
                "{} {}",
                who.name(),
                quantity(median, Unit::Nanoseconds)
            );
            let font = ("sans-serif", 9).into_font();
            let label = Text::new(label, (median.max(0.1) * 1.05, y), font);
            chart.draw_series([label])?;
        }
    }
    root.present()?;
    Ok(())
}

/// A curve for each side, from points `(x, nanoseconds)`, both logarithmic.
pub(crate) fn curves(
    path: &Path,
    title: &str,
    x_label: &str,
    sides: &[(Who, Vec<(f64, f64)>)],
) -> Result<(), Box<dyn Error>> {
    let points = || sides.iter().flat_map(|(_, points)| points);
    let (mut right, mut low, mut high) = (2.0_f64, f64::MAX, 1.0_f64);
    for (x, y) in points() {
        right = right.max(*x);
        low = low.min(*y);
        high = high.max(*y);
    }
    let left = points().map(|(x, _)| *x).fold(f64::MAX, f64::min);
    let root = SVGBackend::new(path, (720, 440)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 16))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(64)
        .build_cartesian_2d(
            (left..right * 1.1).log_scale(),
            (low / 1.5..high * 1.5).log_scale(),
        )?;
    chart
        .configure_mesh()
        .x_desc(x_label)
        .y_label_formatter(&|it| quantity(*it, Unit::Nanoseconds))
        .draw()?;
    for (who, points) in sides {
        let style = colour(*who).stroke_width(2);
        chart
            .draw_series(LineSeries::new(points.clone(), style))?
            .label(who.name())
            .legend(move |(x, y)| {
                PathElement::new([(x, y), (x + 16, y)], style)
            });
        let dots = points
            .iter()
            .map(|point| Circle::new(*point, 3, colour(*who).filled()));
        chart.draw_series(dots)?;
    }
    chart
        .configure_series_labels()
        .background_style(WHITE)
        .border_style(BLACK)
        .draw()?;
    root.present()?;
    Ok(())
}
