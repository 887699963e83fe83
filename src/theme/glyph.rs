//! Signs to draw with, for terminals with and without Unicode. Every one is a single column wide.

/// The signs of one kind of terminal.
#[derive(Debug)]
pub struct Glyphs {
    /// The filled part of a bar.
    pub bar: &'static str,
    /// The empty part of a bar.
    pub track: &'static str,
    /// Heights of a sparkline, from nothing to full.
    pub spark: &'static [&'static str],
    /// The sign after the header of the column sorted by, smallest first.
    pub sort_up: &'static str,
    /// The sign after the header of the column sorted by, largest first.
    pub sort_down: &'static str,
    /// More rows above.
    pub more_up: &'static str,
    /// More rows below.
    pub more_down: &'static str,
    /// More columns to the left.
    pub more_left: &'static str,
    /// More columns to the right.
    pub more_right: &'static str,
    /// From one node to another.
    pub arrow: &'static str,
    /// The sign before the selected row.
    pub cursor: &'static str,
    /// The sign before a marked row.
    pub mark: &'static str,
    /// The sign before what is wrong.
    pub alarm: &'static str,
    /// Stands for text that had no room.
    pub ellipsis: &'static str,
    /// Between parts of a path or a line.
    pub separator: &'static str,
    /// Lines of frames.
    pub lines: Lines,
}

/// The lines and corners of a frame.
#[derive(Debug)]
pub struct Lines {
    /// A horizontal line.
    pub horizontal: &'static str,
    /// A vertical line.
    pub vertical: &'static str,
    /// The upper left corner.
    pub top_left: &'static str,
    /// The upper right corner.
    pub top_right: &'static str,
    /// The lower left corner.
    pub bottom_left: &'static str,
    /// The lower right corner.
    pub bottom_right: &'static str,
    /// A vertical line with a branch to the right.
    pub branch_right: &'static str,
    /// A vertical line with a branch to the left.
    pub branch_left: &'static str,
    /// A horizontal line with a branch downwards.
    pub branch_down: &'static str,
    /// A horizontal line with a branch upwards.
    pub branch_up: &'static str,
    /// Two lines that cross.
    pub cross: &'static str,
}

/// Signs for terminals that show Unicode. Bars are drawn with box lines, because terminals
/// disagree less about those than about block elements.
pub const UNICODE: Glyphs = Glyphs {
    bar: "━",
    track: "─",
    spark: &[" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    sort_up: "↑",
    sort_down: "↓",
    more_up: "↑",
    more_down: "↓",
    more_left: "←",
    more_right: "→",
    arrow: "→",
    cursor: ">",
    mark: "*",
    alarm: "!",
    ellipsis: "…",
    separator: "·",
    lines: Lines {
        horizontal: "─",
        vertical: "│",
        top_left: "┌",
        top_right: "┐",
        bottom_left: "└",
        bottom_right: "┘",
        branch_right: "├",
        branch_left: "┤",
        branch_down: "┬",
        branch_up: "┴",
        cross: "┼",
    },
};

/// Signs for every terminal.
pub const ASCII: Glyphs = Glyphs {
    bar: "#",
    track: ".",
    spark: &[" ", "_", ".", ":", "|"],
    sort_up: "^",
    sort_down: "v",
    more_up: "^",
    more_down: "v",
    more_left: "<",
    more_right: ">",
    arrow: ">",
    cursor: ">",
    mark: "*",
    alarm: "!",
    ellipsis: "~",
    separator: "-",
    lines: Lines {
        horizontal: "-",
        vertical: "|",
        top_left: "+",
        top_right: "+",
        bottom_left: "+",
        bottom_right: "+",
        branch_right: "+",
        branch_left: "+",
        branch_down: "+",
        branch_up: "+",
        cross: "+",
    },
};

impl Glyphs {
    /// The signs for the terminal that the environment speaks of; `variable` gives the value of an
    /// environment variable. The locale decides as POSIX orders it: `LC_ALL`, `LC_CTYPE`, `LANG`.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> &'static Self {
        let value = |name| variable(name).filter(|value| !value.is_empty());
        let locale = value("LC_ALL")
            .or_else(|| value("LC_CTYPE"))
            .or_else(|| value("LANG"))
            .unwrap_or_default()
            .to_ascii_lowercase();
        let unicode = locale.contains("utf-8") || locale.contains("utf8");
        // The Linux console knows UTF-8, but its fonts have few of the signs.
        let console = value("TERM").is_some_and(|term| term == "linux" || term == "dumb");
        if unicode && !console {
            &UNICODE
        } else {
            &ASCII
        }
    }

    /// The sparkline sign for a share of the full height; outside of 0 to 1 it is cut off there,
    /// and what is not a number shows as nothing.
    pub fn spark(&self, share: f64) -> &'static str {
        let top = self.spark.len() - 1;
        // The conversion from floating point is saturating, and maps NaN to 0.
        let step = (share * top as f64).round() as usize;
        self.spark[step.min(top)]
    }
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    fn all(glyphs: &Glyphs) -> Vec<&'static str> {
        let lines = &glyphs.lines;
        let mut all = vec![
            glyphs.bar,
            glyphs.track,
            glyphs.sort_up,
            glyphs.sort_down,
            glyphs.more_up,
            glyphs.more_down,
            glyphs.more_left,
            glyphs.more_right,
            glyphs.arrow,
            glyphs.cursor,
            glyphs.mark,
            glyphs.alarm,
            glyphs.ellipsis,
            glyphs.separator,
            lines.horizontal,
            lines.vertical,
            lines.top_left,
            lines.top_right,
            lines.bottom_left,
            lines.bottom_right,
            lines.branch_right,
            lines.branch_left,
            lines.branch_down,
            lines.branch_up,
            lines.cross,
        ];
        all.extend(glyphs.spark);
        all
    }

    #[test]
    fn every_sign_is_one_column_wide() {
        for sign in all(&UNICODE).into_iter().chain(all(&ASCII)) {
            assert_eq!(sign.width(), 1, "{sign:?}");
        }
        assert!(all(&ASCII).iter().all(|sign| sign.is_ascii()));
    }

    #[test]
    fn the_locale_decides() {
        let unicode = |variables: &[(&str, &str)]| {
            let found = Glyphs::from_env(|name| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            });
            found.bar == UNICODE.bar
        };
        assert!(unicode(&[("LANG", "de_DE.UTF-8")]));
        assert!(unicode(&[("LANG", "C"), ("LC_CTYPE", "en_GB.utf8")]));
        assert!(!unicode(&[("LANG", "en_GB.UTF-8"), ("LC_ALL", "C")]));
        assert!(unicode(&[("LANG", "C.UTF-8"), ("LC_ALL", "")]));
        assert!(!unicode(&[("LANG", "C.UTF-8"), ("TERM", "linux")]));
        assert!(!unicode(&[]));
    }

    #[test]
    fn a_sparkline_never_leaves_its_ramp() {
        for glyphs in [&UNICODE, &ASCII] {
            assert_eq!(glyphs.spark(0.0), " ");
            assert_eq!(glyphs.spark(f64::NAN), " ");
            assert_eq!(glyphs.spark(-3.0), " ");
            assert_eq!(Some(&glyphs.spark(7.5)), glyphs.spark.last());
            assert_eq!(Some(&glyphs.spark(f64::INFINITY)), glyphs.spark.last());
        }
        assert_eq!(UNICODE.spark(0.5), "▄");
    }
}
