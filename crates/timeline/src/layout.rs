//! How the width of a drawing is shared between its lanes and the output.

/// How wide something wants to be, and the least that can be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish {
    pub(crate) wanted: usize,
    pub(crate) least: usize,
}

/// The widths of the lanes, and of the output. First the output gives way, then
/// the widest lanes do.
pub(crate) fn share(
    room: usize,
    lanes: &[Wish],
    output: Wish,
) -> (Vec<usize>, usize) {
    let wanted: usize = lanes.iter().map(|lane| lane.wanted).sum();
    let least = output.wanted.min(output.least);
    let output = room.saturating_sub(wanted).clamp(least, output.wanted);
    let total = |cap: usize| -> usize {
        lanes.iter().map(|lane| capped(*lane, cap)).sum()
    };
    let widest = lanes.iter().map(|lane| lane.wanted).max().unwrap_or(0);
    let fits = |cap: &usize| total(*cap) + output <= room;
    let cap = (0..=widest).rev().find(fits).unwrap_or(0);
    (
        lanes.iter().map(|lane| capped(*lane, cap)).collect(),
        output,
    )
}

fn capped(lane: Wish, cap: usize) -> usize {
    lane.wanted.min(cap.max(lane.least))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_gives_way_first_and_then_the_widest_lane() {
        let wide = Wish {
            wanted: 20,
            least: 10,
        };
        let slim = Wish {
            wanted: 14,
            least: 10,
        };
        let output = Wish {
            wanted: 50,
            least: 30,
        };
        let share = |room| share(room, &[wide, slim], output);
        assert_eq!(share(100), (vec![20, 14], 50));
        assert_eq!(share(80), (vec![20, 14], 46));
        assert_eq!(share(60), (vec![16, 14], 30));
        assert_eq!(share(52), (vec![11, 11], 30));
        assert_eq!(share(10), (vec![10, 10], 30));
    }
}
