//! Theme files: TOML with the colours of a palette and the look of each role.
//!
//! ```toml
//! background = "#14181d"            # the ground the theme is made for; it is never painted
//!
//! [palette]
//! amber = "#e5b454"
//! red = { rgb = "#ff7b72", ansi = "bright-red" }   # and what to use where there are 16 colours
//!
//! [roles]
//! warn = { fg = "amber" }
//! critical = { fg = "red", bold = true }
//! ```
//!
//! A colour is a name of the palette, `#rrggbb`, one of the 16 names (`black` to `white`, `bright-black`
//! to `bright-white`), a number of the xterm palette, or `default` for the terminal's own. A role
//! that is left out looks like ordinary text.

use std::fmt;
use std::ops::Range;

use ratatui::style::{Color, Modifier, Style};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::depth::Depth;
use super::role::Role;

/// What is wrong with a theme file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThemeError {
    /// The file, as it was named to the reader.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong there, naming the key.
    pub why: String,
}

impl fmt::Display for ThemeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.why)
    }
}

impl std::error::Error for ThemeError {}

/// A colour with its stand-in for terminals of 16 colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hue {
    colour: Color,
    ansi: Option<Color>,
}

impl Hue {
    /// The colour to use at this depth.
    fn at(self, depth: Depth) -> Color {
        match (depth, self.ansi) {
            (Depth::Ansi16, Some(ansi)) => ansi,
            _ => depth.reduce(self.colour),
        }
    }
}

/// The look of one role, for any terminal.
#[derive(Clone, Copy, Debug, Default)]
struct Look {
    fg: Option<Hue>,
    bg: Option<Hue>,
    modifier: Modifier,
}

/// A theme file that was read, not yet made for a terminal.
#[derive(Debug)]
pub(super) struct ThemeFile {
    looks: [Look; Role::COUNT],
    /// The ground it is made for.
    pub(super) background: Color,
}

impl ThemeFile {
    /// The styles of all roles at this depth.
    pub(super) fn styles(&self, depth: Depth) -> [Style; Role::COUNT] {
        Role::ALL.map(|role| {
            let look = self.looks[role as usize];
            if depth == Depth::Mono {
                return Style::new().add_modifier(look.modifier | role.without_colour());
            }
            Style {
                fg: look.fg.map(|hue| hue.at(depth)),
                bg: look.bg.map(|hue| hue.at(depth)),
                ..Style::new().add_modifier(look.modifier)
            }
        })
    }
}

/// Something wrong at a place in the text.
type Fault = (Range<usize>, String);

/// Reads the text of a theme file; `file` is its name in errors.
pub(super) fn read(text: &str, file: &str) -> Result<ThemeFile, ThemeError> {
    read_document(text).map_err(|(span, why)| ThemeError {
        file: file.to_owned(),
        line: line_of(text, span.start),
        why,
    })
}

/// The line, counted from 1, of a byte of the text.
fn line_of(text: &str, at: usize) -> usize {
    let before = text.bytes().take(at);
    1 + before.filter(|byte| *byte == b'\n').count()
}

fn read_document(text: &str) -> Result<ThemeFile, Fault> {
    let document = DeTable::parse(text)
        .map_err(|error| (error.span().unwrap_or(0..0), error.message().to_owned()))?;
    let mut theme = ThemeFile {
        looks: [Look::default(); Role::COUNT],
        background: Color::Black,
    };
    let mut palette = Vec::new();
    // Roles name colours of the palette, so that it is read first wherever it stands.
    for (key, value) in document.get_ref() {
        match key.get_ref().as_ref() {
            "background" => theme.background = colour(value, "background")?,
            "palette" => palette = read_palette(value)?,
            "roles" => {}
            other => {
                let why = format!("unknown key \"{other}\" (background, palette or roles)");
                return Err((key.span(), why));
            }
        }
    }
    if let Some(roles) = document.get_ref().get("roles") {
        for (key, value) in table(roles, "roles")? {
            let name = key.get_ref().as_ref();
            let role = Role::named(name).ok_or_else(|| {
                let known = Role::ALL.map(Role::name).join(", ");
                (
                    key.span(),
                    format!("unknown role \"{name}\" (one of {known})"),
                )
            })?;
            theme.looks[role as usize] = read_look(value, name, &palette)?;
        }
    }
    Ok(theme)
}

/// The colours of the palette by name.
fn read_palette(value: &Spanned<DeValue<'_>>) -> Result<Vec<(String, Hue)>, Fault> {
    let mut palette = Vec::new();
    for (key, value) in table(value, "palette")? {
        let name = key.get_ref().as_ref();
        let path = format!("palette.{name}");
        let mut hue = Hue {
            colour: Color::Reset,
            ansi: None,
        };
        if value.get_ref().is_table() {
            for (key, value) in table(value, &path)? {
                match key.get_ref().as_ref() {
                    "rgb" => hue.colour = colour(value, &path)?,
                    "ansi" => hue.ansi = Some(ansi(value, &path)?),
                    other => {
                        let why = format!("unknown key \"{other}\" in {path} (rgb or ansi)");
                        return Err((key.span(), why));
                    }
                }
            }
        } else {
            hue.colour = colour(value, &path)?;
        }
        palette.push((name.to_owned(), hue));
    }
    Ok(palette)
}

/// The look of one role.
fn read_look(
    value: &Spanned<DeValue<'_>>,
    role: &str,
    palette: &[(String, Hue)],
) -> Result<Look, Fault> {
    let mut look = Look::default();
    for (key, value) in table(value, &format!("roles.{role}"))? {
        let name = key.get_ref().as_ref();
        let path = format!("roles.{role}.{name}");
        let modifier = match name {
            "fg" => {
                look.fg = Some(hue(value, &path, palette)?);
                continue;
            }
            "bg" => {
                look.bg = Some(hue(value, &path, palette)?);
                continue;
            }
            "bold" => Modifier::BOLD,
            "dim" => Modifier::DIM,
            "italic" => Modifier::ITALIC,
            "underline" => Modifier::UNDERLINED,
            "reverse" => Modifier::REVERSED,
            _ => {
                let why = format!(
                    "unknown key \"{name}\" in roles.{role} (fg, bg, bold, dim, italic, underline \
                     or reverse)"
                );
                return Err((key.span(), why));
            }
        };
        let wanted = value.get_ref().as_bool().ok_or_else(|| {
            let why = format!("{path} must be true or false, not {}", kind(value));
            (value.span(), why)
        })?;
        look.modifier.set(modifier, wanted);
    }
    Ok(look)
}

/// A colour of the palette, or one written out.
fn hue(value: &Spanned<DeValue<'_>>, path: &str, palette: &[(String, Hue)]) -> Result<Hue, Fault> {
    let named = value.get_ref().as_str().and_then(|name| {
        let found = palette.iter().find(|(known, _)| known == name);
        found.map(|(_, hue)| *hue)
    });
    match named {
        Some(hue) => Ok(hue),
        None => Ok(Hue {
            colour: colour(value, path)?,
            ansi: None,
        }),
    }
}

/// One of the 16 names.
fn ansi(value: &Spanned<DeValue<'_>>, path: &str) -> Result<Color, Fault> {
    let text = value.get_ref().as_str();
    text.and_then(named_colour).ok_or_else(|| {
        let why = format!("{path}.ansi must be one of the 16 colour names, such as \"bright-red\"");
        (value.span(), why)
    })
}

/// A colour written out.
fn colour(value: &Spanned<DeValue<'_>>, path: &str) -> Result<Color, Fault> {
    let unknown = |text: &str| {
        let why = format!(
            "unknown colour \"{text}\" in {path} (a name of the palette, #rrggbb, one of the 16 \
             names, 0 to 255, or default)"
        );
        (value.span(), why)
    };
    match value.get_ref() {
        DeValue::String(text) => written_colour(text).ok_or_else(|| unknown(text)),
        DeValue::Integer(number) => match number.as_str().parse() {
            Ok(index) => Ok(Color::Indexed(index)),
            Err(_) => Err(unknown(number.as_str())),
        },
        _ => Err((
            value.span(),
            format!("{path} must be a colour, not {}", kind(value)),
        )),
    }
}

/// Reads `#rrggbb`, one of the 16 names, or `default`.
fn written_colour(text: &str) -> Option<Color> {
    if text == "default" {
        return Some(Color::Reset);
    }
    let Some(digits) = text.strip_prefix('#') else {
        return named_colour(text);
    };
    let plain = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u32::from_str_radix(digits, 16).ok().filter(|_| plain)?;
    let [_, r, g, b] = number.to_be_bytes();
    Some(Color::Rgb(r, g, b))
}

/// One of the 16 names, as terminals number them.
fn named_colour(name: &str) -> Option<Color> {
    Some(match name {
        "black" => Color::Black,
        "red" => Color::Red,
        "green" => Color::Green,
        "yellow" => Color::Yellow,
        "blue" => Color::Blue,
        "magenta" => Color::Magenta,
        "cyan" => Color::Cyan,
        "white" => Color::Gray,
        "bright-black" => Color::DarkGray,
        "bright-red" => Color::LightRed,
        "bright-green" => Color::LightGreen,
        "bright-yellow" => Color::LightYellow,
        "bright-blue" => Color::LightBlue,
        "bright-magenta" => Color::LightMagenta,
        "bright-cyan" => Color::LightCyan,
        "bright-white" => Color::White,
        _ => return None,
    })
}

/// The value as a table.
fn table<'a, 'i>(value: &'a Spanned<DeValue<'i>>, path: &str) -> Result<&'a DeTable<'i>, Fault> {
    value.get_ref().as_table().ok_or_else(|| {
        let why = format!("{path} must be a table, not {}", kind(value));
        (value.span(), why)
    })
}

/// What a value is, for errors.
fn kind(value: &Spanned<DeValue<'_>>) -> String {
    format!("a value of type {}", value.get_ref().type_str())
}
