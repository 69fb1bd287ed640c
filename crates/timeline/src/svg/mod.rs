//! The timeline as an SVG.

mod bars;
mod happenings;
mod legend;
mod plan;
mod style;
mod xml;

use crate::chart::Chart;
use plan::Plan;
use xml::{digest, escape};

/// So many lanes fit.
pub(crate) const LANES: usize = 10;

pub(crate) fn draw(chart: &Chart) -> String {
    let plan = Plan::new(chart);
    let mut body = String::new();
    body += &plan.frame();
    body += &bars::draw(&plan);
    body += &happenings::draw(&plan);
    let (below, bottom) = legend::draw(&plan);
    body += &below;
    wrapped(&plan, &body, bottom)
}

/// The whole file. The ids are its own, so that several timelines can stand
/// in one page.
fn wrapped(plan: &Plan<'_>, body: &str, height: usize) -> String {
    let title = escape(&plan.chart.title);
    let story = escape(&plan.chart.story());
    let id = format!("timeline-{:08x}", digest(&[&title, &story, body]));
    let width = plan.width;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"timeline\" \
         width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-labelledby=\"{id}-title {id}-desc\" xml:space=\"preserve\">\n\
         <title id=\"{id}-title\">{title}</title>\n\
         <desc id=\"{id}-desc\">{story}</desc>\n\
         <style>{style}</style>\n{patterns}\
         <rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n\
         {body}</svg>\n",
        style = style::STYLE,
        patterns = style::PATTERNS,
    )
}
