//! The look of a cell, and the shortest way to change the terminal's pen from one look to another.

use ratatui::style::{Color, Modifier};

use crate::theme::Depth;

/// The attributes that are written. Blinking and hidden text are not: a screen that is watched for
/// hours has no use for them.
const WRITTEN: Modifier = Modifier::BOLD
    .union(Modifier::DIM)
    .union(Modifier::ITALIC)
    .union(Modifier::UNDERLINED)
    .union(Modifier::REVERSED);

/// The attributes that show on an empty cell.
const ON_BLANK: Modifier = Modifier::UNDERLINED.union(Modifier::REVERSED);

/// The attributes other than bold and dim, with the number that sets and the one that ends them.
const SWITCHES: [(Modifier, u8, u8); 3] = [
    (Modifier::ITALIC, 3, 23),
    (Modifier::UNDERLINED, 4, 24),
    (Modifier::REVERSED, 7, 27),
];

/// Bold and dim, which one number ends together.
const INTENSITY: [(Modifier, u8); 2] = [(Modifier::BOLD, 1), (Modifier::DIM, 2)];

/// Ends bold and dim.
const NORMAL_INTENSITY: u8 = 22;

/// Colours and attributes of a cell, in one form for each look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) fg: Color,
    pub(super) bg: Color,
    modifier: Modifier,
}

impl Look {
    /// The terminal's own colours without attributes.
    pub(super) const PLAIN: Self = Self {
        fg: Color::Reset,
        bg: Color::Reset,
        modifier: Modifier::empty(),
    };

    /// The look of a cell on a terminal of this depth.
    pub(super) fn new(fg: Color, bg: Color, modifier: Modifier, depth: Depth) -> Self {
        let mut modifier = modifier & WRITTEN;
        if modifier.contains(Modifier::BOLD) {
            // Terminals disagree about text that is both.
            modifier.remove(Modifier::DIM);
        }
        Self {
            fg: depth.reduce(fg),
            bg: depth.reduce(bg),
            modifier,
        }
    }

    /// Whether attributes of this look show on an empty cell.
    pub(super) fn shows_on_blank(self) -> bool {
        self.modifier.intersects(ON_BLANK)
    }

    /// This look for an empty cell on which no attribute shows: only the ground is left.
    pub(super) fn ground(self) -> Self {
        Self {
            bg: self.bg,
            ..Self::PLAIN
        }
    }

    /// This pen, changed as little as an empty cell on `bg` needs.
    pub(super) fn for_blank(self, bg: Color) -> Self {
        Self {
            fg: self.fg,
            bg,
            modifier: self.modifier.difference(ON_BLANK),
        }
    }
}

/// Appends the shortest sequence that changes the pen from `have`, or from an unknown state, to
/// `want`; nothing if they are the same.
pub(super) fn change(have: Option<Look>, want: Look, out: &mut Vec<u8>) {
    if have == Some(want) {
        return;
    }
    // An empty number stands for 0, which resets everything: `ESC[m`, `ESC[;1m`.
    let anew = numbers(Look::PLAIN, want);
    let anew_length = anew.iter().map(|number| 1 + digits(*number)).sum::<usize>();
    let step = have.map(|have| numbers(have, want)).unwrap_or_default();
    let step_length = step.iter().map(|number| 1 + digits(*number)).sum::<usize>();
    out.extend_from_slice(b"\x1b[");
    if step.is_empty() || anew_length + 1 < step_length {
        for number in anew {
            out.push(b';');
            write_number(number.into(), out);
        }
    } else {
        for (index, number) in step.into_iter().enumerate() {
            if index > 0 {
                out.push(b';');
            }
            write_number(number.into(), out);
        }
    }
    out.push(b'm');
}

/// The numbers of the sequence that changes `have` to `want`.
fn numbers(have: Look, want: Look) -> Vec<u8> {
    let mut numbers = Vec::with_capacity(16);
    let had = have.modifier;
    let ends = had.difference(want.modifier);
    let mut begins = want.modifier.difference(had);
    if ends.intersects(Modifier::BOLD | Modifier::DIM) {
        numbers.push(NORMAL_INTENSITY);
        begins |= want.modifier & (Modifier::BOLD | Modifier::DIM);
    }
    for (attribute, begin) in INTENSITY {
        if begins.contains(attribute) {
            numbers.push(begin);
        }
    }
    for (attribute, begin, end) in SWITCHES {
        if begins.contains(attribute) {
            numbers.push(begin);
        } else if ends.contains(attribute) {
            numbers.push(end);
        }
    }
    if have.fg != want.fg {
        push_colour(want.fg, 30, &mut numbers);
    }
    if have.bg != want.bg {
        push_colour(want.bg, 40, &mut numbers);
    }
    numbers
}

/// Appends the numbers of a colour; `base` is 30 for the text and 40 for the ground.
fn push_colour(colour: Color, base: u8, numbers: &mut Vec<u8>) {
    const BRIGHT: u8 = 60;
    let number = match colour {
        Color::Reset => 9,
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => BRIGHT,
        Color::LightRed => BRIGHT + 1,
        Color::LightGreen => BRIGHT + 2,
        Color::LightYellow => BRIGHT + 3,
        Color::LightBlue => BRIGHT + 4,
        Color::LightMagenta => BRIGHT + 5,
        Color::LightCyan => BRIGHT + 6,
        Color::White => BRIGHT + 7,
        Color::Indexed(index) => {
            numbers.extend([base + 8, 5, index]);
            return;
        }
        Color::Rgb(r, g, b) => {
            numbers.extend([base + 8, 2, r, g, b]);
            return;
        }
    };
    numbers.push(base + number);
}

/// How many digits a number is written with.
fn digits(number: u8) -> usize {
    match number {
        0..10 => 1,
        10..100 => 2,
        100.. => 3,
    }
}

/// Appends a number in decimal.
pub(super) fn write_number(number: u16, out: &mut Vec<u8>) {
    let mut place = 10_000;
    while place > 1 && number < place {
        place /= 10;
    }
    while place > 0 {
        // One decimal digit always fits.
        out.push(b'0' + (number / place % 10) as u8);
        place /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(fg: Color, bg: Color, modifier: Modifier) -> Look {
        Look::new(fg, bg, modifier, Depth::Rgb)
    }

    fn changed(have: Option<Look>, want: Look) -> String {
        let mut out = Vec::new();
        change(have, want, &mut out);
        String::from_utf8_lossy(&out).replace('\x1b', "^")
    }

    #[test]
    fn only_what_differs_is_written() {
        let plain = Look::PLAIN;
        let red = look(Color::Red, Color::Reset, Modifier::empty());
        let warm = look(Color::LightRed, Color::Indexed(17), Modifier::empty());
        assert_eq!(changed(Some(plain), plain), "");
        assert_eq!(changed(Some(plain), red), "^[31m");
        assert_eq!(changed(Some(red), warm), "^[91;48;5;17m");
        assert_eq!(changed(Some(warm), red), "^[;31m");
        assert_eq!(changed(Some(warm), plain), "^[m");
        let rgb = look(Color::Rgb(1, 22, 255), Color::Reset, Modifier::empty());
        assert_eq!(changed(Some(plain), rgb), "^[38;2;1;22;255m");
    }

    #[test]
    fn an_unknown_pen_is_set_anew() {
        assert_eq!(changed(None, Look::PLAIN), "^[m");
        let bold = look(Color::Reset, Color::Blue, Modifier::BOLD);
        assert_eq!(changed(None, bold), "^[;1;44m");
    }

    #[test]
    fn bold_and_dim_end_together() {
        let blue = |modifier| look(Color::Rgb(1, 2, 3), Color::Reset, modifier);
        let (bold, dim) = (blue(Modifier::BOLD), blue(Modifier::DIM));
        assert_eq!(changed(Some(bold), dim), "^[22;2m");
        assert_eq!(changed(Some(dim), bold), "^[22;1m");
        let slanted = blue(Modifier::BOLD | Modifier::ITALIC | Modifier::REVERSED);
        assert_eq!(changed(Some(slanted), bold), "^[23;27m");
        assert_eq!(blue(Modifier::BOLD | Modifier::DIM), bold);
        assert_eq!(
            blue(Modifier::HIDDEN | Modifier::RAPID_BLINK),
            blue(Modifier::empty())
        );
    }

    #[test]
    fn numbers_are_written_in_decimal() {
        for number in [0, 7, 10, 99, 100, 255, 1000, 65_535] {
            let mut out = Vec::new();
            write_number(number, &mut out);
            assert_eq!(out, number.to_string().into_bytes());
        }
    }
}
