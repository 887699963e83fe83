//! How many colours a terminal has, and how to come down to that many.

use ratatui::style::Color;

/// The colours a terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Depth {
    /// No colour: only bold, underlined and reversed text.
    Mono,
    /// The 16 colours whose look the terminal's own settings decide.
    Ansi16,
    /// Those and the 240 of the xterm palette.
    Indexed256,
    /// 24-bit colour.
    Rgb,
}

/// Terminals that have 24-bit colour and may not say so in `COLORTERM`, by the start of `TERM`.
const RGB_TERMINALS: &[&str] = &[
    "alacritty",
    "contour",
    "foot",
    "ghostty",
    "wezterm",
    "xterm-ghostty",
    "xterm-kitty",
];

/// Terminals without any colour, by `TERM`.
const MONO_TERMINALS: &[&str] = &["dumb", "vt100", "vt102", "vt220", "vt320", "vt420", "hurd"];

impl Depth {
    /// The depth that the environment speaks of; `variable` gives the value of an environment
    /// variable. `NO_COLOR` (<https://no-color.org>) wins over all, then `COLORTERM`, then `TERM`.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name| variable(name).unwrap_or_default();
        let term = value("TERM");
        if !value("NO_COLOR").is_empty()
            || MONO_TERMINALS.contains(&term.as_str())
            || term.ends_with("-m")
            || term.ends_with("-mono")
        {
            return Self::Mono;
        }
        // GNU screen passes on the COLORTERM of the terminal around it, but not its colours. tmux
        // may also call itself "screen", and says in TMUX that it is tmux.
        let in_screen = term.starts_with("screen") && value("TMUX").is_empty();
        let says_rgb = matches!(value("COLORTERM").as_str(), "truecolor" | "24bit");
        let known_rgb = RGB_TERMINALS.iter().any(|name| term.starts_with(name));
        if (says_rgb || known_rgb || term.ends_with("-direct")) && !in_screen {
            Self::Rgb
        } else if term.contains("256color") {
            Self::Indexed256
        } else if term.is_empty() {
            Self::Mono
        } else {
            Self::Ansi16
        }
    }

    /// `colour`, or the nearest that this depth has.
    pub fn reduce(self, colour: Color) -> Color {
        match (self, colour) {
            (_, Color::Reset) | (Self::Mono, _) => Color::Reset,
            (Self::Indexed256, Color::Rgb(r, g, b)) => Color::Indexed(nearest_256([r, g, b])),
            (Self::Ansi16, Color::Rgb(r, g, b)) => nearest_16([r, g, b]),
            (Self::Ansi16, Color::Indexed(index)) => match ANSI.get(usize::from(index)) {
                Some((colour, _)) => *colour,
                None => nearest_16(rgb_of_index(index)),
            },
            (_, colour) => colour,
        }
    }
}

/// The 16 colours in the order of their numbers, with the look xterm gives them.
const ANSI: [(Color, [u8; 3]); 16] = [
    (Color::Black, [0, 0, 0]),
    (Color::Red, [205, 0, 0]),
    (Color::Green, [0, 205, 0]),
    (Color::Yellow, [205, 205, 0]),
    (Color::Blue, [0, 0, 238]),
    (Color::Magenta, [205, 0, 205]),
    (Color::Cyan, [0, 205, 205]),
    (Color::Gray, [229, 229, 229]),
    (Color::DarkGray, [127, 127, 127]),
    (Color::LightRed, [255, 0, 0]),
    (Color::LightGreen, [0, 255, 0]),
    (Color::LightYellow, [255, 255, 0]),
    (Color::LightBlue, [92, 92, 255]),
    (Color::LightMagenta, [255, 0, 255]),
    (Color::LightCyan, [0, 255, 255]),
    (Color::White, [255, 255, 255]),
];

/// The steps of each channel in the colour cube of the xterm palette, colours 16 to 231.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The first grey of the xterm palette; 24 of them run to 255.
const FIRST_GREY: u8 = 232;

/// What the xterm palette shows for an index.
pub fn rgb_of_index(index: u8) -> [u8; 3] {
    if let Some((_, rgb)) = ANSI.get(usize::from(index)) {
        return *rgb;
    }
    if index >= FIRST_GREY {
        return [8 + (index - FIRST_GREY) * 10; 3];
    }
    let cube = index - 16;
    [cube / 36, cube / 6 % 6, cube % 6].map(|step| CUBE[usize::from(step)])
}

/// The nearest colour of the xterm palette outside the 16 that the terminal's settings decide.
fn nearest_256(rgb: [u8; 3]) -> u8 {
    let nearest = (16..=255).min_by_key(|index| distance(rgb, rgb_of_index(*index)));
    nearest.unwrap_or(FIRST_GREY)
}

/// The nearest of the 16 colours.
fn nearest_16(rgb: [u8; 3]) -> Color {
    let nearest = ANSI.iter().min_by_key(|(_, known)| distance(rgb, *known));
    nearest.map_or(Color::Reset, |(colour, _)| *colour)
}

/// How different two colours look, on no particular scale. The eye sees green best and blue
/// least, hence the weights.
fn distance(a: [u8; 3], b: [u8; 3]) -> u32 {
    let weights = [2, 4, 1];
    let channels = a.iter().zip(b).zip(weights);
    channels
        .map(|((a, b), weight)| weight * u32::from(a.abs_diff(b)).pow(2))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn depth(variables: &[(&str, &str)]) -> Depth {
        Depth::from_env(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_environment_names_the_depth() {
        let term = |name| depth(&[("TERM", name)]);
        assert_eq!(term("xterm"), Depth::Ansi16);
        assert_eq!(term("linux"), Depth::Ansi16);
        assert_eq!(term("xterm-256color"), Depth::Indexed256);
        assert_eq!(term("xterm-direct"), Depth::Rgb);
        assert_eq!(term("xterm-kitty"), Depth::Rgb);
        assert_eq!(term("vt220"), Depth::Mono);
        assert_eq!(depth(&[]), Depth::Mono);
        let rgb = ("COLORTERM", "truecolor");
        assert_eq!(depth(&[("TERM", "xterm-256color"), rgb]), Depth::Rgb);
        assert_eq!(
            depth(&[("TERM", "xterm"), rgb, ("NO_COLOR", "1")]),
            Depth::Mono
        );
        assert_eq!(depth(&[("TERM", "xterm"), ("NO_COLOR", "")]), Depth::Ansi16);
    }

    #[test]
    fn gnu_screen_does_not_have_the_colours_it_inherits() {
        let screen = [("TERM", "screen.xterm-256color"), ("COLORTERM", "24bit")];
        assert_eq!(depth(&screen), Depth::Indexed256);
        let tmux = [
            ("TERM", "screen-256color"),
            ("COLORTERM", "24bit"),
            ("TMUX", "/tmp/t"),
        ];
        assert_eq!(depth(&tmux), Depth::Rgb);
    }

    #[test]
    fn colours_come_down_to_their_nearest() {
        let amber = Color::Rgb(229, 180, 84);
        assert_eq!(Depth::Rgb.reduce(amber), amber);
        assert_eq!(Depth::Indexed256.reduce(amber), Color::Indexed(179));
        assert_eq!(Depth::Ansi16.reduce(amber), Color::Yellow);
        assert_eq!(Depth::Mono.reduce(amber), Color::Reset);
        assert_eq!(Depth::Ansi16.reduce(Color::Indexed(9)), Color::LightRed);
        assert_eq!(Depth::Ansi16.reduce(Color::Indexed(196)), Color::LightRed);
        assert_eq!(Depth::Ansi16.reduce(Color::Green), Color::Green);
        assert_eq!(Depth::Indexed256.reduce(Color::Reset), Color::Reset);
    }

    #[test]
    fn colours_of_the_palette_are_their_own_nearest() {
        for index in 16..=255 {
            let found = nearest_256(rgb_of_index(index));
            assert_eq!(rgb_of_index(found), rgb_of_index(index));
        }
    }
}
